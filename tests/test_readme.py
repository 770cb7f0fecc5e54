"""README's tables come from the recorded metrics; its flags and files exist."""

import importlib.util
import json
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


def test_the_closed_gap_is_of_the_seeds_that_all_ways_have(tmp_path, monkeypatch):
    def row(seed, way, score):
        return {"set": "x", "labels_a_class": "500", "seed": seed, "student": "bilstm", "way": way,
                "measure": "accuracy", "teacher": {"test": {"accuracy": 90.0}},
                "scores": {"test": {"accuracy": score}}, "transfer_rows": 1000,
                "parameters": {"teacher": 10, "student": 2},
                "machine": {"commit": str(seed) * 40, "processor": "p"}}

    record = {# The third seed has no distilled student yet; with it alone's mean were 60.
              "rows": [row(1, "alone", 80.0), row(2, "alone", 70.0), row(3, "alone", 30.0),
                       row(1, "full", 88.0), row(2, "full", 85.0)]}
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = _benchmark("classification_tables")
    (tmp_path / "students.json").write_text(json.dumps(record), "utf-8")
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    cells = "accuracy | 2 | 2 | 90.0 (0.0) | 75.0 (7.1) | 86.5 (2.1) | 77 %"
    tables = module.classification_tables()
    assert f"| x | 500 | 1,000 | bilstm | {cells} |" in tables
    assert "2 × commit 1111111111 on p; 2 × commit 2222222222 on p; 1 × commit 3333333333" in tables


def test_unseen_entities_of_other_transfer_sets_stand_apart(monkeypatch):
    def record(sentences, entities, score):
        return {"data": {"transfer": {"sentences": sentences}}, "run": {"unseen": {"test": {
            "teacher": {"macro_f1": 80.0, "entities": entities}, "student": {"macro_f1": score}}}}}

    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    told = _benchmark("wikiann29_tables")._unseen({
        "cut": record(4000, 5, 73.0), "best": record(4000, 5, 74.0),
        "alone": record(2000, 7, 57.0)})
    first, second = told
    assert "the 5 test entities" in first and "4,000" in first and "74.00" in first
    assert "the 7 test entities" in second and "2,000" in second and "57.00" in second


def test_the_first_hour_is_timed_by_readme_s_own_commands():
    readme = (ROOT / "README.md").read_text("utf-8")
    module = _benchmark("first_hour")
    demo, (own, exported) = module.readme_commands(readme)
    assert demo == "make demo"
    assert "--model_dir=runs/demo --format" in own and "--runtime=onnx_int8" in exported
    with pytest.raises(ValueError, match="1 lines with make demo and 1 that tag"):
        module.readme_commands(readme.replace(exported, ""))
    names = {"corpus": "/c", "texts": "/t.txt", "teacher": "/e5", "name": "own"}
    commands = module.own_commands(readme, **names, tags=True)
    assert commands["prepare"] == "xtremedistil-prepare --input=/c --transfer=/t.txt --output=own"
    assert commands["distil"] == (
        "python run_distillation.py --task=own --do_NER --pt_teacher=TFAutoModel "
        "--pt_teacher_checkpoint=/e5 --model_dir=runs/own")
    assert "--do_NER" not in module.own_commands(readme, **names, tags=False)["distil"]
    with pytest.raises(ValueError, match="0 lines that start with 'xtremedistil-serve'"):
        module.own_commands(readme.replace("xtremedistil-serve", "serve"), **names, tags=True)


def test_named_files_exist():
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in re.findall(r"`(flags/[\w.]+)`", readme) + re.findall(r"\]\(([\w./]+)\)", readme):
        assert (ROOT / name).exists(), name
