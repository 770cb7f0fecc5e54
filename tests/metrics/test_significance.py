"""Paired bootstrap: equal runs do not differ, better ones do, scores are those of the report."""

import types

import numpy as np
import pytest

from xtremedistil_tf.cli import compare
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.metrics.significance import compare_runs, paired_bootstrap
from xtremedistil_tf.metrics.tagging import score_tags

TAGS = ["O", "B-PER", "I-PER", "B-LOC"]


def sentences(count, seed):
    generator = np.random.default_rng(seed)
    gold = [[str(tag) for tag in generator.choice(TAGS, 6)] for _ in range(count)]
    return gold, ["de" if row % 2 else "en" for row in range(count)]


def worsened(gold, share, seed):
    generator = np.random.default_rng(seed)
    return [["O" if generator.random() < share else tag for tag in tags] for tags in gold]


def write_run(folder, gold, predicted, languages):
    for who, rows in (("gold", gold), ("student", predicted)):
        lines = ["w " * 6 + "\t" + " ".join(f"{language}:{tag}" for tag in tags)
                 for tags, language in zip(rows, languages)]
        path = folder / "predictions" / f"test.{who}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", "utf-8")
    write_json(folder / "metrics.json", {"kind": "tagging", "student": {}})
    return folder


@pytest.fixture
def runs(tmp_path):
    gold, languages = sentences(120, 1)
    bad, good = worsened(gold, 0.5, 2), worsened(gold, 0.2, 3)
    return (write_run(tmp_path / "a", gold, bad, languages),
            write_run(tmp_path / "b", gold, good, languages), gold, bad, languages)


def test_a_better_run_is_told_from_a_worse_one(runs):
    first, second, gold, bad, languages = runs
    mean, *by_language = compare_runs(first, second, "test", 500)
    assert mean.name == "macro" and [row.name for row in by_language] == ["de", "en"]
    assert mean.second > mean.first and 0 < mean.low < mean.second - mean.first < mean.high
    assert mean.p < 0.01
    assert mean.first == pytest.approx(score_tags(gold, bad, languages)["macro_f1"])
    back = compare_runs(second, first, "test", 500)[0]
    assert back.high < 0 and back.p < 0.01


def test_the_command_removes_what_a_killed_one_left(runs, tmp_path, monkeypatch, capsys):
    path = tmp_path / "out" / "found.json"
    path.parent.mkdir()
    path.with_name(".tmp-12-found.json").touch()
    monkeypatch.setattr(compare, "FLAGS", types.SimpleNamespace(
        split="test", samples=100, output=str(path)))
    compare.main(*map(str, runs[:2]))
    assert list(path.parent.iterdir()) == [path] and len(read_json(path)["rows"]) == 3
    assert "| macro |" in capsys.readouterr().out


def test_classes_with_colons_and_spaces_are_whole(tmp_path):
    gold = ["econ:news", "art:news", "no news"]
    for name, answers in (("a", ["art:news", "art:news", "no news"]),
                          ("b", gold)):
        folder = tmp_path / name / "predictions"
        folder.mkdir(parents=True)
        for who, labels in (("gold", gold), ("student", answers)):
            (folder / f"test.{who}.tsv").write_text(
                "".join(f"text {at}\t{label}\n" for at, label in enumerate(labels)), "utf-8")
        write_json(tmp_path / name / "metrics.json", {"kind": "classification", "student": {}})
        write_json(tmp_path / name / "config.json",
                   {"version": "0.2.0", "config": {}, "files": {}, "labels": gold})
    mean, one = compare_runs(tmp_path / "a", tmp_path / "b", "test", 50)
    assert (mean.first, mean.second) == (pytest.approx(200 / 3), 100)
    assert one.name == "default" and one.sentences == 3


def test_predictions_that_lost_rows_are_refused(runs):
    path = runs[1] / "predictions" / "test.student.tsv"
    path.write_text("\n".join(path.read_text("utf-8").split("\n")[:50]) + "\n", "utf-8")
    with pytest.raises(UserError, match="b/predictions/test.student.tsv has 50 rows, which are"):
        compare_runs(*runs[:2], "test", 50)


def test_a_run_does_not_differ_from_itself(runs):
    for row in compare_runs(runs[0], runs[0], "test", 200):
        assert (row.low, row.high, row.p) == (0.0, 0.0, 1.0)


def test_the_interval_has_the_width_of_theory():
    # Accuracy 0.5 against 0.5, independent: the standard error of the difference is known.
    generator = np.random.default_rng(0)
    right = generator.integers(0, 2, (2000, 2))
    counts = np.stack([right, np.ones_like(right), np.ones_like(right)], axis=-1)
    (mean, _) = paired_bootstrap({"default": counts}, 2000)
    assert mean.high - mean.low == pytest.approx(2 * 1.96 * 100 * (0.5 / 2000) ** 0.5, rel=0.1)


def test_the_seeds_of_a_line_are_averaged(runs, tmp_path):
    first, second, gold, bad, languages = runs
    line = tmp_path / "line"
    write_run(line / "seed_1", gold, bad, languages)
    write_run(line / "seed_2", gold, worsened(gold, 0.2, 3), languages)
    mean = compare_runs(first, line, "test", 200)[0]
    one, other = (compare_runs(first, run, "test", 200)[0].second for run in (first, second))
    assert mean.second == pytest.approx((one + other) / 2) and mean.first == pytest.approx(one)
    assert compare_runs(line, line, "test", 200)[0].p == 1.0


def test_runs_on_other_sentences_or_unfinished_are_refused(runs, tmp_path):
    first, _, gold, bad, languages = runs
    other = write_run(tmp_path / "c", gold[1:], bad[1:], languages[1:])
    with pytest.raises(UserError, match="different test sentences or labels"):
        compare_runs(first, other, "test", 100)
    with pytest.raises(UserError, match="d is no finished run"):
        compare_runs(first, tmp_path / "d", "test", 100)
