"""A run is published, and a student is loaded by its name on the hub; the hub is a stand-in."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.golden.cases import FOLDER
from tests.hub.stand_in import stand_in
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.hub.folders import is_hub_name, student_on_hub, teacher_on_hub
from xtremedistil_tf.hub.repository import check_name, lay_out
from xtremedistil_tf.inference.assets import check_parts

CARD = ("---\nlibrary_name: xtremedistil_tf\npipeline_tag: token-classification\nmodel-index:\n"
        "- name: demo\n---\n\n# A card\n\n## Use\n\nload(\"PATH/TO/THIS/FOLDER\")\n")
# Prints one line for each name: what `load` says of a text, or the error.
PROGRAM = """
import json, sys
import xtremedistil_tf
from xtremedistil_tf.errors import UserError
for name in sys.argv[1:]:
    try:
        print(json.dumps(xtremedistil_tf.load(name, "onnx")("Anna Keller visited Bonn.")))
    except UserError as error:
        print(json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with a card, and the checkpoint of transformers as a file beside."""
    folder = tmp_path_factory.mktemp("hub") / "run"
    shutil.copytree(FOLDER / "wordpiece", folder)
    (folder / "student" / "README.md").write_text(CARD, "utf-8")
    (folder / "stages").mkdir()
    (folder / "metrics.json").write_text("{}")
    return folder


def test_the_repository_has_card_student_and_exports(run, tmp_path):
    checkpoint = run / "huggingface"
    checkpoint.mkdir()
    for name in ("config.json", "model.safetensors", "student.json", "manifest.json"):
        (checkpoint / name).write_text("{}")
    (checkpoint / "README.md").write_text(CARD.replace("PATH/TO/THIS/FOLDER", "PATH OR NAME"))
    export = run / "export"
    (export / ".tmp-12-1" / "variables").mkdir(parents=True)  # Of an export that was killed.
    assert lay_out(run, "anna/tagger", tmp_path) == ["student", "onnx", "export", "huggingface"]
    assert not list((tmp_path / "export").iterdir())
    for made in (checkpoint, export, tmp_path / "export"):
        shutil.rmtree(made)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "README.md", "config.json", "model.safetensors", "onnx", "student"]
    card = (tmp_path / "README.md").read_text("utf-8")
    assert card.startswith(CARD.partition("# A card")[0])
    assert 'load("anna/tagger")' in card and "PATH" not in card and "- `onnx/`: ONNX" in card
    with pytest.raises(UserError, match="no run folder with a student"):
        lay_out(run / "stages", "anna/tagger", tmp_path)
    with pytest.raises(UserError, match="--repository is 'tagger'; allowed: user/name"):
        check_name("tagger")


@pytest.mark.parametrize("damage, why", [
    (lambda run: (run / "metrics.json").unlink(), "is no finished run: metrics.json is missing"),
    (lambda run: (run / "student" / "tokenizer.json").write_text("{}"), "tokenizer.json"),
    (lambda run: (run / "onnx" / "model.onnx").write_bytes(b"cut"), "model.onnx"),
    (lambda run: (run / "student" / "student.json").write_text("{}"), "student.json"),
    (lambda run: [shutil.rmtree(run / "onnx"),
                  shutil.copytree(FOLDER / "unigram" / "onnx", run / "onnx")],
     "onnx was exported from another student than")])
def test_what_nobody_could_use_is_not_published(run, tmp_path, damage, why):
    shutil.copytree(run, tmp_path / "run")
    check_parts(tmp_path / "run")
    damage(tmp_path / "run")
    with pytest.raises(UserError, match=why):
        check_parts(tmp_path / "run")


def test_a_folder_of_this_machine_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, is_one in (("anna/tagger", True), ("anna/tagger@main", True), ("a/b/c", False),
                         ("./anna/tagger", False), ("tagger", False), ("/tmp/tagger", False),
                         ("anna/tagger@v1/x", True), ("~/tagger", False)):
        assert is_hub_name(name) == is_one, name
    (tmp_path / "anna").mkdir()
    assert not is_hub_name("anna/tagger")  # A misspelt folder.
    assert is_hub_name("anna/tagger@main")
    (tmp_path / "anna" / "tagger").mkdir()
    assert str(student_on_hub("anna/tagger")) == "anna/tagger"
    # A folder that is not there yet is where a new teacher goes.
    assert str(teacher_on_hub("bert/teacher")) == "bert/teacher"


def test_a_student_goes_to_the_hub_and_comes_back(run, tmp_path):
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0",
                   "HF_TOKEN": "hf_right", "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_XET": "1"}

    def started(*arguments, **more):
        return subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True,
                              text=True, env={**environment, **more}, timeout=300)

    push = ("-m", "xtremedistil_tf.cli.hub.push", f"--model_dir={run}", "--repository=anna/tagger")
    with stand_in() as (hub, address):
        environment["HF_ENDPOINT"] = address
        listed = started(*push, "--dry_run")
        assert listed.returncode == 0, listed.stderr
        assert "onnx/model.onnx" in listed.stdout and not hub.asked
        refused = started(*push, HF_TOKEN="hf_wrong")
        assert refused.returncode == 2 and "anna/tagger was not uploaded: 401" in refused.stderr
        sent = started(*push)
        assert sent.returncode == 0, sent.stderr
        assert sent.stdout.splitlines()[-1] == f"{address}/anna/tagger"
        ((first, files),) = hub.repositories["anna/tagger"]
        assert files["onnx/model.onnx"] == (run / "onnx" / "model.onnx").read_bytes()
        assert "student/README.md" not in files and b"model-index" in files["README.md"]
        hub.commit("anna/tagger", {"onnx/model.onnx": b"damaged", "export/1/saved_model.pb": b"x"})
        names = ("anna/tagger", f"anna/tagger@{first}", "anna/tagger@nowhere", "anna/other")
        found = [json.loads(line) for line in started("-c", PROGRAM, *names).stdout.splitlines()]
        assert not any("export/1" in path for path in hub.asked)  # Not asked for.
    assert "manifest.json" in found[0]  # The newest commit's model is damaged.
    expected = started("-c", PROGRAM, str(FOLDER / "wordpiece"))
    assert found[1] == json.loads(expected.stdout) and found[1]
    assert found[2] == (f"anna/tagger@nowhere: {address} has the repository, but not this revision")
    assert found[3] == (f"anna/other is no folder here, and {address} has no such repository, or a "
                        "private one (huggingface-cli login)")
    # The hub is away: what was fetched is there, all else is told in one line.
    away = [json.loads(line)
            for line in started("-c", PROGRAM, names[1], "x/y").stdout.splitlines()]
    assert away[0] == found[1]
    assert away[1].startswith("x/y is no folder here and not in the cache of this machine, and "
                              f"{address} cannot be reached: ")
    assert away[1].endswith("; fetch it once where the hub can be reached, and name the folder")
    assert "nothing was uploaded: " + address in started(*push).stderr
