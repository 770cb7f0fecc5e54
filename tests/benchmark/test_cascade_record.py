"""The record of cascades: what a point gives back, runs of tags and of texts side by side."""

import importlib
import json

import pytest

from tests.conftest import ROOT
from xtremedistil_tf.errors import UserError

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
METRICS = {"student": {"parameters": 10, "fitted_on_dev": {
    "temperature": 1.5, "calibration": {"before": 0.04, "after": 0.02, "bins": []}}},
    "teacher": {"parameters": 100}}


@pytest.fixture(name="cascade")
def _cascade(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("cascade")


def _evaluation(kind, measure, teacher=90.0):
    scores = [80.0 + (teacher - 80.0) * share for share in SHARES]
    return {"kind": kind, "measure": measure, "data": {"name": "task, test", "rows": 20},
            "models": [{"calibration": {"error": 0.011}}, {"calibration": {"error": 0.05}}],
            "cascade": [{"share": share, "below": share, "score": score}
                        for share, score in zip(SHARES, scores)]}


def test_runs_of_tags_and_of_texts_stand_in_one_table(cascade, tmp_path, monkeypatch):
    parts = {"wikiann8": cascade.part_of(_evaluation("tagging", "macro_f1"), METRICS, "wikiann8"),
             "sst2": cascade.part_of(_evaluation("classification", "accuracy"), METRICS, "sst2")}
    assert parts["sst2"]["data"] == "sst2, test"  # Not the folder's name, which may be "task".
    assert parts["sst2"]["parameters"] == {"student": 10, "teacher": 100}
    assert parts["sst2"]["calibration_dev"] == {"before": 0.04, "after": 0.02}
    assert [point["returned"] for point in parts["sst2"]["cascade"]] == pytest.approx(SHARES)
    machine = {"commit": "1" * 40, "processor": "p", "tensorflow": "2"}
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "cascade.json").write_text(json.dumps({
        name: {"note": f"Of {name}.", "machine": machine, **part}
        for name, part in parts.items()}), "utf-8")
    monkeypatch.setattr(importlib.import_module("machine"), "ROOT", tmp_path)
    table = importlib.import_module("cascade_tables").cascade_table()
    told = "80.00 | 80.50 | 81.00 | 82.00 | 83.00 | 85.00 | 90.00 | 20 % of the loss | 0.011 |"
    assert f"| wikiann8, test | macro-F1 | {told} 0.050 |" in table
    assert f"| sst2, test | accuracy | {told} 0.050 |" in table
    assert "Of wikiann8. sst2, test: commit 1111111111, p, TensorFlow 2. Of sst2." in table


def test_a_student_as_good_as_its_teacher_lost_nothing(cascade):
    found = cascade.part_of(_evaluation("classification", "accuracy", 80.0), METRICS, "sst2")
    assert {point["returned"] for point in found["cascade"]} == {None}


def test_answers_without_probabilities_have_no_cascade(cascade):
    evaluation = _evaluation("regression", "pearson")
    del evaluation["cascade"]
    with pytest.raises(UserError, match="a student of regression has no calibrated prob"):
        cascade.part_of(evaluation, METRICS, "stsb")
