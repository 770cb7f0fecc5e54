"""Rows of two texts: the project's format, GLUE's, pieces cut longest first."""

import pytest

from tests.data.readers.test_glue import write
from xtremedistil_tf.config import DataConfig, RunConfig, StudentConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.folders.task_features import align_task
from xtremedistil_tf.data.labels import ClassSet, Numbers
from xtremedistil_tf.data.readers.pair_columns import pairs_problem
from xtremedistil_tf.data.readers.rows import Example, TextFile
from xtremedistil_tf.data.readers.texts import parse_pair_line, parse_text
from xtremedistil_tf.data.tokenization.alignment import align
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.labelled import read_labelled_rows

CLASSES = ClassSet(["no", "yes"])
MNLI = "index\tpromptID\tgenre\tsentence1\tsentence2\tlabel1\tgold_label"
MNLI_ROWS = ["0\tp\tfiction\tIt rained.\tIt was wet.\tneutral\tentailment",
             "1\tp\tletters\t\"Yes,\" she said.\tShe said no.\tneutral\tcontradiction",
             "2\tp\tletters\tHe ran.\tHe ran home.\tneutral\tneutral"]


def config(folder, **options):
    return DataConfig(str(folder), "transfer.txt", 16, **options)


@pytest.mark.parametrize(("row", "expected"), [
    ("a text\tthe  other\tyes", Example(("a", "text"), ("yes",), "default", ("the", "other"))),
    ("x\ty\tde:no", Example(("x",), ("no",), "de", ("y",)))])
def test_rows(row, expected):
    assert parse_text(row, CLASSES, pairs=True) == (expected, {})
    assert expected.text.split("\t")[1] == " ".join(expected.second)


@pytest.mark.parametrize(("row", "message"), [
    ("x\tyes", "2 columns; needed are 3: two texts and their label"),
    ("x\t \tyes", "the second text is empty"),
    ("x\ty\tperhaps", "the label is 'perhaps'; allowed")])
def test_unusable_rows(row, message):
    with pytest.raises(UserError, match=message):
        parse_text(row, CLASSES, pairs=True)


def test_transfer_text_is_pairs_too(tmp_path):
    rows = ["a b\tc d\tyes", "e\tf\tno"]
    folder = write(tmp_path / "task", train=rows, dev=rows, test=rows[:1])
    (folder / "transfer.txt").write_text("a b\tc d\n\ng\th\tlabel that nobody reads\n", "utf-8")
    task = read_task(config(folder, do_pairwise=True))
    assert [row.texts for row in task.transfer] == [(("a", "b"), ("c", "d")), (("g",), ("h",))]
    assert task.transfer_rows == 2 and task.transfer_words == 6
    assert any("1 of 2 sentences also stand in dev.tsv" in line for line in task.warnings)
    sampled = read_task(config(folder, do_pairwise=True, transfer_size=1))
    assert [len(row.texts) for row in sampled.transfer] == [2]
    (folder / "transfer.txt").write_text("a\tb\njust one\n", "utf-8")
    with pytest.raises(UserError, match=r"transfer.txt:2: 1 column; needed are 2: a text, a tab"):
        read_task(config(folder, do_pairwise=True))
    skipped = TextFile(folder / "transfer.txt", on_bad_row="skip", parse=parse_pair_line)
    assert [row.second for row in skipped] == [("b",)]


@pytest.mark.parametrize(("rows", "told"), [
    (["0\tA x\tB y", "1\tC\tD z", "1\tE\tF"], "has numbers or labels in its column 1 \\('0'\\)"),
    (["yes\tA x", "no\tC", "yes\tE"], "has numbers or labels in its column 1 \\('yes'\\)"),
    (["A x\tno\tB", "C\tno\tD", "E\tyes\tF"], "has numbers or labels in its column 2"),
    (["sentence1\tsentence2", "A x\tB y"], "begins with a header \\('sentence1, sentence2'\\)"),
    (["id\tpremise\thypothesis", "1\tA x\tB y"], "begins with a header"),
    (["en\tA x\tB y", "en\tC c\tD z", "de\tE e\tF f"], "has three columns of texts"),
    (['"A x"\t"B"', '"C"\t"D"', '"E"\t"F"'], "has cells in quotes"),
    (['"A ""x"""\tB', "C\tD", "E\tF"], "has cells in quotes"),
])
def test_other_columns_than_two_texts_are_told(tmp_path, rows, told):
    own = ["a b\tc d\tyes", "e\tf\tno"]
    folder = write(tmp_path / "task", train=own, dev=own, test=own)
    (folder / "transfer.txt").write_text("\n".join(rows) + "\n", "utf-8")
    with pytest.raises(UserError, match=f"transfer.txt {told}.*; needed are two texts a line"):
        read_task(config(folder, do_pairwise=True))
    read = read_task(config(folder, do_pairwise=True, on_bad_row="skip"))
    assert read.transfer_rows == len(rows) and any("it is read as it is" in line
                                                   for line in read.warnings)


@pytest.mark.parametrize("rows", [
    ["A x\tB y\tentailment", "C\tD z\t-", "E\tF\tneutral"], ["A\t1", "C\tD", "E\tF"],
    ["A x\tfood\tvery good", "C\tfood\tvery bad", "E\tfood\tvery bad", "F\tx\tvery bad"],
    ['"Yes," she said.\tHe', 'C\t"D"', "E\tF"], ["question\tanswered", "42\t43", "text\tbook"],
    ["A x\tB y\t0.5", "C\tD z\t3", "E\tF\t2"], ["1984\tA book"]])
def test_pairs_are_read_as_they_are(tmp_path, rows):
    own = ["a b\tc d\tyes", "e\tf\tno"]
    folder = write(tmp_path / "task", train=own, dev=own, test=own)
    (folder / "transfer.txt").write_text("\n".join(rows) + "\n", "utf-8")
    found = read_task(config(folder, do_pairwise=True))
    assert [row.text.split("\t") for row in found.transfer] == [
        row.split("\t")[:2] for row in rows]


STEMS = ("iphone", "covid-", "galaxy", "windows", "channel", "boeing", "area", "catch")


@pytest.mark.parametrize(("first", "told"), [
    ([f"{stem}{at}" for at, stem in enumerate(STEMS)], None),
    ([f"train{at}" for at in range(8)], "has ids or addresses in its column 1 ('train0')"),
    ([f"{'abcdefgh'[at]}{at}" for at in range(8)], "has ids or addresses in its column 1 ('a0')")])
def test_words_with_a_number_behind_are_no_ids(first, told):
    problem = pairs_problem([f"{one}\tphone {at}" for at, one in enumerate(first)], ())
    assert problem == (told and f"{told}, where a text is needed")


def test_mnli_has_two_dev_files(tmp_path, tokenizer):
    unlabelled = ["\t".join(line.split("\t")[:5]) for line in (MNLI, *MNLI_ROWS)]
    folder = write(tmp_path / "MNLI", train=[MNLI, *MNLI_ROWS], dev_matched=[MNLI, *MNLI_ROWS[:2]],
                   dev_mismatched=[MNLI, *MNLI_ROWS[2:]], test_matched=unlabelled,
                   test_mismatched=unlabelled[:2])
    options = {"glue_task": "MNLI"}
    data = DataConfig(str(folder), "train.tsv", 16, **options)
    task = read_task(data)
    assert task.labels.tags == ("contradiction", "entailment", "neutral")
    assert task.scored == ("dev", "dev_mismatched")
    assert set(task.held_out) == {"dev", "test", "dev_mismatched", "test_mismatched"}
    assert task.examples["dev"][1].text == "\"Yes,\" she said.\tShe said no."
    # A file of GLUE's own as transfer text is read by its columns, its labels are not.
    assert [(row.text, row.tags) for row in task.transfer][2] == ("He ran.\tHe ran home.", ())
    features = align_task(task, tokenizer, data)
    assert [len(features[split]) for split in ("dev", "dev_mismatched", "test")] == [2, 1, 3]


@pytest.mark.parametrize(("task", "header", "row", "texts", "label"), [
    ("MRPC", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String", "1\t7\t8\tOne.\tTwo.", "One.\tTwo.",
     "1"),
    ("QQP", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", "4\t5\t6\tWhy?\tHow?\t0",
     "Why?\tHow?", "0"),
    ("QNLI", "index\tquestion\tsentence\tlabel", "0\tWhy?\tSo.\tnot_entailment", "Why?\tSo.",
     "not_entailment"),
    ("RTE", "index\tsentence1\tsentence2\tlabel", "0\tA.\tB.\tentailment", "A.\tB.", "entailment"),
    ("WNLI", "index\tsentence1\tsentence2\tlabel", "0\tA.\tB.\t1", "A.\tB.", "1"),
    ("STS-B", "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\t"
     "score", "0\tnews\tf\t2012\t0001\tnone\tnone\tA cat.\tThe cat.\t3.800", "A cat.\tThe cat.",
     "3.800")])
def test_columns_of_the_tasks_of_pairs(tmp_path, task, header, row, texts, label):
    other = row.rsplit("\t", 1)[0] + "\t" + {"0": "1", "1": "0"}.get(label, "other")
    if task == "MRPC":
        other = "0" + row[1:]
    if task == "STS-B":
        other = row
    lines = [header, row, other]
    folder = write(tmp_path / "T", train=lines, dev=lines, test=lines[:2])
    found = read_task(DataConfig(str(folder), "train.tsv", 16, glue_task=task))
    (example,) = found.examples["test"]
    assert (example.text, example.tags) == (texts, (label,))
    assert found.scored == ("dev", "test")  # This test file has labels.


def test_what_says_that_rows_are_pairs():
    def of(**options):
        return DataConfig("t", **options)

    assert [of(glue_task=name).pairs for name in ("MRPC", "SST-2", None)] == [True, False, False]
    assert (of(glue_task="STS-B").kind, of(glue_task="STS-B").measure) == ("regression", "pearson")
    assert [of(glue_task=name).measure for name in ("MRPC", "QQP", "MNLI")] == [
        "f1", "f1", "accuracy"]
    with pytest.raises(UserError, match="--do_pairwise does not go with --glue_task=CoLA"):
        of(glue_task="CoLA", do_pairwise=True)
    siamese = StudentConfig(pair_encoding="siamese")
    assert RunConfig(of(do_pairwise=True), student=siamese).data.pairs
    with pytest.raises(UserError, match="--pair_encoding=siamese is for rows of two texts"):
        RunConfig(of(), student=siamese)
    with pytest.raises(UserError, match="--do_NER tags words; --glue_task, --do_pairwise"):
        DataConfig("t", do_ner=True, do_pairwise=True)


def pair(first, second):
    return Example((".",) * first, ("yes",), "default", (".",) * second)


def test_pairs_are_cut_longest_first(tokenizer):
    assert len(tokenizer(".")["input_ids"]) == 3
    rows = [pair(2, 30), pair(30, 1), pair(30, 30), pair(31, 30), pair(4, 9)]
    kept = [(2, 11), (12, 1), (6, 7), (7, 6), (4, 9)]
    features = align(tokenizer, rows, 16, CLASSES)
    for row, (first, second) in zip(features.input_ids, kept):
        assert [at for at, piece in enumerate(row) if piece == tokenizer.sep_token_id] == [
            first + 1, first + second + 2]
    words = sum(len(row.words) + len(row.second) for row in rows)
    assert features.counts["words"] == words and features.counts["cut_sentences"] == 4
    assert features.counts["cut_words"] == words - sum(map(sum, kept))
    assert features.counts["empty_words"] == 0


def test_the_dev_split_is_read_again_for_an_export(tmp_path):
    folder = write(tmp_path / "MNLI", dev_matched=[MNLI, *MNLI_ROWS], dev=["a\tb\tyes"])
    classes = ClassSet(["contradiction", "entailment", "neutral"])
    rows, _ = read_labelled_rows(folder, classes, split="dev", pairs=True, glue_task="MNLI")
    assert rows[0].text == "It rained.\tIt was wet."
    rows, _ = read_labelled_rows(folder, CLASSES, split="dev", pairs=True)
    assert [row.texts for row in rows] == [(("a",), ("b",))]
    write(folder, dev=["a b\t1.5"])
    assert read_labelled_rows(folder, Numbers(), split="dev")[0][0].tags == ("1.5",)


@pytest.mark.parametrize("none", ["-", "-1", "hidden", ""])
def test_rows_without_a_gold_label_are_left_out_and_counted(tmp_path, none):
    rows = [MNLI, *MNLI_ROWS, f"3\tp\tletters\tHe sat.\tHe ran.\tneutral\t{none}"]
    splits = {split: rows for split in (
        "train", "dev_matched", "dev_mismatched", "test_matched", "test_mismatched")}
    write(tmp_path / "MNLI", **splits)
    (tmp_path / "MNLI" / "transfer.txt").write_text("a\tb\n")
    task = read_task(config(tmp_path / "MNLI", glue_task="MNLI"))
    assert task.labels.tags == ("contradiction", "entailment", "neutral")
    assert {len(found) for found in task.examples.values()} == {3}
    assert task.left_out["train"] == (3,)
    assert any("train.tsv: 1 rows without a gold label (such as '-' or '-1') left out" in line
               for line in task.warnings)


@pytest.mark.parametrize(("name", "label", "header"), [
    ("SST-2", "-1", "sentence\tlabel"), ("STS-B", "-1.0", "sentence1\tsentence2\tscore")])
def test_a_test_file_whose_labels_are_none_is_unlabelled(tmp_path, name, label, header):
    texts = "It rained.\tIt hailed." if name == "STS-B" else "It rained."
    rows = [header, f"{texts}\t1", f"{texts}\t0"]
    write(tmp_path / "T", train=rows, dev=rows, test=[header, f"{texts}\t{label}"])
    task = read_task(DataConfig(str(tmp_path / "T"), "train.tsv", 16, glue_task=name))
    assert task.examples["test"][0].tags == () and task.scored == ("dev",)
    write(tmp_path / "T", dev=[header, f"{texts}\t{label}"])
    with pytest.raises(UserError, match="dev.tsv: no labels in it"):
        read_task(DataConfig(str(tmp_path / "T"), "train.tsv", 16, glue_task=name))


@pytest.mark.parametrize("none", ["-", "-1"])
@pytest.mark.parametrize("listed", [False, True])
def test_a_dash_is_a_class_of_pairs_only_where_labels_name_it(tmp_path, none, listed):
    tags = ("yes", "no", none) if listed else ("no", "yes")
    classes = "\n".join(tags) if listed else None
    rows = ["x\ty\tyes", "x\tz\tno", f"x\tw\t{none}"]
    write(tmp_path / "nli", train=rows, dev=rows, test=rows)
    if classes:
        (tmp_path / "nli" / "labels.tsv").write_text(classes)
    task = read_task(config(tmp_path / "nli", do_pairwise=True), with_transfer=False)
    assert task.labels.tags == tags
    assert len(task.examples["test"]) == len(tags)


def test_minus_one_is_a_class_of_pairs_beside_numbers(tmp_path):
    rows = ["x\ty\t0", "x\tz\t1", "x\tw\t-1"]
    write(tmp_path / "nli", train=rows, dev=rows, test=rows)
    task = read_task(config(tmp_path / "nli", do_pairwise=True), with_transfer=False)
    assert task.labels.tags == ("-1", "0", "1") and len(task.examples["train"]) == 3
