"""The parts of each kind of task: bootstrap scores, errors, files of predictions."""

import json

import numpy as np
import pytest

from xtremedistil_tf.data.labels import ClassSet, LabelSet, Numbers, Spans
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.several_labels import SeveralLabels
from xtremedistil_tf.data.tags import BioesSet, WordTags
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.kinds import answers, classes, numbers, tags
from xtremedistil_tf.metrics.answer_spans import Answer, Span
from xtremedistil_tf.metrics.significance import difference
from xtremedistil_tf.metrics.uncertainty.resampling import draw_weights, resample
from xtremedistil_tf.tasks import TASKS

TAGS = LabelSet(["O", "B-PER", "I-PER", "B-LOC"])


def _draw(kind):
    """Rows of each kind: (label set, gold, answers of two models)."""
    draw = np.random.default_rng(3)
    if kind == "tagging":
        def sentence():
            return list(TAGS.repair([TAGS.tags[at] for at in draw.integers(0, 4, 5)])[0])
        return TAGS, *([sentence() for _ in range(40)] for _ in range(3))
    if kind == "bioes_tagging":
        labels = BioesSet(["O", "B-X", "I-X", "E-X", "S-X"])
        return labels, *([list(labels.repair([labels.tags[at] for at in row])[0])
                          for row in draw.integers(0, 5, (40, 5))] for _ in range(3))
    if kind == "word_tagging":
        names = ("DET", "NOUN", "VERB")
        return WordTags(names), *([[names[at] for at in row]
                                   for row in draw.integers(0, 3, (40, 4))] for _ in range(3))
    if kind == "multilabel":
        names = ("a", "b", "c")
        return SeveralLabels(names), *(
            [[name for name, given in zip(names, row) if given] for row in drawn]
            for drawn in draw.integers(0, 2, (3, 40, 3)))
    if kind == "classification":
        return ClassSet(["no", "yes"]), *(
            [[("no", "yes")[at]] for at in draw.integers(0, 2, 40)] for _ in range(3))
    if kind == "regression":
        return Numbers(), *([[str(value)] for value in draw.normal(size=40)] for _ in range(3))
    words = ["", "Bonn", "in Bonn", "Rome"]
    found = [[Answer((Span(words[at], 0.0, 0, 4),), 1.0 if not at else -1.0)
              for at in draw.integers(0, 4, 40)] for _ in range(2)]
    return Spans(), [[words[at]] if at else [] for at in draw.integers(0, 4, 40)], *found


@pytest.mark.parametrize("kind", TASKS)
def test_each_row_once_gives_the_scores_of_the_whole(kind):
    """And so does each row twice, and a row alone that of the row alone."""
    record = TASKS[kind]
    labels, gold, first, second = _draw(kind)
    languages = ["de"] * 25 + ["en"] * 15
    scored = record.judging.resampled(gold, [first, second], languages, labels)
    found = scored(np.stack([np.ones(40), np.full(40, 2.0)]))
    assert set(found) & set(record.measures)
    for place, answered in enumerate((first, second)):
        whole = record.score(gold, answered, languages, labels.tags)
        for name, scores in found.items():
            assert scores[:, place] == pytest.approx([whole[name]] * 2, abs=1e-6), name
    drawn = resample(scored, languages, 130)
    assert all(one.shape == (130, 2) for one in drawn.values())
    assert all(sum(weights[:, :25].sum(axis=1) == 25) == len(weights)
               for weights in draw_weights(languages, 130))


@pytest.mark.parametrize("kind", TASKS)
def test_a_right_row_has_no_error(kind):
    judging = TASKS[kind].judging
    labels, gold, first, _ = _draw(kind)
    sizes = [judging.error_size(true, own) for true, own in zip(gold, first)]
    assert 0 < sum(size > 0 for size in sizes)
    if judging.unit_right is not None:
        right = [judging.unit_right(true, own) for true, own in zip(gold, first)]
        assert [own.all() for own in right] == [size == 0 for size in sizes]


def test_a_difference_that_is_always_there_is_significant():
    drawn = np.stack([np.zeros(99), np.ones(99)], axis=1)
    assert difference([0.0, 1.0], drawn) == {"value": 1.0, "low": 1.0, "high": 1.0, "p": 0.02}


def test_predictions_are_read_in_the_forms_that_predict_writes(tmp_path):
    path = tmp_path / "p"
    rows = [Example(("Anna", "Weber"), ("B-PER", "I-PER"), "de"), Example(("Bonn",), ("O",))]
    path.write_text("Anna Weber\tde:B-PER de:I-PER\n\nBonn\tB-LOC\n", "utf-8")
    assert tags.read_predictions(path, rows, TAGS) == ([["B-PER", "I-PER"], ["B-LOC"]], None)
    assert tags.show_answer(rows[0], ["B-PER", "I-PER"]) == "PER: Anna Weber"
    labels = ClassSet(["a", "b:c"])
    path.write_text('{"label": "a", "score": 0.9}\n{"label": "b:c", "score": 0.5}\n', "utf-8")
    found, sure = classes.read_predictions(path, rows, labels)
    assert found == [["a"], ["b:c"]] and [float(one[0]) for one in sure] == [0.9, 0.5]
    path.write_text("Anna Weber\tde:a\nBonn\tb:c\n", "utf-8")
    assert classes.read_predictions(path, rows, labels) == ([["a"], ["b:c"]], None)
    path.write_text("1.5\n-2\n", "utf-8")
    assert numbers.read_predictions(path, rows, Numbers())[0] == [["1.5"], ["-2"]]
    asked = [Question("q1", "Where?", "in Bonn", ("Bonn",), 3), Question("q2", "Who?", "no one")]
    path.write_text(json.dumps({"q2": "", "q1": "Bonn"}), "utf-8")
    assert [one.text for one in answers.read_predictions(path, asked, Spans())[0]] == ["Bonn", ""]


@pytest.mark.parametrize("text, why", [
    ("a\n", "has 1 predictions; the labelled file has 2 rows"),
    ("Anna Weber\ta\nRome\ta\n", r"p:2: the text is 'Rome'; in the labelled file this row is"),
    ("a\nc\n", "p:2: the label is 'c'; allowed: a, b"),
    ('{"label": "a"}\n{"tag": "a"}\n', "p:2: no 'label' in it; it has tag"),
])
def test_what_are_no_predictions_of_these_rows_is_told_with_its_line(tmp_path, text, why):
    rows = [Example(("Anna", "Weber"), ("a",)), Example(("Bonn",), ("b",))]
    (tmp_path / "p").write_text(text, "utf-8")
    with pytest.raises(UserError, match=why):
        classes.read_predictions(tmp_path / "p", rows, ClassSet(["a", "b"]))


def test_the_worst_rows_of_a_run_come_first():
    from xtremedistil_tf.data.readers.rows import Example
    from xtremedistil_tf.evaluation.worst import worst_rows
    from xtremedistil_tf.tasks import task_kind

    rows = [Example(("Anna", "lacht"), ("B-PER", "O"), "de"),
            Example(("Bonn", "grüßt", "Anna"), ("B-LOC", "O", "B-PER"), "de"),
            Example(("Paul",), ("B-PER",), "de")]
    student = [["O", "O"], ["O", "B-LOC", "B-LOC"], ["B-PER"]]
    found = worst_rows(task_kind("tagging"), rows, {"student": student, "teacher": [
        ["B-PER", "O"], ["B-LOC", "O", "B-PER"], ["B-PER"]]})
    assert [row["row"] for row in found] == [2, 1]
    assert found[0] == {"row": 2, "language": "de", "text": "Bonn grüßt Anna",
                        "gold": "LOC: Bonn; PER: Anna", "student": "LOC: grüßt; LOC: Anna",
                        "teacher": "LOC: Bonn; PER: Anna"}
    assert worst_rows(task_kind("tagging"), rows, {"student": student}, most=1) == [
        {name: value for name, value in found[0].items() if name != "teacher"}]
