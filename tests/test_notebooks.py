"""The notebooks: well-formed, without outputs; their fields are flags, their commands are taken.

Shell lines are checked, not run, but for one long test; `make notebooks` runs a whole notebook in
Jupyter.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import types

import pytest

from tests.command_lines import check
from tests.conftest import ROOT
from xtremedistil_tf.runs import read_json

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DEFINED = "".join(path.read_text("utf-8")
                  for path in (ROOT / "xtremedistil_tf" / "cli").glob("*.py"))
_JOB = {"run_distillation.py", "xtremedistil_tf.cli.export", "xtremedistil_tf.cli.predict"}
# What each notebook is about, by the commands that it runs.
CALLED = {"first_hour": _JOB | {"xtremedistil_tf.cli.prepare"},
          "your_own_ner": _JOB | {"xtremedistil_tf.cli.prepare", "run_teacher.py"},
          "what_was_learnt": {"xtremedistil_tf.cli.study", "xtremedistil_tf.cli.compare"}}
_SHELL = re.compile(r"^(\s*)!(.*)$", re.M)


def cells(path, kind="code"):
    """The sources of a kind of cells, continued lines joined."""
    return [re.sub(r"\s*\\\n\s*", " ", "".join(cell["source"]))
            for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == kind]


def fields(path):
    """The form fields: name -> literal."""
    found = re.findall(r"^(\w+) = (.*?)  #@param", "\n".join(cells(path)), re.M)
    return {name: literal for name, literal in found}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_a_notebook_without_outputs(path):
    book = json.loads(path.read_text("utf-8"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids) >= 10
    for cell in book["cells"]:
        assert cell["cell_type"] == "markdown" or (
            cell["outputs"] == [] and cell["execution_count"] is None)
    badge = f"/github/OWNER/xtremedistil_tf/blob/main/notebooks/{path.name})"
    assert badge in cells(path, "markdown")[0] and "colab-badge.svg" in cells(path, "markdown")[0]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_lower_case_fields_are_flags_that_a_command_gets(path):
    names = fields(path)
    assert names.pop("SMOKE") == "False" and names.pop("PYTHON_311") == "False"
    commands = "\n".join(command for _, command in _SHELL.findall("\n".join(cells(path))))
    for name in (name for name in names if name == name.lower()):
        flag = name.rstrip("_")
        assert f'"{flag}"' in DEFINED, name
        text = "\n".join(cells(path))
        assert f"--{flag}={{{name}}}" in commands.replace('"', "") or (
            f'f"--{flag}={{{name}}}"' in text), name


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A folder like a clone, as far as the cells look, and a screen that shows nothing."""
    for name in ("data", "flags"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("run_distillation.py", "run_teacher.py"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "setup.py").touch()
    (tmp_path / "runs").mkdir()
    display = types.SimpleNamespace(Image=str, Markdown=str, display=lambda *shown: None)
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def execute(path, shell):
    """Runs a notebook's cells; `shell` gets a shell line and returns its exit code."""
    space = {"_exit_code": 0}

    def call(line):
        space["_exit_code"] = shell(line)

    space["_shell"] = call
    for number, cell in enumerate(cells(path)):
        code = _SHELL.sub(lambda match: f"{match[1]}_shell(f'''{match[2]}''')", cell)
        exec(compile(code, f"{path.name}, cell {number}", "exec"), space)


@pytest.fixture
def here(clone):
    """The same with what commands would have left; returns what collects a notebook's lines."""
    for name in ("first_hour", "first_hour_smoke", "mine", "mine_smoke", "strategies/strategies",
                 "strategies_smoke/grid", "my_task/card", "smoke_task/card"):
        (clone / "runs" / name).mkdir(parents=True)
        for text in ("report.md", "README.md", "table.md"):
            (clone / "runs" / name / text).write_text("# Title\n\n## First\n")

    def run(path):
        lines = []

        def shell(line):
            lines.append(line)
            return 0

        execute(path, shell)
        return lines

    return run


@pytest.mark.parametrize("smoke", ["0", "1"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_commands_are_taken(path, smoke, here, monkeypatch):
    monkeypatch.setenv("SMOKE", smoke)
    lines = here(path)
    called = []
    for line in lines:
        called += check(line)
    assert CALLED[path.stem] <= set(called)
    for line in lines:
        if "run_distillation.py" in line or "cli.study" in line:
            assert ("--stage_epochs=0=1" in line) == (smoke == "1")
        assert os.path.isabs(line.split()[0]) or "{" not in line, "a name was not filled in"


def test_a_shell_line_that_fails_ends_the_notebook():
    for path in NOTEBOOKS:
        for cell in cells(path):
            for after in re.findall(r"^!.*\{PYTHON\}.*\n(.*)", cell + "\n", re.M):
                assert after.startswith("assert _exit_code == 0, "), (path.name, cell)


@pytest.mark.long
def test_the_first_hour_runs(clone, monkeypatch):
    monkeypatch.setenv("SMOKE", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    told = []

    def shell(line):
        if "-m pip install" in line:  # Tests have no network; the package is there.
            return 0
        done = subprocess.run(line, shell=True, cwd=clone, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600)
        told.append(done.stdout)
        assert done.returncode == 0, (line, done.stdout)
        return done.returncode

    execute(next(path for path in NOTEBOOKS if path.stem == "first_hour"), shell)
    run = clone / "runs" / "first_hour_smoke"
    assert (run / "export" / "2" / "saved_model.pb").is_file()
    assert len(read_json(run / "metrics.json")["stages"]) == 9
    answers = [json.loads(line) for output in told for line in output.splitlines()
               if line.startswith('{"text"')]
    assert [answer["text"].split()[0] for answer in answers] == ["Paul", "Anna"]
    conll = [line.split("\t")[0] for line in told[-1].splitlines() if "\t" in line]
    assert conll[-8:] == ["Anna", "Keller", "visited", "the", "University", "of", "Alderton", "."]
