"""Files of teacher outputs that say something else than they seem to: what is told or refused."""

import pytest

from tests.data.outputs.test_outputs import write
from xtremedistil_tf.data.outputs.reader import read_outputs
from xtremedistil_tf.errors import UserError


@pytest.mark.parametrize("label", [
    '```json\n{"label": "pos"}\n```', "```\npos\n```", '{"label": "pos"}', "['pos', 'neg']",
    "<answer>pos</answer>", "pos\nThe text is friendly.", {"```pos```": 0.9}])
def test_a_whole_answer_is_no_label(tmp_path, label):
    key = "probabilities" if isinstance(label, dict) else "label"
    path = write(tmp_path, {"text": "Fine", "label": "neg"}, {"text": "Good", key: label})
    with pytest.raises(UserError, match=r"outputs.jsonl:2: the label .* is a whole answer"):
        read_outputs(path, pooled=True)


@pytest.mark.parametrize("label", ["pos\n", "[other]", "{other}", "<unk>", "C++", "a `word`"])
def test_marks_may_stand_in_labels(tmp_path, label):
    path = write(tmp_path, {"text": "Fine", "label": "neg"}, {"text": "Good", "label": label})
    assert read_outputs(path, pooled=True).names == ("neg", label.strip())


def told(tmp_path, caplog, rows, *, pooled=True):
    path = write(tmp_path, *rows)
    read_outputs(path, pooled=pooled)
    assert all(line.startswith(f"{path}: ") for line in caplog.messages)
    return [line[len(f"{path}: "):] for line in caplog.messages]


@pytest.mark.parametrize(("labels", "doubtful"), [
    (["Positive", "positive", "POSITIVE."], True), (["very good", "very_good"], True),
    (["C", "C++", "C#"], False), (["1", "-1"], False), (["11", "1 1"], False),
    (["good", "goods"], False)])
def test_labels_that_look_alike_are_told(tmp_path, caplog, labels, doubtful):
    found = told(tmp_path, caplog, (
        {"text": f"text {n}", "label": labels[n % len(labels)]} for n in range(30)))
    assert [" look alike, but are different classes" in line for line in found] == [True] * doubtful


@pytest.mark.parametrize(("labels", "doubtful"), [(30, True), (8, False), (1, False)])
def test_a_label_for_each_text_is_told(tmp_path, caplog, labels, doubtful):
    found = told(tmp_path, caplog, (
        {"text": f"text {n}", "label": f"topic {n % labels}"} for n in range(30)))
    assert [line.startswith("30 of 30 labels stand in one row each, such as 'topic 0'")
            for line in found] == [True] * doubtful


@pytest.mark.parametrize(("score", "doubtful"), [
    (85, True), ("0.9", True), ("high", True), (0.9, False), (1, False), (None, False)])
def test_a_score_that_is_no_probability_is_told(tmp_path, caplog, score, doubtful):
    said = {"label": "a", "score": score}
    found = told(tmp_path, caplog, [{"text": "Good", **said}, {"text": "Bad", "label": "b"},
                                    {"text": "Fine", "annotators": [said]}])
    assert [line.startswith("2 labels with a score that is no probability above 0 and up to 1, "
                            f"such as {score!r}:") for line in found] == [True] * doubtful


@pytest.mark.parametrize(("last", "more", "doubtful"), [
    (-1, {}, True), (0, {}, False), (-1, {"score": 0.9}, False)])
def test_spans_whose_ends_are_inside_are_told(tmp_path, caplog, last, more, doubtful):
    rows = [{"text": f"w{n} Anna ran", "spans": [{
        "start": len(f"w{n} "), "end": len(f"w{n} Anna") + last, "label": "PER", **more}]}
        for n in range(20)]
    found = told(tmp_path, caplog, rows, pooled=False)
    assert [line.startswith("20 of 20 spans begin or end inside a word")
            for line in found] == [True] * doubtful
