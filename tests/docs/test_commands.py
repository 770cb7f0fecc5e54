"""Every command line in the documents is one that its command takes."""

import importlib
import re

import pytest
from absl import flags

from tests.command_lines import MODULES, check, fenced_lines
from tests.conftest import ROOT
from xtremedistil_tf.errors import UserError

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data" / "README.md",
             *sorted((ROOT / "docs").rglob("*.md"))]
# Flags of programs that are not ours, and one of the authors'.
OTHERS = {"batching_parameters_file", "build", "do_eval", "enable_batching", "flink_master",
          "model-repository", "model_config_file", "model_config_file_poll_wait_seconds",
          "na-prob-file", "na-prob-thresh", "no-deps", "parallelism", "profile", "runner"}
OURS = re.compile(r"(?<![\w`])(xtremedistil-\w+|run_\w+\.py|make|pip|python)\s")


def lines_of(path):
    """Lines that call something of ours; a flagfile named F stands for any."""
    for line in fenced_lines(path):
        if OURS.search(line) and not line.startswith(("docker", "files ", "#")):
            yield line.replace("--flagfile=F ", "--flagfile=flags/demo.flags ")


def test_every_command_line_is_taken(monkeypatch):
    monkeypatch.chdir(ROOT)
    called = []
    for path in DOCUMENTS:
        for line in lines_of(path):
            try:
                found = check(line)
            except (flags.Error, UserError, AssertionError) as error:
                raise AssertionError(f"{path.name}: {line}: {error}") from error
            assert found or not OURS.match(line), f"{path.name}: not understood: {line}"
            called += found
    assert set(MODULES) - {"xtremedistil-teacher", "xtremedistil-distill"} <= set(called)
    assert {"make", "pip"} <= set(called) and len(called) >= 30


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_named_flag_exists(path):
    sources = "".join(file.read_text("utf-8") for folder in ("xtremedistil_tf/cli", "benchmarks",
                                                             "data")
                      for file in (ROOT / folder).rglob("*.py"))
    named = set(re.findall(r"(?<![\w-])--([a-zA-Z][\w-]{2,})(?![\w.])", path.read_text("utf-8")))
    # A boolean flag is turned off with `no` before its name.
    assert not [name for name in named - OTHERS
                if not re.search(rf"[\"-](no)?{name}\"|\"{re.sub('^no', '', name)}\"", sources)]


def test_the_examples_of_help_are_taken(monkeypatch):
    monkeypatch.chdir(ROOT)
    for name in set(MODULES.values()):
        _, _, examples = importlib.import_module(name).__doc__.partition("\n\nExamples:\n")
        lines = examples.replace("\\\n", " ").strip().splitlines()
        assert lines and all(check(line.strip()) for line in lines), name


def test_the_commands_of_the_flagfiles_are_taken(monkeypatch):
    monkeypatch.chdir(ROOT)
    for path in sorted((ROOT / "flags").rglob("*.flags")):
        header = "".join(line[1:] for line in path.read_text("utf-8").splitlines(True)
                         if line.startswith("#"))
        (line,) = re.findall(
            r"((?:python run_\w+\.py|xtremedistil-finetune) (?:\s*--[^\s(]+)+)", header)
        command = "xtremedistil-finetune" if path.parent.name == "finetune" else \
            "run_distillation.py"
        assert check(" ".join(line.split())) == [command], path


@pytest.mark.parametrize("line", [
    "xtremedistil-predict --modeldir=x",
    "echo a | .venv/bin/xtremedistil-predict --model_dir=x --format=xml",
    "python run_distillation.py --task=t --model_dir=m --temperature=2",  # Of no loss that is used.
    "python -m xtremedistil_tf.cli.prepare stray",
    "make no_such_target",
    'pip install "xtremedistil-tf[nothing]"',
    "TF_CONFIG='{}' python benchmarks/missing.py --output=x",
])
def test_a_wrong_line_would_be_noticed(line):
    with pytest.raises((flags.Error, UserError, AssertionError)):
        check(line)
