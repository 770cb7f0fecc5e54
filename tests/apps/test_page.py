"""The page's endpoint, its server and its command; the page itself is in test_browser.py."""

import json
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import unicodedata
import urllib.error
import urllib.request

import numpy as np
import pytest
import transformers

from tests.apps.scripted import TAGS, Scripted, client_of
from tests.conftest import BERT, ROOT
from tests.conftest import TAGS as LABELS
from tests.processes import run
from tests.students import TEXTS
from xtremedistil_tf.apps.about import PHRASES, about_model, examples_for
from xtremedistil_tf.apps.guard import known_hosts
from xtremedistil_tf.apps.lanes import Limits
from xtremedistil_tf.apps.page import create_app
from xtremedistil_tf.apps.server import create_server
from xtremedistil_tf.apps.service import MOST_BYTES, NamedModel
from xtremedistil_tf.errors import UserError

pytest.importorskip("flask", reason="the page needs the extra [serve]")


@pytest.fixture(scope="module")
def client():
    return client_of(create_app({"student": NamedModel("scripted", Scripted(TAGS)),
                       "teacher": NamedModel("keras", Scripted({"Anna": "B-PER"}))}))


def test_a_reply_has_what_each_tagger_found(client):
    text = "😀 Anna Weber, Bonn"
    reply = client.post("/api/tag", json={"text": text})
    assert reply.status_code == 200 and reply.json["text"] == text
    student, teacher = reply.json["results"]
    assert [result["name"] for result in (student, teacher)] == ["student", "teacher"]
    assert student["entities"] == [
        {"entity_group": "PER", "score": 0.875, "word": "Anna Weber", "start": 2, "end": 12},
        {"entity_group": "LOC", "score": 0.875, "word": "Bonn", "start": 14, "end": 18}]
    assert [entity["word"] for entity in teacher["entities"]] == ["Anna"]
    assert all(result["milliseconds"] >= 0 for result in (student, teacher))
    assert "😀" in reply.get_data(as_text=True)


def test_a_real_student_answers_as_in_python(taggers):
    client = client_of(create_app({"student": NamedModel("onnx", taggers["onnx"])}))
    for text in [*TEXTS, "Anna Weber, Bonn. " * 400]:
        (result,) = client.post("/api/tag", json={"text": text}).json["results"]
        expected = taggers["onnx"](text)
        assert [{**entity, "score": round(entity["score"], 4)} for entity in expected] == result[
            "entities"]
    assert result["entities"]


@pytest.mark.parametrize(("body", "status", "told"), [
    (b"", 400, 'one key "text"'), (b"{", 400, 'one key "text"'), (b"[]", 400, 'one key "text"'),
    (b'"Anna"', 400, 'one key "text"'), (b"\xff", 400, 'one key "text"'),
    (b'{"text": "a", "runtime": "onnx"}', 400, 'one key "text"'),
    (b'{"text": 5}', 400, "text is a int; allowed: a string"),
    (b'{"text": null}', 400, "allowed: a string"),
    (b'{"text": "\\ud800"}', 400, "surrogate"),
    (json.dumps({"text": "a" * 20001}).encode(), 400, "20001 characters; allowed: at most 20000"),
    (b'{"text": "' + b"a" * MOST_BYTES + b'"}', 413, "at most 241024 bytes"),
    (b'{"text": "boom"}', 500, ""),
    (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, 'one key "text"'),
    (b'{"text":' * 20_000 + b"1" + b"}" * 20_000, 400, 'one key "text"'),
])
def test_errors_are_json(client, body, status, told):
    reply = client.post("/api/tag", data=body, content_type="application/json")
    assert reply.status_code == status and reply.mimetype == "application/json"
    assert told in reply.json["error"] and len(reply.json["error"]) < 300
    assert "scripted" not in reply.get_data(as_text=True)  # What broke is not for strangers.


def test_the_longest_text_fits_however_it_is_spelt(client):
    for text in ("", "\n", "a" * 20000, "😀" * 20000):
        reply = client.post("/api/tag", data=json.dumps({"text": text}),
                            content_type="application/json; charset=utf-8")
        assert reply.status_code == 200 and reply.json["text"] == text


def test_other_pages_and_ways_are_refused(client):
    # A foreign page may send these without being asked for leave.
    for kind in ("text/plain", "application/x-www-form-urlencoded", None):
        reply = client.post("/api/tag", data='{"text": "a"}', content_type=kind)
        assert reply.status_code == 415 and "application/json" in reply.json["error"]
    assert client.get("/api/tag").status_code == 405
    assert "error" in client.get("/nothing").json
    assert client.get("/web/../page.py").status_code == 404


def test_the_page_is_self_contained(client):
    reply = client.get("/")
    html = reply.get_data(as_text=True)
    assert reply.status_code == 200 and "script-src" not in html
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'self'")
    found = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert sorted(found) == ["/web/page.css", "/web/page.js", "data:,"]
    for name in found[1:]:
        text = client.get(name).get_data(as_text=True)
        assert not re.search(r"https?://|@import|innerHTML|insertAdjacentHTML", text)
    assert html.count("<section") == 2 and ">teacher <small>keras" in html


def test_the_page_names_its_model_and_offers_sentences_in_its_languages(tmp_path):
    run = tmp_path / "my-tagger"
    (run / "onnx").mkdir(parents=True)
    record = {"kind": "tagging", "tags": ["O", "B-PER", "I-PER", "B-<b>", "I-<b>"], "scores": {
        "test": {"macro_f1": 81.26, "languages": {"ar": {}, "zh": {}, "xx": {}}}}}
    (run / "onnx" / "student.json").write_text(json.dumps(record))
    for folder in (run, run / "onnx"):
        about = about_model(folder)
        assert about.name == "my-tagger" and about.facts == (
            ("Labels", "PER, <b>"), ("Languages", "ar, xx, zh"), ("Score", "macro-F1 81.3 on test"))
        assert [code for code, _ in about.examples] == ["ar", "zh"]
    html = client_of(create_app({"student": NamedModel("x", Scripted(TAGS))}, about=about)).get(
        "/").get_data(as_text=True)
    assert "<h1>my-tagger</h1>" in html and "PER, &lt;b&gt;" in html and "<b>" not in html
    assert html.count("lang=\"zh\"") == 1 and "macro-F1 81.3 on test" in html


@pytest.mark.parametrize("kind, labels, shown", [
    ("bioes_tagging", [f"{letter}-PER" for letter in "BIES"], "PER"),
    ("word_tagging", ["B-PER", "NOUN"], "B-PER, NOUN"),
    ("classification", ["B-side", "A-side"], "B-side, A-side")])
def test_the_page_names_labels_as_their_scheme_says(tmp_path, kind, labels, shown):
    (tmp_path / "student.json").write_text(json.dumps({"kind": kind, "tags": labels}))
    assert dict(about_model(tmp_path).facts)["Labels"] == shown


def test_every_language_has_a_few_sentences():
    assert len(examples_for(sorted(PHRASES))) == 8 and len(examples_for(["qq"])) == 5
    assert about_model(pathlib.Path("nowhere")).facts == ()
    # A model of many languages shows eight scripts.
    shown = [text for _, text in examples_for(sorted(PHRASES))]
    assert len({unicodedata.name(text[0]).split()[0] for text in shown}) == 8
    assert [code for code, _ in examples_for(["af", "ar", "de", "en"])] == ["af", "ar", "de", "en"]


def test_a_classifier_offers_no_sentences_about_persons_and_names_its_labels_once(tmp_path):
    class Topics:
        kind, labels, pairs = "classification", ("law", "sports"), False

        def __call__(self, texts):
            return [{"label": "law", "score": 1.0, "scores": {"law": 1.0}} for _ in texts]

    (tmp_path / "student.json").write_text(json.dumps({
        "kind": Topics.kind, "tags": Topics.labels,
        "scores": {"test": {"accuracy": 90.0, "languages": {"de": {}}}}}))
    models, about = {"student": NamedModel("x", Topics())}, about_model(tmp_path)
    html = client_of(create_app(models, about=about)).get("/").get_data(as_text=True)
    assert not about.examples and "lang=\"de\"" not in html and html.count("law, sports") == 1
    assert dict(about.facts)["Languages"] == "de"
    html = client_of(create_app(models)).get("/").get_data(as_text=True)
    assert "Labels: law, sports" in html


def test_the_server_takes_several_at_once():
    server = create_server(create_app({"s": NamedModel("x", Scripted(TAGS))}), "127.0.0.1", 0)
    thread = threading.Thread(target=server.waitress.run, daemon=True)
    thread.start()
    ((_, port),) = server.addresses
    url, failed = f"http://127.0.0.1:{port}/api/tag", []

    def ask(number):
        text = f"Anna {number}"
        request = urllib.request.Request(
            url, json.dumps({"text": text}).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            if json.load(reply)["text"] != text:
                failed.append(number)

    askers = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    with pytest.raises(UserError, match=rf"--port={port} cannot be listened on"):
        create_server(lambda *_: [], "127.0.0.1", int(port))
    server.close()
    assert not failed


class Held(Scripted):
    """Keeps a text that begins with "slow" until it is told to go on."""

    def __init__(self):
        super().__init__(TAGS)
        self.inside, self.go_on, self.begun = threading.Event(), threading.Event(), []

    def tag_text(self, texts):
        self.begun += [text[:6] for text in texts]
        if texts[0].startswith("slow"):
            self.inside.set()
            assert self.go_on.wait(30)
        return super().tag_text(texts)


def test_short_texts_do_not_wait_behind_a_long_one():
    tagger = Held()
    app = create_app({"student": NamedModel("x", tagger)})
    replies = []

    def ask_slow():
        replies.append(client_of(app).post("/api/tag", json={"text": "slow " * 4000}))

    slow = threading.Thread(target=ask_slow)
    slow.start()
    assert tagger.inside.wait(30)
    for number in range(20):
        reply = client_of(app).post("/api/tag", json={"text": f"Anna {number}"})
        assert reply.status_code == 200
    assert not replies and client_of(app).get("/").status_code == 200
    tagger.go_on.set()
    slow.join()
    assert replies[0].status_code == 200


def test_a_text_has_a_time_limit_and_what_waits_too_long_is_never_begun():
    tagger = Held()
    app = create_app({"student": NamedModel("x", tagger)}, limits=Limits(0.2))
    first = client_of(app).post("/api/tag", json={"text": "slow 1" + " " * 3000})
    assert first.status_code == 503 and "longer than 0.2 seconds" in first.json["error"]
    for number in range(2, 8):  # Behind it in the lane of long texts, which is full at last.
        reply = client_of(app).post("/api/tag", json={"text": f"slow {number}" + " " * 3000})
        assert reply.status_code == 503
    tagger.go_on.set()
    assert client_of(app).post("/api/tag", json={"text": "Anna"}).status_code == 200
    assert [text for text in tagger.begun if text.startswith("slow")] == ["slow 1"]


def test_a_full_lane_says_so_at_once():
    tagger = Held()
    app = create_app({"student": NamedModel("x", tagger)}, limits=Limits(30))
    long, replies = "slow " * 4000, []

    def ask():
        replies.append(client_of(app).post("/api/tag", json={"text": long}).status_code)

    askers = [threading.Thread(target=ask) for _ in range(10)]
    for asker in askers:
        asker.start()
    assert tagger.inside.wait(30)
    while len(replies) < 6:  # Four are taken.
        time.sleep(0.01)
    assert replies == [503] * 6
    tagger.go_on.set()
    for asker in askers:
        asker.join()
    assert sorted(replies) == [200] * 4 + [503] * 6


@pytest.mark.parametrize(("host", "status"), [
    ("localhost", 200), ("LOCALHOST:8080", 200), ("127.0.0.1:8080", 200), ("[::1]:8080", 200),
    ("evil.example", 403), ("evil.example:8080", 403), ("localhost.evil.example", 403),
    ("127.0.0.1.nip.example", 403), ("localhost@evil.example", 403), ("[::1", 403),
    ("0.0.0.0", 403), ("evil.example@localhost", 403), ("localhost/x", 403), ("localhost#x", 403),
    ("localhost:80:80", 403), ("localhost,evil.example", 403), ("", 403),
    ("tagger.example", 200), ("192.0.2.7:80", 200)])
def test_only_known_names_are_served(host, status):
    """Else a website whose name is made to mean this machine could read what comes back."""
    app = create_app({"s": NamedModel("x", Scripted(TAGS))},
                     hosts=known_hosts("192.0.2.7", allowed=["Tagger.example"]))
    client = client_of(app)
    for reply in (client.get("/", headers={"Host": host}),
                  client.get("/web/page.js", headers={"Host": host}),
                  client.post("/api/tag", json={"text": "Anna"}, headers={"Host": host})):
        assert reply.status_code == status
    if status == 403:
        assert "--allowed_hosts" in reply.json["error"] and "results" not in reply.json


@pytest.mark.parametrize(("origin", "status"), [
    ("http://127.0.0.1:8080", 200), ("http://localhost", 200), (None, 200),
    ("https://evil.example", 403), ("null", 403), ("", 403),
    ("http://localhost.evil.example", 403), ("http://127.0.0.1@evil.example", 403),
    ("http://evil.example@localhost", 403), ("http://localhost/https://evil.example", 403)])
def test_pages_of_others_may_not_ask(client, origin, status):
    headers = {} if origin is None else {"Origin": origin}
    reply = client.post("/api/tag", json={"text": "Anna"}, headers=headers)
    assert reply.status_code == status


def test_a_bound_address_that_means_all_is_no_name():
    assert known_hosts("0.0.0.0") == known_hosts("::") == {"localhost", "127.0.0.1", "::1"}
    assert "example.org" in known_hosts("example.org")


def test_the_command_serves_until_it_is_ended(run_folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "xtremedistil_tf.cli.serve", f"--model_dir={run_folder / 'onnx'}",
         "--port=0"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().split()[0]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
        request = urllib.request.Request(
            url + "api/tag", b'{"text": "Anna Weber"}', {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            (result,) = json.load(reply)["results"]
        assert result["name"] == "student" and result["runtime"] in ("onnx", "onnx_int8")
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 143 and "the page is closed" in told


@pytest.mark.parametrize(("flags", "told"), [
    (["--port=70000"], "--port is 70000; allowed: 0 to 65535"),
    (["--time_limit=0"], "--time_limit is 0.0; it must be above 0"),
    (["--teacher_model_dir=/nowhere"], "--teacher_model_dir /nowhere holds no fine-tuned teacher"),
    (["--host=192.0.2.1", "--port=0"], "--host=192.0.2.1 --port=0 cannot be listened on"),
])
def test_mistakes_are_told(run_folder, flags, told):
    result = run("xtremedistil_tf.cli.serve", f"--model_dir={run_folder / 'onnx'}", *flags)
    assert result.returncode == 2 and told in result.stderr


def test_a_teacher_is_tagged_with_to_the_end_of_any_text(tokenizer, tmp_path):
    from xtremedistil_tf.data.words import split_words
    from xtremedistil_tf.inference.runtimes.teacher import load_teacher_model
    from xtremedistil_tf.keras2 import tf
    from xtremedistil_tf.models.pretrained_encoders import build_variables
    from xtremedistil_tf.models.teacher import build_teacher, save_teacher

    config = transformers.BertConfig(
        **{**BERT, "vocab_size": len(tokenizer), "num_hidden_layers": 1})
    tf.keras.utils.set_random_seed(3)
    encoder = transformers.TFBertModel(config)
    build_variables(encoder)
    teacher = build_teacher(encoder, tokenizer, 11, 1)
    kernel, bias = teacher.model.get_layer("logits").get_weights()
    teacher.model.get_layer("logits").set_weights([kernel * 20.0, bias])
    save_teacher(teacher, tmp_path / "teacher", {"tags": list(LABELS)})
    tagger = load_teacher_model(tmp_path / "teacher")
    text = "Anna Weber wohnt in Bonn."
    words = [word for word, _, _ in split_words(text)]
    encoded = tokenizer([words, words[:2]], is_split_into_words=True, padding=True,
                        return_tensors="np")
    logits = teacher.model({name: encoded[name].astype(np.int32)
                            for name in ("input_ids", "attention_mask")})["logits"].numpy()
    # Together they are padded, and padding changes nothing.
    for row, (tags, scores) in enumerate(tagger.tag_words([words, words[:2]])):
        starts = [encoded.word_ids(row).index(word) for word in range(len(tags))]
        real = np.exp(logits[row, starts, :7] - logits[row, starts, :7].max(-1, keepdims=True))
        real /= real.sum(-1, keepdims=True)
        np.testing.assert_allclose(
            scores, [real[at, LABELS.index(tag)] for at, tag in enumerate(tags)], atol=1e-5)
    long = tagger.tag_text([" ".join([text] * 40)])[0]  # The teacher has 64 positions.
    assert len(long) == 40 * len(words)
    # A word that no window answered for would have the same probability for each of seven tags.
    assert all(abs(score - 1 / 7) > 1e-7 for *_, score in long)
