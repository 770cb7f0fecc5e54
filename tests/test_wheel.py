"""The wheel: the package and its commands, and nothing of tests, data or flagfiles."""

import configparser
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy of the sources, as `python -m build` does."""
    copy = tmp_path_factory.mktemp("build") / "source"
    copy.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("xtremedistil_tf", "tests", "data", "flags", "benchmarks", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    result = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True,
                            text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    with zipfile.ZipFile(copy / result.stdout.splitlines()[-1]) as archive:
        yield archive


def test_it_holds_the_whole_package_and_nothing_else(wheel):
    names = wheel.namelist()
    assert {re.sub(r"-[\d.]+\.dist-info", ".dist-info", name.split("/")[0]) for name in names} == {
        "xtremedistil_tf", "xtremedistil_tf.dist-info"}
    modules = {str(path.relative_to(ROOT)).replace("\\", "/")
               for path in (ROOT / "xtremedistil_tf").rglob("*.*")
               if "__pycache__" not in path.parts}
    assert "xtremedistil_tf/apps/web/page.html" in modules
    assert modules == {name for name in names if name.startswith("xtremedistil_tf/")}


def test_its_commands_exist(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(name).decode())
    scripts = dict(parser["console_scripts"])
    assert {"xtremedistil-prepare", "xtremedistil-distill", "xtremedistil-predict"} <= set(scripts)
    for target in scripts.values():
        module, function = target.split(":")
        source = wheel.read(module.replace(".", "/") + ".py").decode()
        assert f"def {function}(" in source


def test_its_commands_answer_away_from_the_sources(wheel, tmp_path):
    wheel.extractall(tmp_path)
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(name).decode())
    scripts = {script: target.split(":") for script, target in parser["console_scripts"].items()}
    # What pip's scripts do, each in a fork; the working folder is the first place for modules.
    code = (f"import importlib, os, sys\nfor script, (module, function) in {scripts}.items():\n"
            "    command = importlib.import_module(module)\n"
            f"    assert command.__file__.startswith({str(tmp_path)!r}), command.__file__\n"
            "    for option in ('--version', '--help'):\n"
            "        if not os.fork():\n"
            "            sys.argv = [script, option]\n"
            "            sys.exit(getattr(command, function)())\n"
            "        _, status = os.wait()\n"
            "        print(f'== {script} {option} {status}', flush=True)\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    told = done.stdout
    for script in scripts:
        for option, begins in (("--version", r"xtremedistil_tf \d+\.\d+"),
                               ("--help", rf".+\n\nusage: {script} ")):
            answer, end, told = told.partition(f"== {script} {option} 0\n")
            assert end and re.match(begins, answer, re.S), (script, option, answer[:200])


def test_its_metadata(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    text = wheel.read(name).decode()
    version = re.search(r'"([\d.]+)"', (ROOT / "xtremedistil_tf" / "version.py").read_text())
    assert f"\nVersion: {version.group(1)}\n" in text
    assert "Requires-Dist: datasets<5,>=4; extra == \"datasets\"" in text.replace("'", '"')
