"""What distillation was worth: an interval of the run's own measure, for every kind of task."""

import types

import pytest

from tests.conformance.kinds import TASK_CASES
from xtremedistil_tf.config import DataConfig, DistilConfig, RunConfig
from xtremedistil_tf.data.labels import ClassSet, Numbers, label_set
from xtremedistil_tf.jobs import alone as module
from xtremedistil_tf.jobs.alone import plan_alone, train_alone, worth
from xtremedistil_tf.metrics.answer_spans import Answer, Span
from xtremedistil_tf.tasks import TASKS
from xtremedistil_tf.training.plans import build_plan


def _prepared(labels, gold, languages, scored=("dev", "test")):
    features = types.SimpleNamespace(tags=gold, row_languages=languages)
    return types.SimpleNamespace(
        task=types.SimpleNamespace(labels=labels, scored=scored),
        features={split: features for split in scored})


def _answer(text):
    return Answer((Span(text, 1.0, 0, len(text)),), 0.0)


def test_answers_have_an_interval_of_their_own_measure():
    gold = [("in Bonn",), ("Porto", "in Porto")] * 10
    alone = {"test": [_answer("Tver")] * 20}
    student = {"test": [_answer("Bonn"), _answer("Porto")] * 10}
    prepared = _prepared(label_set("spans", ("start", "end")), gold, ["en", "sw"] * 10)
    found = worth(prepared, "f1", alone, student)
    # Of two words one is right: F1 is 2/3.
    assert found["alone"] == 0 and found["student"] == pytest.approx(100 * (2 / 3 + 1) / 2)
    assert found["split"] == "test" and found["difference"] == found["student"]
    # Questions are drawn within their language, and each has the same score there.
    assert found["low"] == pytest.approx(found["student"]) == found["high"]
    exact = worth(prepared, "exact", alone, student)
    assert (exact["alone"], exact["student"]) == (0.0, 50.0)
    # Its threshold is chosen on all questions at once.
    assert worth(prepared, "best_f1", alone, student) is None


def test_the_interval_is_of_all_rows_if_the_measure_is():
    # 9 rows of de, of which distillation gains all, and 1 of en, which it loses.
    labels, gold = ClassSet(["no", "yes"]), [["yes"]] * 10
    languages = ["de"] * 9 + ["en"]
    alone = {"dev": [["no"]] * 9 + [["yes"]]}
    student = {"dev": [["yes"]] * 9 + [["no"]]}
    found = worth(_prepared(labels, gold, languages, ("dev",)), "accuracy", alone, student)
    assert found["split"] == "dev"
    assert (found["alone"], found["student"], found["difference"]) == (10.0, 90.0, 80.0)
    assert worth(_prepared(labels, gold, languages, ()), "accuracy", alone, student) is None


def test_numbers_have_one_too():
    gold = [[str(value)] for value in range(12)]
    alone = {"dev": [[str((value * 7) % 12)] for value in range(12)]}
    found = worth(_prepared(Numbers(), gold, ["en"] * 12, ("dev",)), "pearson", alone,
                  {"dev": gold})
    assert found["student"] == pytest.approx(100.0)
    assert found["low"] <= found["difference"] <= found["high"] and found["low"] > 0


def test_a_student_alone_has_no_second_head():
    config = RunConfig(DataConfig("t", do_ner=True), distil=DistilConfig(label_head="own"))
    plan = build_plan(config.student.trained_layers, config.distil)
    (stage,) = plan_alone(config, plan)
    assert stage.fresh == ()
    assert stage.epochs == sum(one.epochs for one in plan if one.data == "train")


def test_every_kind_that_comes_with_the_package_can_be_compared():
    assert not [name for name in TASK_CASES if TASKS[name].judging is None]


def test_thresholds_are_fitted_on_it_as_on_the_distilled_student(monkeypatch, tmp_path):
    record = {"name": "01_labels", "epochs": 2, "best_epoch": 1, "seconds": 1.0}
    student = types.SimpleNamespace(model="alone", trained=None, registry=None)
    for name, value in (("start_student", student), ("student_feed", None), ("load_weights", None),
                        ("plan_alone", ()), ("Forward", None), ("Trainer", types.SimpleNamespace(
                            run_plan=lambda plan: [record]))):
        monkeypatch.setattr(module, name, lambda *args, value=value, **more: value)
    monkeypatch.setattr(module, "fit_on_dev", lambda prepared, student: {
        "thresholds": [0.1, 0.9]} if student.model == "alone" else {})
    monkeypatch.setattr(module, "answers_of", lambda task, rows, forward, labels: labels.thresholds)
    prepared = types.SimpleNamespace(task=types.SimpleNamespace(labels=label_set(
        "multilabel", ("a", "b"))), features={}, vocabulary=types.SimpleNamespace(table=None))
    config = types.SimpleNamespace(seed=1, distil=types.SimpleNamespace(
        optimizer="adam", language_exponent=None))
    found = train_alone(config, prepared, None, (), tmp_path)
    assert list(found.answers) == [0.1, 0.9] and found.record["epochs"] == 2
