"""The cascade: the teacher is asked where the student is unsure, and nowhere else."""

import numpy as np
import pytest

from xtremedistil_tf.data.labels import ClassSet
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.cascades import cascade_curve
from xtremedistil_tf.inference.cascade import Cascade
from xtremedistil_tf.inference.classifier import Classified, TextClassifier
from xtremedistil_tf.inference.lines import AnsweredLine, ClassifiedLine, TaggedLine
from xtremedistil_tf.tasks import TASKS


class Told(TextClassifier):
    """Says b with the probability that the text is, and counts what it was asked."""

    def __init__(self, labels=("a", "b")):
        self.labels, self.asked = labels, []

    def classify(self, texts):
        self.asked += texts
        return [Classified(np.array([1 - float(text), float(text)])) for text in texts]


class Teacher(Told):
    """Always says a."""

    def classify(self, texts):
        self.asked += texts
        return [Classified(np.array([1.0, 0.0])) for _ in texts]


def test_unsure_lines_go_to_the_teacher():
    teacher = Teacher()
    model = Cascade(Told(), teacher, 0.8)
    lines = model.read_lines(["0.9", "0.6", "0.75", "0.1"])
    assert [line.found["label"] for line in lines] == ["b", "a", "a", "a"]
    assert teacher.asked == ["0.6", "0.75"] and (model.asked, model.total) == (2, 4)
    answers, sure = model.predict_scored([Example(("0.9",)), Example(("0.7",))])
    assert answers == [["b"], ["a"]] and [float(one[0]) for one in sure] == [0.9, 1.0]
    with pytest.raises(UserError, match="different labels: a, b and a, c"):
        Cascade(Told(), Told(("a", "c")), 0.5)


def test_every_kind_of_line_says_how_sure_it_is():
    tagged = TaggedLine("a b", [(("a", 0, 1), "O", 0.9), (("b", 2, 3), "B-X", 0.4)])
    assert tagged.sure == 0.4 and TaggedLine("", []).sure == 1.0
    assert ClassifiedLine("a", {"label": "x", "score": 0.7, "scores": {"x": 0.7}}).sure == 0.7
    assert ClassifiedLine("a", {"labels": [], "scores": {"x": 0.1, "y": 0.45}}).sure == 0.55
    assert ClassifiedLine("a", {"score": 3.5}).sure == 1.0  # A regression.
    assert AnsweredLine("q", "q", {"answer": "x", "score": 0.3}).sure == 0.3


def test_the_curve_goes_from_one_model_to_the_other():
    labels = ClassSet(["a", "b"])
    rows = [Example((str(at),), ("a" if at else "b",)) for at in range(20)]
    student = [["b" if at < 10 else "a"] for at in range(20)]
    teacher = [["a" if at else "b"] for at in range(20)]
    sure = [np.array([0.5 + at / 100]) for at in range(20)]  # It errs where it is unsure.
    points = cascade_curve(TASKS["classification"], rows, [student, teacher], sure, labels,
                           "accuracy")
    assert [one["score"] for one in points] == pytest.approx(
        [55, 55, 60, 70, 80, 100, 100, 100])
    assert points[3]["share"] == 0.2 and points[3]["below"] == pytest.approx(0.54)
    assert sum(float(own[0]) < points[3]["below"] for own in sure) == 4


def test_the_curve_has_no_shares_that_no_threshold_reaches():
    rows = [Example((str(at),), ("a" if at % 2 else "b",)) for at in range(10)]
    answers = [["b" if at % 2 else "a"] for at in range(10)], [row.tags for row in rows]
    sure = [np.array([0.3 if at < 3 else 1.0], np.float32) for at in range(10)]
    points = cascade_curve(TASKS["classification"], rows, answers, sure, ClassSet(["a", "b"]),
                           "accuracy")
    assert points[0] == {"share": 0.0, "below": 0.0, "score": 0.0}
    assert points[-1] == {"share": 0.3, "below": 1.0, "score": pytest.approx(30)}
    assert len({one["share"] for one in points}) == len(points)
    for one in points:
        assert one["share"] == sum(own[0] < one["below"] for own in sure) / 10
