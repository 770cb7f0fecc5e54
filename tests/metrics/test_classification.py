"""Scores of classifiers, and what report, figures and model card make of them."""

import numpy as np
import pytest

from tests.reporting.test_model_card import RECORD
from tests.reporting.test_plots import read_picture
from tests.reporting.test_report import make_metrics, row
from xtremedistil_tf.data.labels import ClassSet
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.metrics import classification
from xtremedistil_tf.metrics.classification import class_details, predict_labels, score_labels
from xtremedistil_tf.reporting import class_tables as classes
from xtremedistil_tf.reporting import plots, report
from xtremedistil_tf.reporting.model_card import render_model_card
from xtremedistil_tf.tasks import TASKS

LABELS = ClassSet(["neg", "pos", "mixed"])
GOLD = [["pos"], ["pos"], ["neg"], ["neg"], ["neg"], ["pos"]]
FOUND = [["pos"], ["neg"], ["neg"], ["neg"], ["mixed"], ["pos"]]
LANGUAGES = ["de", "de", "de", "en", "en", "en"]


def test_accuracy_and_macro_f1_over_the_classes_that_occur():
    scores = score_labels(GOLD, FOUND, LANGUAGES)
    assert scores["accuracy"] == pytest.approx(100 * 4 / 6)
    # neg: 2 of 3 found, 2 of 3 gold; pos: 2 of 2 found, 2 of 3 gold; mixed: never gold.
    assert scores["macro_f1"] == pytest.approx(100 * (2 / 3 + 4 / 5 + 0) / 3)
    assert scores["languages"]["de"] == {
        "accuracy": pytest.approx(100 * 2 / 3), "support": 3,
        "macro_f1": pytest.approx(100 * (2 / 3 + 2 / 3) / 2)}
    assert list(scores["languages"]) == ["de", "en"]


def test_details_stand_in_the_order_of_the_labels():
    details = class_details(GOLD, FOUND, ["en"] * len(GOLD), LABELS)
    assert list(details["classes"]) == ["neg", "pos", "mixed"]
    assert details["classes"]["pos"] == {
        "precision": 100.0, "recall": pytest.approx(100 * 2 / 3), "f1": pytest.approx(80.0),
        "support": 3}
    assert details["confusion"] == [[2, 0, 1], [1, 2, 0], [0, 0, 0]]


def test_a_matrix_that_nobody_can_read_is_not_kept(monkeypatch):
    monkeypatch.setattr(classification, "MOST_CONFUSED", 2)
    assert "confusion" not in class_details(GOLD, FOUND, ["en"] * len(GOLD), LABELS)


def test_predictions_keep_the_order_of_the_rows():
    class Backwards:
        def batches(self, input_ids):
            for at in (2, 1, 0):
                yield [at], [2], {"logits": np.eye(3, dtype=np.float32)[None, input_ids[at][:1]]}

    rows = [[1, 9], [2, 9], [0, 9]]
    features = Features(Ragged.of(rows), Ragged.of([[0]] * 3), Ragged.of([[]] * 3), [""] * 3, None,
                        {}, True)
    assert predict_labels(Backwards(), features, LABELS) == [["pos"], ["mixed"], ["neg"]]


def test_lines_of_predictions_can_be_read_again(tmp_path):
    rows = [Example(("a", "text"), ("pos",)), Example(("a",), ("pos",), "de")]
    TASKS["classification"].write(tmp_path, "dev", "student", rows, [["neg"], ["neg"]])
    TASKS["classification"].write_gold(tmp_path, "dev", rows)
    assert (tmp_path / "dev.student.tsv").read_text("utf-8") == "a text\tneg\na\tde:neg\n"
    assert (tmp_path / "dev.gold.tsv").read_text("utf-8") == "a text\tpos\na\tde:pos\n"


def test_scores_as_text():
    scores = score_labels(GOLD, FOUND, LANGUAGES)
    assert TASKS["classification"].describe(scores) == "accuracy 66.67, macro-F1 48.89"
    tagged = {"macro_f1": 50.0, "micro_f1": 60.0, "std_f1": 1.0, "languages": {"de": {}, "en": {}}}
    assert TASKS["tagging"].describe(tagged) == (
        "macro-F1 50.00, micro-F1 60.00, std 1.00 over 2 languages")


def class_scores(base, languages=("default",)):
    """Scores around `base`, the accuracy apart from macro-F1."""
    return {"accuracy": base, "macro_f1": base - 7,
            "languages": {code: {"accuracy": base, "macro_f1": base - 7, "support": 70}
                          for code in languages},
            "classes": {name: {"precision": base, "recall": base, "f1": base + place,
                               "support": 35} for place, name in enumerate(("neg", "pos"))},
            "confusion": [[30, 5], [2, 33]]}


@pytest.fixture
def metrics():
    made = make_metrics(class_scores)
    made.update(kind="classification", measure="accuracy", version="1")
    made["teacher"]["layer"], made["student"]["vocabulary"] = 7, 12
    return made


def test_the_report_is_about_the_measure_that_chose(metrics):
    text = report.render_report(metrics, {})
    assert "| Model | Parameters | dev accuracy | test accuracy | test macro-F1 |" in text
    assert row(text, "Teacher: big-teacher")[2:] == ["90.00", "80.00", "73.00"]
    assert "93.75 % of the teacher's test accuracy." in text and "dev accuracy |" in text
    assert row(text, "pos") == ["pos", "35", "81.00", "76.00", "-5.00", "75.00", "75.00"]
    assert "std" not in text and "Language by language" not in text and "paper" not in text
    assert report.teacher_student_table(metrics).splitlines()[-1].endswith("test accuracy.")


def test_languages_are_listed_where_they_are_given(metrics):
    metrics["teacher"]["test"] = class_scores(80.0, ("de", "en"))
    metrics["student"]["test"] = class_scores(75.0, ("de", "en"))
    text = report.render_report(metrics, {})
    assert row(text, "de") == ["de", "70", "80.00", "75.00", "-5.00"]
    assert "Student accuracy" in text


def test_the_confusion_is_drawn_for_both_models(metrics, tmp_path, monkeypatch):
    drawn = []
    original = classes.save
    monkeypatch.setattr(classes, "save", lambda figure, path: (drawn.append(figure),
                                                               original(figure, path)))
    report.write_report(tmp_path, {**metrics, "stages": []}, {})
    assert "(plots/confusion.png)" in (tmp_path / "report.md").read_text("utf-8")
    (figure,) = drawn
    teacher, student = figure.axes[:2]
    assert (teacher.get_title(), student.get_title()) == ("teacher, test", "student, test")
    assert [text.get_text() for text in student.texts] == ["30", "5", "2", "33"]
    np.testing.assert_allclose(student.images[0].get_array(), [[6 / 7, 1 / 7], [2 / 35, 33 / 35]])
    target = tmp_path / "alone" / "confusion.png"
    classes.plot_confusion(metrics, target)
    read_picture(target)


def test_the_stages_are_drawn_by_the_measure(metrics, tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(plots, "save", lambda figure, path: figures.append(figure))
    plots.plot_stages(metrics, tmp_path / "stages.png")
    axis = figures[0].axes[0]
    assert axis.get_ylabel() == "dev accuracy (0-100)"
    assert list(axis.get_lines()[0].get_ydata())[:2] == [40.0, 41.0]


def test_the_model_card_speaks_of_texts(metrics):
    record = {**RECORD, "tags": ["neg", "pos"], "student": {**RECORD["student"], "pooling": "max"}}
    text = render_model_card(metrics, record, 1, {})
    assert "pipeline_tag: text-classification" in text and "named-entity" not in text
    assert "A text classifier, distilled" in text and "of its largest values" in text
    assert "keeps 93.75 % of its teacher's accuracy" in text
    assert "| **accuracy** |  | 80.00 | 75.00 |" in text
    assert "| pos | 35 | 81.00 | 76.00 |" in text
    assert "Weakest classes by test F1: neg (75.00), pos (76.00)." in text
    assert "a text is cut there" in text and "classifier = xtremedistil_tf.load" in text
