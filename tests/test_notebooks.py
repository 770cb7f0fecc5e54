"""The notebooks: well-formed, with small outputs; their fields are flags, their commands are taken.

Shell lines and calls of the package are checked, not run, but for one long test; `make notebooks`
runs a whole notebook in Jupyter.
"""

import json
import os
import pathlib
import re
import runpy
import shutil
import subprocess
import sys
import types

import pytest

import xtremedistil_tf
from tests.command_lines import check
from tests.conftest import ROOT
from xtremedistil_tf.api.keywords import parse
from xtremedistil_tf.cli.options.flags_to_config import run_config
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.runtimes.load import RUNTIMES
from xtremedistil_tf.version import REPOSITORY

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DEFINED = "".join(path.read_text("utf-8")
                  for path in (ROOT / "xtremedistil_tf" / "cli").rglob("*.py"))
_JOB = {"distil", "plot", "student", "xtremedistil_tf.cli.export", "xtremedistil_tf.cli.prepare"}
# What each notebook is about, by the commands that it runs and the functions that it calls.
CALLED = {"first_hour": _JOB | {"plan", "load", "evaluate"},
          "classify_texts": {"plan", "distil", "plot", "student", "load", "evaluate",
                             "xtremedistil_tf.cli.prepare"},
          "distil_a_finished_model": {"plan", "distil", "plot", "student", "load",
                                      "xtremedistil_tf.cli.export"},
          "your_own_ner": _JOB | {"run_teacher.py"},
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
def test_it_is_a_notebook_with_small_outputs(path):
    book = json.loads(path.read_text("utf-8"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids) >= 10
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert "stream" in {output["output_type"] for output in outputs}
    assert all(output["output_type"] != "error" for output in outputs)
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not re.search(r"steps/s|site-packages|\W/(home|root|tmp|work|usr)/", json.dumps(outputs))
    assert path.stat().st_size < 600_000


def test_all_notebooks_have_the_one_address_of_the_repository():
    badge = runpy.run_path(str(ROOT / "docs" / "make_notebooks.py"))["badge"]
    for path in NOTEBOOKS:
        text = path.read_text("utf-8")
        assert badge(path.stem) in cells(path, "markdown")[0]
        assert set(re.findall(r'REPOSITORY = \\"(.*?)\\"', text)) == {REPOSITORY}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_lower_case_fields_are_flags_that_a_command_gets(path):
    names = fields(path)
    assert names.pop("SMOKE") == "False"
    commands = "\n".join(command for _, command in _SHELL.findall("\n".join(cells(path))))
    for name in (name for name in names if name == name.lower()):
        flag = name.rstrip("_")
        assert f'"{flag}"' in DEFINED, name
        text = "\n".join(cells(path))
        as_keyword = re.search(rf'(\b{flag}=|"{flag}": ){name}\b', text)
        assert as_keyword or f"--{flag}={{{name}}}" in commands.replace('"', "") or (
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
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(
        display=display, get_ipython=lambda: None, version_info=(9, 0)))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr(sys, "path", list(sys.path))
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


class Calls:
    """Stands for the package: checks what a notebook calls, and runs nothing.

    Attributes:
      names: of the functions that were called.
      settings: the keywords of the last distillation or plan, as flags.
    """

    def __init__(self):
        self.names = []
        self.settings = {}

    def _check(self, keywords):
        self.settings = parse(DISTILLATION, keywords)
        run_config(self.settings)

    def plan(self, **keywords):
        self.names.append("plan")
        self._check(keywords)
        return ""

    def distil(self, **keywords):
        self.names.append("distil")
        self._check(keywords)
        return types.SimpleNamespace(plot=lambda: self.names.append("plot"), student=self.student)

    def student(self, text):
        self.names.append("student")
        return [] if isinstance(text, str) else [[] for _ in text]

    def load(self, folder, runtime):
        self.names.append("load")
        assert pathlib.Path(folder).name == "onnx" and runtime in RUNTIMES
        return self.student

    def evaluate(self, student, data):
        self.names.append("evaluate")
        assert student == self.student and pathlib.Path(data, "test.tsv").is_file()
        return {"macro_f1": 0.0, "languages": {}}


@pytest.fixture
def calls(monkeypatch):
    """The package's functions replaced."""
    made = Calls()
    for name in ("plan", "distil", "load", "evaluate"):
        monkeypatch.setattr(xtremedistil_tf, name, getattr(made, name))
    return made


@pytest.fixture
def here(clone):
    """The same with what commands would have left; returns what collects a notebook's lines."""
    for name in ("first_hour", "first_hour_smoke", "from_finished", "from_finished_smoke",
                 "mine", "mine_smoke", "topics", "topics_smoke", "topics_task",
                 "smoke_topics_task", "strategies/strategies",
                 "strategies_smoke/grid_strategy", "my_task/card", "smoke_task/card"):
        (clone / "runs" / name).mkdir(parents=True)
        for text in ("report.md", "README.md", "table.md", "test.tsv"):
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
def test_the_commands_are_taken(path, smoke, here, calls, monkeypatch):
    monkeypatch.setenv("SMOKE", smoke)
    lines = here(path)
    called = list(calls.names)
    for line in lines:
        called += check(line)
    assert CALLED[path.stem] <= set(called)
    if calls.settings:
        assert (calls.settings.get("stage_epochs") == ["0=1"]) == (smoke == "1")
        assert bool(calls.settings.get("do_NER")) == (path.stem != "classify_texts")
        assert calls.settings["model_dir"].startswith("runs/")
    for line in lines:
        if "cli.study" in line:
            assert ("--stage_epochs=0=1" in line) == (smoke == "1")
        assert os.path.isabs(line.split()[0]) or "{" not in line, "a name was not filled in"


def test_a_shell_line_that_fails_ends_the_notebook():
    for path in NOTEBOOKS:
        for cell in cells(path):
            for after in re.findall(r"^!.*\{PYTHON\}.*\n(.*)", cell + "\n", re.M):
                assert after.startswith("assert _exit_code == 0, "), (path.name, cell)


@pytest.fixture
def shell(clone, monkeypatch):
    """Runs shell lines in the clone; tells what they printed."""
    monkeypatch.setenv("SMOKE", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(line):
        if "-m pip install" in line:  # Tests have no network; the package is there.
            return 0
        done = subprocess.run(line, shell=True, cwd=clone, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600)
        assert done.returncode == 0, (line, done.stdout)
        return done.returncode

    return run


def book(name):
    """A notebook's path."""
    return next(path for path in NOTEBOOKS if path.stem == name)


@pytest.mark.long
def test_the_first_hour_runs(clone, shell, capsys):
    execute(book("first_hour"), shell)
    run = clone / "runs" / "first_hour_smoke"
    assert (run / "export" / "2" / "saved_model.pb").is_file()
    assert len(read_json(run / "metrics.json")["stages"]) == 9
    printed = capsys.readouterr().out.splitlines()
    assert any("01_representation" in line for line in printed)
    assert [line.split()[0] for line in printed if line.endswith("]")][-3:-1] == ["Paul", "Anna"]
    assert printed[-1].startswith("{'macro_f1': ")


@pytest.mark.long
def test_a_finished_model_is_distilled(clone, shell, capsys):
    execute(book("distil_a_finished_model"), shell)
    run = clone / "runs" / "from_finished_smoke"
    metrics = read_json(run / "metrics.json")
    assert [stage["name"] for stage in metrics["stages"]] == ["01_representation", "02_logits"]
    assert (run / "onnx" / "model.int8.onnx").is_file() and "agreement" in metrics["student"]
    assert "no training labels" in capsys.readouterr().out
