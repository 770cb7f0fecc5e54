"""The pages of using and serving: Python is run, commands are parsed, requests are answered."""

import importlib
import json
import re
import shlex
import sys
import types

import pytest
from absl import flags

from tests.apps.scripted import TAGS, Scripted, client_of
from tests.conftest import ROOT
from xtremedistil_tf.apps.lanes import Limits
from xtremedistil_tf.cli import serve
from xtremedistil_tf.cli.options import console

PAGES = ("how-to/use_a_student.md", "how-to/serve.md", "how-to/serve_in_production.md",
         "how-to/run_in_browser.md", "how-to/phones.md",
         "reference/results/serving.md")
PAGE = "\n".join((ROOT / "docs" / page).read_text("utf-8") for page in PAGES)
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.M | re.S)
PYTHON = [text for language, text in BLOCKS if language == "python"]
SHELL = [line for language, text in BLOCKS if language == ""
         for line in text.replace("\\\n", " ").splitlines()]
COMMANDS = dict(re.findall(r'"(xtremedistil-\w+) = ([\w.]+):run"', (ROOT / "setup.py").read_text()))


def block(holds):
    (found,) = [text for text in PYTHON if holds in text]
    return found


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("xtremedistil-")])
def test_commands_have_the_flags_that_they_are_given(line):
    name, *words = shlex.split(line, comments=True)
    module = importlib.import_module(COMMANDS[name])
    before = set(flags.FLAGS)
    own = console.define_all(module.define_flags)
    try:
        for word in words[: words.index("--")] if "--" in words else words:
            flag, _, value = word.partition("=")
            named = flag[2:] if flag[2:] in own else flag[2:].replace("no", "", 1)
            assert flag.startswith("--") and named in own, word
            flags.FLAGS[named].parser.parse(value or "true")
    finally:
        for member in set(flags.FLAGS) - before:
            delattr(flags.FLAGS, member)


@pytest.mark.parametrize("student, runtime, batch", [
    ({}, "onnx_int8", Limits.batch), ({"student": "bilstm"}, "onnx_int8", Limits.batch),
    ({"student": "transformer"}, "onnx_int8", 1),
    ({"student": "transformer"}, "onnx", Limits.batch),
    ({"student": "unheard of"}, "onnx_int8", 1)])
def test_int8_that_rounds_a_batch_together_has_batches_of_one(
    student, runtime, batch, tmp_path, monkeypatch
):
    (tmp_path / "student.json").write_text(json.dumps({"student": student}))
    monkeypatch.setattr(serve, "FLAGS", types.SimpleNamespace(
        model_dir=str(tmp_path), time_limit=9.0, stop_seconds=9.0, batch_texts=None,
        waiting_texts=9))
    assert serve._limits(runtime) == Limits(9.0, batch, 9)


def test_every_command_of_serving_is_on_the_page():
    for name in ("predict", "export", "serve", "beam", "benchmark"):
        assert any(line.startswith(f"xtremedistil-{name} ") for line in SHELL), name


def test_installed_extras_exist():
    setup = (ROOT / "setup.py").read_text("utf-8")
    lists = [extras for line in SHELL
             for extras in re.findall(r"^pip install .*\.\[([\w,]+)\]", line)]
    named = {extra for extras in lists for extra in extras.split(",")}
    assert named >= {"serving", "onnx", "serve", "beam"}
    for extra in named:
        assert f'        "{extra}": ' in setup, extra


def test_the_python_runs(run_folder):
    code = block("xtremedistil_tf.load").replace("runs/demo", str(run_folder))
    seen = {}
    exec(compile(code, "serving.md", "exec"), seen)
    assert seen["tagger"].tag_words([["Paul", "Bergmann"]])[0][0]


def test_the_rest_client_and_the_entities_run(server, monkeypatch, capsys):
    def post(url, json, timeout):
        assert url.endswith("/v1/models/tagger:predict") and timeout
        return types.SimpleNamespace(json=lambda: server(json))

    monkeypatch.setitem(sys.modules, "requests", types.SimpleNamespace(post=post))
    seen = {}
    exec(compile(block("requests.post"), "serving.md", "exec"), seen)
    assert len(seen["rows"]) == 2 and set(seen["columns"]) == set(seen["rows"][0])
    exec(compile(block("join_entities(text"), "serving.md", "exec"), seen)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_grpc_client_is_python():
    compile(block("import grpc"), "serving.md", "exec")


def test_the_page_s_curl_is_answered():
    pytest.importorskip("flask", reason="the page needs the extra [serve]")
    from xtremedistil_tf.apps.page import create_app
    from xtremedistil_tf.apps.service import LONGEST_TEXT, MOST_BYTES, NamedModel

    (line,) = [line for line in SHELL if line.startswith("curl ") and "/api/tag" in line]
    words = shlex.split(line)
    client = client_of(create_app({name: NamedModel("x", Scripted(TAGS))
                         for name in ("student", "teacher")}))
    reply = client.post(re.search(r"://[^/]+(/.*)", words[1]).group(1),
                        data=words[words.index("-d") + 1],
                        headers=[words[words.index("-H") + 1].split(": ")])
    (shown,) = [json.loads(text) for language, text in BLOCKS
                if language == "json" and "milliseconds" in text]
    assert reply.status_code == 200 and reply.json["text"] == shown["text"]
    assert [set(result) for result in reply.json["results"]] == [
        set(result) for result in shown["results"]]
    for result in shown["results"]:
        for entity in result["entities"]:
            assert shown["text"][entity["start"] : entity["end"]] == entity["word"]
    assert f"{LONGEST_TEXT:,} characters" in PAGE and f"{MOST_BYTES:,} bytes" in PAGE


def test_what_was_not_run_is_said():
    told = PAGE.split("### What was tested, and what not")[1].split("\n## ")[0]
    assert "Not tested" in told and "`docker`" in told and "not run" in told
