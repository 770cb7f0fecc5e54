"""The server in production: batches, health, metrics, logs, its description and its end."""

import json
import logging
import os
import signal
import threading
import time
import urllib.request

import pytest

from tests.apps.scripted import TAGS, Scripted, client_of
from xtremedistil_tf.apps.lanes import Busy, Lanes, Limits
from xtremedistil_tf.apps.openapi import openapi
from xtremedistil_tf.apps.page import create_app
from xtremedistil_tf.apps.server import create_server, serve
from xtremedistil_tf.apps.service import NamedModel, Service
from xtremedistil_tf.apps.telemetry import JsonFormatter, log_json, request_id
from xtremedistil_tf.tasks import TASKS

pytest.importorskip("flask", reason="the page needs the extra [serve]")
pytest.importorskip("prometheus_client", reason="the page needs the extra [serve]")


class Gate:
    """Work that waits until it is told to go on, and keeps the sizes of its batches."""

    def __init__(self):
        self.go_on, self.inside, self.sizes = threading.Event(), threading.Event(), []

    def __call__(self, items):
        self.sizes.append(len(items))
        self.inside.set()
        assert self.go_on.wait(30)
        if "boom" in items:
            raise ValueError("boom")
        return [item.upper() for item in items]


def asked_together(lanes, items):
    """Asks in a thread for each item; returns a function that waits for their results."""
    results = {}

    def ask(item):
        try:
            results[item] = lanes.run(item, len(item))
        except Exception as error:
            results[item] = error

    threads = [threading.Thread(target=ask, args=(item,)) for item in items]
    for thread in threads:
        thread.start()

    def finish():
        for thread in threads:
            thread.join(30)
        return results

    return finish


def wait_until(holds):
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def busy(lanes, gate):
    """Gives both threads a text; returns a function that waits for the results."""
    finish = []
    for item in "ab":
        finish.append(asked_together(lanes, [item]))
        wait_until(lambda: len(gate.sizes) == len(finish))
    return lambda: [one() for one in finish]


def test_what_waits_is_answered_together_and_each_gets_its_own():
    gate = Gate()
    lanes = Lanes(Limits(batch=8), gate)
    first = busy(lanes, gate)
    names = [f"text{number}" for number in range(20)]
    rest = asked_together(lanes, names)
    wait_until(lambda: lanes.waiting == 20)
    gate.go_on.set()
    assert first() == [{"a": "A"}, {"b": "B"}]
    assert rest() == {name: name.upper() for name in names}
    assert sorted(gate.sizes[2:]) == [4, 8, 8] and lanes.waiting == 0


def test_one_text_does_not_spoil_the_others_of_its_batch():
    gate = Gate()
    lanes = Lanes(Limits(batch=8), gate)
    first = busy(lanes, gate)
    rest = asked_together(lanes, ["c", "boom", "d"])
    wait_until(lambda: lanes.waiting == 3)
    gate.go_on.set()
    first()
    found = rest()
    assert found["c"] == "C" and found["d"] == "D" and isinstance(found["boom"], ValueError)


def test_more_than_may_wait_are_refused_at_once():
    gate = Gate()
    lanes = Lanes(Limits(batch=1, waiting=2), gate)
    finish = asked_together(lanes, ["a", "b", "c", "d"])
    wait_until(lambda: lanes.waiting == 2)
    with pytest.raises(Busy, match="too many texts are waiting") as refused:
        lanes.run("e", 1)
    assert refused.value.reason == "full"
    gate.go_on.set()
    assert len(finish()) == 4


def test_a_fault_that_is_a_timeout_is_not_told_as_ours():
    def late(items):
        raise TimeoutError("of the work itself")

    with pytest.raises(TimeoutError, match="of the work itself"):
        Lanes(Limits(), late).run("a", 1)


def test_batches_give_what_single_texts_give(taggers):
    texts = ["Anna Weber wohnt in Bonn.", "", "القاهرة", "Anna " * 30]
    service = Service({"student": NamedModel("onnx", taggers["onnx"])}, Limits())
    together = service._answer([{"text": text} for text in texts])
    for text, answer in zip(texts, together):
        (alone,) = service._answer([{"text": text}])
        assert answer["text"] == text
        assert answer["results"][0]["entities"] == alone["results"][0]["entities"]


def test_health_is_told_to_everyone_and_metrics_to_known_names_only():
    app = create_app({"student": NamedModel("x", Scripted(TAGS))})
    client, stranger = client_of(app), {"Host": "10.0.0.7:8080"}
    for path in ("/healthz", "/readyz"):
        reply = client.get(path, headers=stranger)
        assert reply.status_code == 200 and reply.json == {"status": "ok"}
    for path in ("/metrics", "/openapi.json", "/"):
        assert client.get(path, headers=stranger).status_code == 403
    app.extensions["service"].stop()
    assert client.get("/readyz").status_code == 503 and client.get("/healthz").status_code == 200
    assert client.post("/api/tag", json={"text": "Anna"}).status_code == 200  # Until it has ended.


def test_metrics_count_what_was_answered():
    from prometheus_client.parser import text_string_to_metric_families

    client = client_of(create_app({"student": NamedModel("onnx", Scripted(TAGS))},
                                  limits=Limits(30)))
    for text in ("Anna", "Bonn"):
        client.post("/api/tag", json={"text": text})
    client.post("/api/tag", json={"text": 5})
    for path in ("/secret/one", "/secret/two"):
        client.get(path)
    reply = client.get("/metrics")
    assert reply.mimetype == "text/plain"
    found = {(sample.name, *sorted(sample.labels.items())): sample.value
             for family in text_string_to_metric_families(reply.get_data(as_text=True))
             for sample in family.samples}
    path = ("path", "/api/tag")
    assert found["xtremedistil_requests_total", path, ("status", "200")] == 2
    assert found["xtremedistil_requests_total", path, ("status", "400")] == 1
    # A path that a client made up is no label of its own.
    assert found["xtremedistil_requests_total", ("path", "other"), ("status", "404")] == 2
    assert found["xtremedistil_characters_total",] == 8
    assert found["xtremedistil_batch_texts_count",] == 2
    assert found["xtremedistil_request_seconds_count", path] == 3
    assert found["xtremedistil_in_progress",] == 1  # The request for the metrics itself.
    assert found["xtremedistil_waiting",] == 0 and found["xtremedistil_ready",] == 1
    assert "secret" not in reply.get_data(as_text=True)


def test_logs_are_lines_of_json_without_texts(caplog):
    handler = logging.StreamHandler()
    logger = logging.getLogger("xtremedistil.requests")
    level = logger.level
    log_json(handler)
    try:
        client = client_of(create_app({"student": NamedModel("x", Scripted(TAGS))}))
        reply = client.post("/api/tag", json={"text": "Anna"}, headers={"X-Request-ID": "a.b-1"})
        assert reply.headers["X-Request-ID"] == "a.b-1"
        client.post("/api/tag", json={"text": "boom"})
    finally:
        logger.setLevel(level)
    lines = [json.loads(handler.format(record)) for record in caplog.records]
    requests = [line for line in lines if line["message"] == "request"]
    assert [(line["status"], line["path"], line["method"]) for line in requests] == [
        (200, "/api/tag", "POST"), (500, "/api/tag", "POST")]
    assert requests[0]["request"] == "a.b-1" and requests[0]["milliseconds"] >= 0
    assert any("RuntimeError: scripted" in line.get("traceback", "") for line in lines)
    assert all("Anna" not in json.dumps(line) for line in lines)
    assert isinstance(handler.formatter, JsonFormatter)


@pytest.mark.parametrize("given", ["", "a b", "a\nb", "x" * 65, "ä", None])
def test_an_id_that_could_harm_a_log_is_replaced(given):
    assert request_id(given) != given and len(request_id(given)) == 32


def schema_of(document, name):
    schema = document["components"]["schemas"][name]
    return schema["required"], schema["properties"]


@pytest.mark.parametrize("name", [name for name, kind in TASKS.items() if kind.page])
def test_each_kind_of_task_has_a_description(name):
    wording = TASKS[name].page
    document = openapi(wording.inputs, wording.view, longest=5, most_bytes=9)
    json.dumps(document)
    references = [part.split('"')[0] for part in json.dumps(document).split('"#/components/')[1:]]
    assert all(reference.split("/")[1] in document["components"]["schemas"]
               for reference in references)
    assert schema_of(document, "Request")[0] == [key for key, _ in wording.inputs]


def test_the_description_says_what_is_answered():
    client = client_of(create_app({"student": NamedModel("x", Scripted(TAGS))}))
    document = client.get("/openapi.json").json
    reply = client.post("/api/tag", json={"text": "Anna"}).json
    (result,) = reply["results"]
    (entity,) = result["entities"]
    items = schema_of(document, "Result")[1]["entities"]["items"]
    for own, (required, known) in ((reply, schema_of(document, "Reply")),
                                   (result, schema_of(document, "Result")),
                                   (entity, (items["required"], items["properties"]))):
        assert set(required) <= set(own) <= set(known)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found = getattr(client, method)(path, **(
                {"json": {"text": "Anna"}} if method == "post" else {}))
            assert str(found.status_code) in operation["responses"], path


class Slow(Scripted):
    """Answers the text "slow" when it is told to."""

    def __init__(self):
        super().__init__(TAGS)
        self.inside, self.go_on = threading.Event(), threading.Event()

    def tag_text(self, texts):
        if "slow" in texts:
            self.inside.set()
            assert self.go_on.wait(60)
        return super().tag_text(texts)


def test_an_interrupt_while_the_server_starts_ends_it(monkeypatch):
    server = create_server(create_app({"student": NamedModel("x", Scripted(TAGS))}), "127.0.0.1", 0)
    start, stopped = threading.Thread.start, []

    def interrupted(thread):
        start(thread)
        if thread.name == "http":
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        serve(server, lambda: stopped.append(True), stop_seconds=1)
    assert stopped == [True]
    with pytest.raises(OSError):
        urllib.request.urlopen("http://{}:{}/readyz".format(*server.addresses[0]), timeout=30)


def test_a_stopping_server_answers_what_was_asked_and_says_that_it_stops():
    tagger = Slow()
    app = create_app({"student": NamedModel("x", tagger)})
    service, server = app.extensions["service"], create_server(app, "127.0.0.1", 0)
    url = "http://{}:{}".format(*server.addresses[0])
    seen = {}

    def ask():
        request = urllib.request.Request(
            f"{url}/api/tag", b'{"text": "slow"}', {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            seen["answer"] = reply.status

    def client():
        asking = threading.Thread(target=ask)
        asking.start()
        assert tagger.inside.wait(30)
        os.kill(os.getpid(), signal.SIGINT)
        wait_until(lambda: service.stopping)
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=30)
        except urllib.error.HTTPError as error:
            seen["ready"] = error.code
            error.close()
        tagger.go_on.set()
        asking.join(30)

    other = threading.Thread(target=client)
    # A program started in the background ignores Ctrl-C, and the tests may be such a program.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        other.start()
        with pytest.raises(KeyboardInterrupt):
            serve(server, service.stop, stop_seconds=20)
    finally:
        signal.signal(signal.SIGINT, before)
    other.join(30)
    assert seen == {"answer": 200, "ready": 503}
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{url}/healthz", timeout=30)
