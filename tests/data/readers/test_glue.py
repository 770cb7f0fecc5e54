"""GLUE's original files, read as they are: headers, orders of columns, files without labels."""

import pytest

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.folders.task_features import align_task
from xtremedistil_tf.errors import UserError

COLA = ["gj04\t1\t\tThe dog \"barked.", "gj04\t0\t*\tDog the barked.", "gj04\t1\t\tIt rained."]


def write(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, lines in files.items():
        (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def read(folder, task, **options):
    (folder / "transfer.txt").write_text("It snowed .\nIt rained.\n", "utf-8")
    return read_task(DataConfig(str(folder), "transfer.txt", 16, glue_task=task,
                                **options))


@pytest.fixture
def cola(tmp_path):
    return write(tmp_path / "CoLA", train=COLA, dev=COLA[1:],
                 test=["index\tsentence", "0\tA cat sat.", "1\tsat A."])


def test_cola_has_no_header_but_in_its_test_file(cola, tokenizer):
    task = read(cola, "CoLA")
    assert task.labels.tags == ("0", "1")
    assert [(" ".join(row.words), *row.tags) for row in task.examples["train"]] == [
        ("The dog \"barked.", "1"), ("Dog the barked.", "0"), ("It rained.", "1")]
    assert [(" ".join(row.words), row.tags) for row in task.examples["test"]] == [
        ("A cat sat.", ()), ("sat A.", ())]
    assert (task.held_out, task.scored) == (("dev", "test"), ("dev",))
    features = align_task(task, tokenizer, DataConfig("t", seq_len=16, do_ner=False))
    assert features["dev"].label_ids.values.tolist() == [0, 1]
    assert len(features["test"]) == 2 and not len(features["test"].label_ids.values)
    assert any("1 of 2 sentences also stand in dev.tsv" in line for line in task.warnings)


def test_columns_are_found_by_their_names(tmp_path):
    rows = ["sentence\tlabel", "a fine film \t1", "\"dull\t0"]
    task = read(write(tmp_path / "S", train=rows, dev=rows[:2], test=["index\tsentence", "0\tx"]),
                "SST-2")
    assert [(row.words, row.tags) for row in task.examples["train"]] == [
        (("a", "fine", "film"), ("1",)), (("\"dull",), ("0",))]
    turned = ["label\tsentence", "1\ta fine film "]
    again = read(write(tmp_path / "S", dev=turned), "SST-2")
    assert again.examples["dev"] == task.examples["train"][:1]
    assert again.scored == ("dev",)


@pytest.mark.parametrize(("line", "message"), [
    ("gj04\t1\tno sentence", "dev.tsv:3: 3 columns; needed are 4: source, label, original, sent"),
    ("gj04\t2\t\tIt hailed.", "dev.tsv:3: the label is '2'; allowed: 0, 1"),
    ("gj04\t1\t\t ", "dev.tsv:3: the column sentence is empty")])
def test_broken_rows_are_told_or_skipped(cola, line, message):
    write(cola, dev=[*COLA[:2], line])
    with pytest.raises(UserError) as caught:
        read(cola, "CoLA")
    assert message in str(caught.value)
    assert len(read(cola, "CoLA", on_bad_row="skip").examples["dev"]) == 2


def test_a_file_of_another_task_is_refused(cola):
    with pytest.raises(UserError, match="train.tsv:1: the columns are gj04, 1, , The dog .*; "
                                        "needed are sentence"):
        read(cola, "SST-2")


def test_rows_that_are_left_out_keep_their_place(cola):
    write(cola, test=["index\tsentence", "0\tA cat sat.", "1\t ", "2\tsat A.", "3"])
    task = read(cola, "CoLA", on_bad_row="skip")
    assert len(task.examples["test"]) == 2
    assert task.left_out == {"train": (), "dev": (), "test": (1, 3)}


@pytest.mark.parametrize("split", ["train", "dev"])
def test_only_test_files_may_be_without_labels(cola, split):
    (cola / "labels.tsv").write_text("0\n1\n", "utf-8")
    write(cola, **{split: ["index\tsentence", "0\tA cat sat."]})
    with pytest.raises(UserError, match=f"{split}.tsv: no labels in it; needed is the column"):
        read(cola, "CoLA")


def test_the_label_of_f1_is_the_last(cola):
    (cola / "labels.tsv").write_text("1\n0\n", "utf-8")
    with pytest.raises(UserError, match="labels.tsv: the labels are 1, 0; GLUE's F1 is of the lab"):
        read(cola, "CoLA")


def test_how_a_file_is_read_is_part_of_its_fingerprint(tmp_path):
    rows = ["sentence\tlabel", "fine\t1", "dull\t0"]
    # Otherwise a label of this name is refused, as a header's.
    folder = write(tmp_path / "S", train=rows, dev=rows, test=rows, labels=["0", "1", "label"])
    by_name = read(folder, "SST-2")
    plain = read(folder, None)
    assert len(plain.examples["train"]) == 3 and len(by_name.examples["train"]) == 2
    for split in ("train", "dev"):
        assert by_name.fingerprints[split] != plain.fingerprints[split]


def test_measures_belong_to_tasks():
    def of(task, **options):
        return DataConfig("t", glue_task=task, **options)

    assert [of(task).measure for task in ("CoLA", "SST-2")] == ["matthews", "accuracy"]
    assert of("CoLA", dev_measure="accuracy").measure == "accuracy"
    with pytest.raises(UserError, match="--glue_task is 'SST2'; allowed: CoLA, MNLI, MRPC"):
        of("SST2")
    with pytest.raises(UserError, match="--do_NER tags words; --glue_task, --do_pairwise and"):
        DataConfig("t", do_ner=True, glue_task="SST-2")
    with pytest.raises(UserError, match="--do_regression does not go with --glue_task=SST-2"):
        of("SST-2", do_regression=True)


def test_a_measure_of_two_classes_needs_two(tmp_path):
    rows = ["sentence\tlabel", "fine\t1", "dull\t0", "so\t2"]
    folder = write(tmp_path / "S", train=rows, dev=rows, test=rows)
    with pytest.raises(UserError, match="--dev_measure=f1 is of two classes; the labels are 0, 1"):
        read(folder, "SST-2", dev_measure="f1")


def test_numbers_are_labels_of_a_regression(tmp_path, tokenizer):
    rows = ["one text\t2.5", "two\t-1e-1"]
    folder = write(tmp_path / "N", train=rows, dev=rows, test=rows)
    task = read(folder, None, do_regression=True)
    assert (task.labels.kind, task.labels.size, task.labels.tags) == ("regression", 1, ("score",))
    ids = align_task(task, tokenizer, DataConfig("t", seq_len=16, do_ner=False))["train"].label_ids
    assert ids.values.dtype == "float32" and ids.values.tolist() == pytest.approx([2.5, -0.1])
    for wrong in ("nan", "much"):
        write(folder, dev=[f"a text\t{wrong}"])
        with pytest.raises(UserError, match=f"the label is '{wrong}'; allowed: a number"):
            read(folder, None, do_regression=True)
