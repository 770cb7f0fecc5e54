"""Texts with several labels: files, scores, thresholds."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from xtremedistil_tf.config import DataConfig, DistilConfig, RunConfig
from xtremedistil_tf.data.folders.labelled import read_texts_of_several
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.several_labels import SeveralLabels
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.kinds.several import read_predictions
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.inference.classifier import Classified, TextClassifier
from xtremedistil_tf.inference.lines import ClassifiedLine
from xtremedistil_tf.metrics.prediction_files import write_labelled, write_labelled_gold
from xtremedistil_tf.metrics.several.scores import (
    counts_by_label,
    score_several,
    several_details,
)
from xtremedistil_tf.metrics.significance import compare_runs
from xtremedistil_tf.metrics.uncertainty.temperature import best_thresholds

NAMES = ("a", "b", "c")


def test_scores_are_scikit_learns():
    draw = np.random.default_rng(2)
    gold, found = ([[name for name, own in zip(NAMES, row) if own] for row in rows]
                   for rows in draw.integers(0, 2, (2, 50, 3)))
    scores = score_several(gold, found, ["de"] * 20 + ["en"] * 30, NAMES)
    there, own = counts_by_label(gold, NAMES), counts_by_label(found, NAMES)
    assert scores["micro_f1"] == pytest.approx(100 * f1_score(there, own, average="micro"))
    assert scores["macro_f1"] == pytest.approx(100 * f1_score(there, own, average="macro"))
    assert scores["exact"] == pytest.approx(100 * np.mean((there == own).all(axis=1)))
    assert scores["languages"]["en"]["micro_f1"] == pytest.approx(
        100 * f1_score(there[20:], own[20:], average="micro"))
    details = several_details(gold, found, ["de"] * 50, SeveralLabels(NAMES))
    assert [details["classes"][name]["f1"] for name in NAMES] == pytest.approx(
        list(100 * f1_score(there, own, average=None)))


def test_a_folder_of_several_labels_is_read(tmp_path):
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.tsv").write_text("x y\ten:b, a\nz\t\nw\ta\n", "utf-8")
    config = DataConfig(str(tmp_path), do_multilabel=True)
    task = read_task(config, with_transfer=False)
    assert task.labels.tags == ("a", "b") and config.measure == "micro_f1"
    assert [row.tags for row in task.examples["dev"]] == [("b", "a"), (), ("a",)]
    assert task.examples["dev"][0].language == "en"
    assert task.labels.encode(["b"]) == [0, 1]
    (tmp_path / "dev.tsv").write_text("x\ta,d\n", "utf-8")
    with pytest.raises(UserError, match="dev.tsv:1: the label is 'd'; allowed: a, b"):
        read_task(config, with_transfer=False)


def test_a_runs_own_files_are_read_by_all(tmp_path):
    labels = SeveralLabels(("a", "b", "art: old"))
    rows = [Example(("x",), ("a", "b"), "de"), Example(("y",), (), "de"), Example(("z",)),
            Example(("w",), ("art: old", "a"))]
    for run in ("one", "other"):
        folder = tmp_path / run
        write_labelled(folder / "predictions", "test", "student", rows, [row.tags for row in rows])
        write_labelled_gold(folder / "predictions", "test", rows)
        write_json(folder / "metrics.json", {"kind": "multilabel", "student": {}})
        write_json(folder / "config.json", {"version": "0.2.0", "config": {}, "files": {},
                                            "labels": labels.tags})
    path = tmp_path / "one" / "predictions" / "test.student.tsv"
    assert path.read_text("utf-8") == "x\tde:a,b\ny\tde:\nz\t\nw\tart: old,a\n"
    read, _ = read_texts_of_several(path, labels, DataConfig("t", do_multilabel=True))
    assert read == rows
    assert read_predictions(path, rows, labels)[0] == [["a", "b"], [], [], ["art: old", "a"]]
    # F1 is 100 only if the row without labels has none.
    path.write_text("x\tde:a,b\ny\tde:a\nz\t\nw\tart: old,a\n", "utf-8")
    _, german, default = compare_runs(tmp_path / "one", tmp_path / "other", "test", 50)
    assert (german.name, german.sentences, german.second) == ("de", 2, 100)
    assert german.first == pytest.approx(80) and default.first == 100


def test_a_row_of_a_file_of_labels_alone_may_be_empty(tmp_path):
    rows = [Example((word,)) for word in "xyz"]
    path, labels = tmp_path / "p", SeveralLabels(NAMES)
    path.write_text("a\n\nb,c\n", "utf-8")
    assert read_predictions(path, rows, labels)[0] == [["a"], [], ["b", "c"]]
    path.write_text("x\ta\n\ny\t\nz\tb\n", "utf-8")
    assert read_predictions(path, rows, labels)[0] == [["a"], [], ["b"]]


@pytest.mark.parametrize("settings, why", [
    ({"do_ner": True}, "--do_multilabel gives a text several labels; --do_NER"),
    ({"glue_task": "CoLA"}, "--do_multilabel gives a text several labels"),
])
def test_other_tasks_exclude_it(settings, why):
    with pytest.raises(UserError, match=why):
        DataConfig("t", do_multilabel=True, **settings)


def test_losses_of_a_softmax_are_not_for_labels_that_are_each_for_itself():
    several = DataConfig("t", do_multilabel=True)
    RunConfig(several, distil=DistilConfig(logits_loss="bce", temperature=2.0))
    with pytest.raises(UserError, match="is 'kld'; allowed for multilabel: mse, bce"):
        RunConfig(several, distil=DistilConfig(logits_loss="kld"))
    with pytest.raises(UserError, match="'bce', which is for several labels a text"):
        RunConfig(DataConfig("t"), distil=DistilConfig(logits_loss="bce"))


def test_each_label_gets_the_threshold_with_its_best_f1():
    scores = np.array([[0.9, 0.3, 0.2, 0.6], [0.7, 0.2, 0.1, 0.6], [0.4, 0.1, 0.1, 0.6],
                       [0.2, 0.1, 0.1, 0.1]])
    gold = np.array([[1, 1, 0, 1], [1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
    # 0.5 is best; it is too high; nothing to learn from; equal scores cannot be parted.
    assert best_thresholds(scores, gold) == [0.5, pytest.approx(0.15), 0.5, 0.5]
    rare = np.array([[3e-7], [1e-7], [5e-8]], np.float32)
    assert best_thresholds(rare, np.array([[1], [0], [0]])) == [pytest.approx(2e-7)]


def test_labels_above_their_thresholds_are_given():
    class Two(TextClassifier):
        kind, labels, thresholds = "multilabel", ("a", "b"), (0.5, 0.2)

        def classify(self, texts):
            return [Classified(np.array([0.4, 0.3], np.float32)) for _ in texts]

    assert Two()("x") == {"labels": ["b"], "scores": {
        "a": pytest.approx(0.4), "b": pytest.approx(0.3)}}
    (line,) = Two().read_lines(["x"])
    assert isinstance(line, ClassifiedLine) and line.row("tsv") == "x\tb"
    assert line.record() == {"text": "x", "labels": ["b"], "scores": {"a": 0.4, "b": 0.3}}
    assert SeveralLabels(NAMES).adjusted({"thresholds": [0.1, 0.2, 0.3]}).thresholds == (
        0.1, 0.2, 0.3)
