"""README's tables come from the recorded metrics; its flags and files exist."""

import importlib.util
import re

from tests.conftest import ROOT


def test_tables_are_current():
    spec = importlib.util.spec_from_file_location("tables", ROOT / "benchmarks" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in module.PLACES:
        text = (ROOT / name).read_text("utf-8")
        assert module.render(name, text) == text, "run python benchmarks/tables.py"


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
