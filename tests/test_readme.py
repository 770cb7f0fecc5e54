"""README's tables come from the recorded metrics; its flags and files exist."""

import importlib.util
import re

import pytest

from tests.conftest import ROOT


def _benchmark(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_current():
    module = _benchmark("tables")
    for name in module.PLACES:
        text = (ROOT / name).read_text("utf-8")
        assert module.render(name, text) == text, "run python benchmarks/tables.py"


def test_the_first_hour_is_timed_by_readme_s_own_commands():
    readme = (ROOT / "README.md").read_text("utf-8")
    module = _benchmark("first_hour")
    demo, (own, exported) = module.readme_commands(readme)
    assert demo == "make demo"
    assert "--model_dir=runs/demo --format" in own and "--runtime=onnx_int8" in exported
    with pytest.raises(ValueError, match="1 lines with make demo and 1 that tag"):
        module.readme_commands(readme.replace(exported, ""))


def test_named_files_exist():
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in re.findall(r"`(flags/[\w.]+)`", readme) + re.findall(r"\]\(([\w./]+)\)", readme):
        assert (ROOT / name).exists(), name


def test_named_flags_exist():
    readme = (ROOT / "README.md").read_text("utf-8")
    defined = "".join(path.read_text("utf-8")
                      for path in (ROOT / "xtremedistil_tf" / "cli").glob("*.py"))
    for flag in re.findall(r"`--(\w+)", readme) + re.findall(r"\s--(\w+)=", readme):
        assert flag == "flagfile" or f'"{flag}"' in defined, flag  # absl's own, and ours.
