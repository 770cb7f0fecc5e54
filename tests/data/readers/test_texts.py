"""Labelled texts: rows, label sets with and without labels.tsv, one label a row in batches."""

import dataclasses

import numpy as np
import pytest

from tests.conftest import write_texts
from xtremedistil_tf.config import BatchSize, DataConfig
from xtremedistil_tf.data.folders.task import describe, read_task
from xtremedistil_tf.data.folders.task_features import align_task
from xtremedistil_tf.data.labels import ClassSet
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.pipelines.batches import labelled_batches
from xtremedistil_tf.data.pipelines.buckets import count_steps, plan_batches
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.readers.texts import parse_several, parse_text, read_texts
from xtremedistil_tf.data.tokenization.alignment import Features, align
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.shares import Share

TOPICS = ClassSet(["Sci/Tech", "en:World", "no news"])


@pytest.mark.parametrize(("row", "expected"), [
    ("A  text .\tno news", Example(("A", "text", "."), ("no news",))),
    ("x\tde:Sci/Tech", Example(("x",), ("Sci/Tech",), "de")),
    ("x\ten:World ", Example(("x",), ("en:World",))),  # A label of the set is no prefix.
    ("x\tfr:en:World", Example(("x",), ("en:World",), "fr")),
])
def test_rows(row, expected):
    assert parse_text(row, TOPICS) == (expected, {})


@pytest.mark.parametrize(("row", "message"), [
    ("a text without a label", "1 column; needed are 2: a text, a tab, its label"),
    ("one\ttwo\tno news", "3 columns; needed are 2"),
    (" \tno news", "no text before the tab"),
    ("x\t ", "no label behind the tab"),
    ("x\tSports", "the label is 'Sports'; allowed: Sci/Tech, en:World, no news"),
])
def test_unusable_rows_are_told_with_file_and_line(row, message, tmp_path):
    (tmp_path / "dev.tsv").write_text(f"fine\tno news\n{row}\n", "utf-8")
    with pytest.raises(UserError) as caught:
        read_texts(tmp_path / "dev.tsv", TOPICS)
    assert f"dev.tsv:2: {message}" in str(caught.value)
    rows, report = read_texts(tmp_path / "dev.tsv", TOPICS, on_bad_row="skip")
    assert len(rows) == 1 and report.counts["skipped_rows"] == 1


def write_labels(folder, labels):
    """A task without labels.tsv whose rows have these labels in turn."""
    write_texts(folder)
    (folder / "labels.tsv").unlink()
    for split in ("train", "dev", "test"):
        rows = [f"{split} {at}\t{label}\n" for at, label in enumerate(labels * 3)]
        (folder / f"{split}.tsv").write_text("".join(rows), "utf-8")
    return DataConfig(str(folder), "transfer.txt", 24, do_ner=False)


@pytest.mark.parametrize("labels", [["LOC:other", "NUM:other", "HUM:ind"], ["topic:a", "topic:b"]])
def test_a_prefix_that_is_no_language_is_refused_where_no_file_names_the_labels(labels, tmp_path):
    config = write_labels(tmp_path / "task", labels)
    with pytest.raises(UserError) as caught:
        read_task(config)
    prefix = labels[0].split(":")[0]
    assert str(caught.value).startswith(
        f"{tmp_path}/task/train.tsv:1: the label is '{labels[0]}', and '{prefix}' is no language "
        "code such as de or pt-br; if it belongs to the label, name all labels in labels.tsv")
    (tmp_path / "task" / "labels.tsv").write_text("\n".join(labels) + "\n", "utf-8")
    task = read_task(config)
    assert task.labels.tags == tuple(labels) and not task.warnings
    assert {row.language for row in task.examples["train"]} == {"default"}


def test_languages_are_told_where_no_file_names_the_labels(tmp_path):
    config = write_labels(tmp_path / "task", ["de:good", "pt-br:bad", "bad"])
    task = read_task(config)
    assert task.labels.tags == ("bad", "good")
    (told,) = [line for line in task.warnings if "colon" in line]
    assert "was read as its language (de, pt-br); if it belongs to the label" in told
    (tmp_path / "task" / "labels.tsv").write_text("good\nbad\n", "utf-8")
    assert not any("colon" in line for line in read_task(config).warnings)


def test_a_label_that_is_not_known_is_told_whole():
    with pytest.raises(UserError, match="the label is 'LOC:other'; allowed: Sci/Tech"):
        parse_text("x\tLOC:other", TOPICS)


@pytest.mark.parametrize(("names", "order"), [
    (["10", "9", "1", "9"], ("1", "9", "10")), (["b", "a", "10"], ("10", "a", "b"))])
def test_labels_that_were_seen_are_sorted(names, order):
    assert ClassSet.seen(names).tags == order


@pytest.mark.parametrize(("names", "message"), [
    (["a", "b", "a"], "labels repeat"), (["a"], "only the label a; at least two")])
def test_what_is_no_set_of_classes(names, message):
    with pytest.raises(UserError, match=message):
        ClassSet(names)


def config(task, **changes):
    return DataConfig(str(task), "transfer.txt", 16, **changes)


def test_without_labels_tsv_the_labels_are_trains(tmp_path):
    task = write_texts(tmp_path / "task")
    listed = read_task(config(task))
    (task / "labels.tsv").unlink()
    found = read_task(config(task))
    assert found.labels.tags == ("business", "culture", "science", "sports") == listed.labels.tags
    before = found.fingerprints["labels"]
    train = (task / "train.tsv").read_text("utf-8")
    (task / "train.tsv").write_text(train + "something new\tweather\n", "utf-8")
    assert read_task(config(task)).fingerprints["labels"] != before
    (task / "train.tsv").write_text("a\tb\nc\tb\n", "utf-8")
    with pytest.raises(UserError, match="train.tsv: only the label b"):
        read_task(config(task))


@pytest.mark.parametrize(("header", "refused"), [
    ("text\tlabel", True), ("review\tSentiment", True), ("Text\tRubrik", False)])
def test_a_header_that_became_a_class_is_told(tmp_path, header, refused):
    task = write_texts(tmp_path / "task")
    (task / "labels.tsv").unlink()
    for split in ("train", "dev", "test"):
        rows = (task / f"{split}.tsv").read_text("utf-8")
        (task / f"{split}.tsv").write_text(f"{header}\n{rows}", "utf-8")
    label = header.split("\t")[1]
    if refused:
        with pytest.raises(UserError, match=f"train.tsv:1: looks like a header, whose label is "
                           f"'{label}'; take the line out, or name all labels"):
            read_task(config(task))
    else:
        assert any(f"the label '{label}' stands in first rows only" in line
                   for line in read_task(config(task)).warnings)
    with open(task / "dev.tsv", "a", encoding="utf-8") as file:
        file.write(f"wet\t{label}\n")
    assert not any("first rows" in line for line in read_task(config(task)).warnings)


def test_labels_of_the_tasks_own_rows_are_no_transfer_text(tmp_path):
    task = write_texts(tmp_path / "task")
    rows = read_task(config(task)).examples["train"]
    own = read_task(dataclasses.replace(config(task), transfer_file="train.tsv"))
    assert [row.words for row in own.transfer] == [row.words for row in rows]
    # Of another file of the same rows nobody knows that it is labelled.
    (task / "copy.txt").write_bytes((task / "train.tsv").read_bytes())
    with pytest.raises(UserError, match="looks like a table with tabs .* keep the column of its"):
        read_task(dataclasses.replace(config(task), transfer_file="copy.txt"))


def test_labels_of_dev_that_train_lacks_are_told(tmp_path):
    task = write_texts(tmp_path / "task")
    (task / "labels.tsv").unlink()
    with open(task / "dev.tsv", "a", encoding="utf-8") as file:
        file.write("wet\tweather\n")
    with pytest.raises(UserError, match=r"dev.tsv:25: the label is 'weather'; allowed: business"):
        read_task(config(task))


@pytest.mark.parametrize(("do_ner", "measure", "ok"), [
    (False, "macro_f1", True), (True, "accuracy", False), (False, "micro_f1", False)])
def test_the_dev_measure_belongs_to_the_kind_of_task(do_ner, measure, ok):
    if ok:
        assert DataConfig("t", do_ner=do_ner, dev_measure=measure).measure == measure
        assert DataConfig("t", do_ner=do_ner).measure == "accuracy"
    else:
        with pytest.raises(UserError, match=f"--dev_measure is '{measure}'; allowed"):
            DataConfig("t", do_ner=do_ner, dev_measure=measure)


def test_features_have_one_label_a_row(tmp_path, tokenizer):
    data = config(write_texts(tmp_path / "task"))
    task = read_task(data)
    features = align_task(task, tokenizer, data)["train"]
    assert features.pooled and features.label_ids.lengths.tolist() == [1] * 24
    assert [task.labels.tags[label] for label in features.label_ids.values] == [
        row.tags[0] for row in task.examples["train"]]
    assert features.input_ids.lengths.max() == 16 and features.counts["cut_words"] > 0
    told = describe(task, counts={"dev": features.counts})["warnings"]
    assert any("lie beyond seq_len and are not used" in line for line in told)


def test_a_text_has_the_pieces_of_the_whole_string(tokenizer):
    text = "Der Zug hielt.  (Neu!) in «Bonn»"
    (row,) = align(tokenizer, [parse_text(f"{text}\tno news", TOPICS)[0]], 64, TOPICS).input_ids
    assert row.tolist() == tokenizer(text)["input_ids"]


def rows_of(lengths):
    """Rows whose label is their first piece."""
    ids = [[row, *range(5, 4 + length)] for row, length in enumerate(lengths)]
    return Features(Ragged.of(ids), Ragged.of([[row] for row in range(len(ids))]),
                    Ragged.of([[] for _ in ids]), ["x"] * len(ids), None, {}, True)


@pytest.mark.parametrize("replicas", [1, 2])
def test_batches_have_one_target_a_row(replicas):
    features = rows_of([3, 12, 4, 5, 9, 3, 7, 8, 12])
    seen = []
    for replica in range(replicas):
        batches = list(labelled_batches(features, BatchSize(2), 0,
                                        share=Share(replicas, replica, 1)))
        assert len(batches) == count_steps(features.input_ids.lengths, BatchSize(2),
                                           replicas=replicas)
        for inputs, targets in batches:
            assert targets["labels"].shape == targets["mask"].shape == (
                inputs["input_ids"].shape[0], 1)
            counted = targets["mask"].numpy()[:, 0] > 0
            assert (targets["labels"].numpy()[:, 0] == inputs["input_ids"].numpy()[:, 0]).all()
            seen += targets["labels"].numpy()[counted, 0].tolist()
    assert sorted(seen) == list(range(9))


def test_long_texts_waste_little():
    lengths = np.clip(np.random.default_rng(0).lognormal(4.6, 0.8, 4000), 3, 512).astype(int)
    padded = sum(len(rows) * lengths[rows].max()
                 for rows in plan_batches(lengths, BatchSize(64), 0))
    assert lengths.sum() / padded > 0.9 > 0.4 > lengths.sum() / (512 * len(lengths))


@pytest.mark.parametrize("label", ["1,0,0", "de:0,0", "0.8,0.2", "true,false,true"])
def test_a_number_for_each_label_is_no_several_labels(label):
    with pytest.raises(RowError, match="a number for each label of the task"):
        parse_several(f"He ran.\t{label}", None)
    assert parse_several("He ran.\t3,1,12", None)[0].tags == ("3", "1", "12")
