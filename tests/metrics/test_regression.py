"""Scores of numbers, the two-class measures of GLUE, and what is written for its server."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from xtremedistil_tf.apps.showcase import show_numbered
from xtremedistil_tf.data.labels import number_text
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.metrics.classification import score_labels
from xtremedistil_tf.metrics.prediction_files import write_submission
from xtremedistil_tf.metrics.regression import score_numbers
from xtremedistil_tf.tasks import TASKS

GOLD = [["0.0"], ["2.5"], ["3"], ["5.0"], ["3"]]
FOUND = [["0.5"], ["1.25"], ["4.0"], ["3.9"], ["-1"]]


def test_correlations_are_scipys():
    scores = score_numbers(GOLD, FOUND, ["de", "de", "de", "en", "en"])
    true, found = (np.array(rows, float)[:, 0] for rows in (GOLD, FOUND))
    assert scores["pearson"] == pytest.approx(100 * pearsonr(true, found)[0])
    assert scores["spearman"] == pytest.approx(100 * spearmanr(true, found)[0])
    assert scores["languages"]["de"]["pearson"] == pytest.approx(
        100 * pearsonr(true[:3], found[:3])[0])
    assert scores["languages"]["en"]["support"] == 2


def test_a_model_that_always_says_the_same_correlates_with_nothing():
    assert score_numbers(GOLD, [["2.0"]] * 5, ["x"] * 5)["pearson"] == 0
    assert score_numbers(GOLD[:1], FOUND[:1], ["x"])["spearman"] == 0


def test_two_classes_have_f1_of_the_second_and_matthews():
    gold = [["no"], ["no"], ["no"], ["yes"], ["yes"]]
    found = [["no"], ["no"], ["yes"], ["yes"], ["no"]]
    scores = score_labels(gold, found, ["x"] * 5, ("no", "yes"))
    # Of "yes": 1 right, 1 of 2 found, 1 of 2 gold; (1*2 - 1*1) / sqrt(2*2*3*3).
    assert scores["f1"] == pytest.approx(50) and scores["matthews"] == pytest.approx(100 / 6)
    turned = score_labels(gold, found, ["x"] * 5, ("yes", "no"))
    assert turned["f1"] == pytest.approx(100 * 2 / 3)
    assert score_labels(gold, [["no"]] * 5, ["x"] * 5, ("no", "yes"))["matthews"] == 0
    assert "f1" not in score_labels(gold, found, ["x"] * 5, ("no", "yes", "perhaps"))
    assert TASKS["classification"].describe(scores).endswith("F1 50.00, Matthews 16.67")


@pytest.mark.parametrize(("task", "split", "name"), [
    ("CoLA", "test", "CoLA.tsv"), ("MNLI", "test", "MNLI-m.tsv"),
    ("MNLI", "test_mismatched", "MNLI-mm.tsv")])
def test_predictions_for_the_server(tmp_path, task, split, name):
    path = write_submission(tmp_path / "glue", task, split, [["b"], ["a"]])
    assert path == tmp_path / "glue" / name
    assert path.read_text("utf-8") == "index\tprediction\n0\tb\n1\ta\n"


def test_the_server_gets_a_line_for_rows_that_could_not_be_read(tmp_path):
    path = write_submission(tmp_path, "CoLA", "test", [["b"], ["a"], ["b"]], left_out=[0, 2, 5])
    assert path.read_text("utf-8").split("\n")[1:-1] == [
        "0\tb", "1\tb", "2\tb", "3\ta", "4\tb", "5\tb"]
    path = write_submission(tmp_path, "STS-B", "test", [["10.5"], ["9.0"], ["-1"]], left_out=[3])
    assert path.read_text("utf-8").endswith("2\t-1\n3\t9.0\n")


def test_small_numbers_are_scored_as_the_model_gives_them():
    gold = np.random.default_rng(0).uniform(0, 1e-4, 200)
    found = (gold + 1e-6 * np.random.default_rng(1).normal(size=200)).astype(np.float32)
    scores = score_numbers([[repr(number)] for number in gold.tolist()],
                           [[number_text(number)] for number in found], ["x"] * 200)
    assert scores["pearson"] == pytest.approx(100 * pearsonr(gold, found)[0], abs=1e-6)
    assert [number_text(number) for number in (0.5, np.float32(2.6), -3)] == ["0.5", "2.6", "-3.0"]


def test_lines_of_numbers(tmp_path):
    rows = [Example(("a", "text"), ("1.5",))]
    TASKS["regression"].write(tmp_path, "dev", "student", rows, [["1.2500"]])
    assert (tmp_path / "dev.student.tsv").read_text("utf-8") == "a text\t1.2500\n"


def test_numbers_are_shown_from_lowest_to_highest(tmp_path):
    path = tmp_path / "test.student.tsv"
    path.write_text("".join(f"text {n}\t{n * 7 % 30}.5000\n" for n in range(30)), "utf-8")
    shown = [float(line.split()[0]) for line in show_numbered(path, most=5).splitlines()]
    assert shown == sorted(shown) and len(shown) == 5 and shown[0] == 0.5
