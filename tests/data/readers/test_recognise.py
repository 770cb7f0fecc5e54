"""Forms of files are told by their content."""

import dataclasses

import pytest

from tests.conftest import write_task
from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.corpora.check import check_task
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.readers.recognise import recognise, split_fields
from xtremedistil_tf.errors import UserError

WORDS = ["The", "visitor", "saw", "Oslo", ".", "", "It", "rained", "."]


@pytest.mark.parametrize(("lines", "form"), [
    (WORDS, "words"),
    ([word for word in WORDS if word], "words"),  # The full stops tell.
    (["東", "京", "は", "。", "晴", "れ", "。"], "words"),
    (["Berlin", "Paris", "Rome"], "text"),  # Titles.
    (["他来了。", "她走了！", "天气好。"], "text"),
    (["นายกรัฐมนตรีเดินทางไปกรุงเทพ", "วันนี้ฝนตก", "เขามา"], "text"),
    (['"3","A headline","A text."'], "csv"),
    (["id,text", "1,It rained.", "2,He came."], "csv"),
    (["id,review", '1,"Two', 'lines."', '2,"Two, too:', "this one.", '"'], "csv"),
    (['"Yes," he said.', '"No, no," she', "said."], "text"),
    (["Yes, he said.", "No, she said.", "It rained, then."], "text"),
    (["a good film\tpos", "a bad film\tneg", "so so\tneg"], "table"),
    (["one\ttwo", "It rained."], "text"),
    (['{"text": "It rained."}'], "jsonl"),
    (["[", "  {", '    "text": "It rained."', "  }", "]"], "jsonl"),
    (['[{"text": "It rained."}]'], "jsonl"),
    (['["It rained.", {"entities": []}]'], "jsonl"),
    (["[1]", "This is a footnote ."], "text"),
    (["[[File:x.png]] shows it .", "So it does ."], "text"),
    (["1\tAnna\tB-PER\t-\tann", "2\tran\tO\t-\t-"], "columns"),
    (["Sentence: 1,Anna,NNP,B-PER", ",ran,VBD,O"], "columns"),
    (["B-ACTOR\tbrad", "O\tin"], "columns"),
    (["The DT", "cat NN", "sat VB", ". .", "", "It PRP", "was VB", "so RB", ". ."], "columns"),
    (["O menino viu", "O gato", "A casa ."], "text"),
    (["Paul left .\ten:B-PER en:O en:O"], "tsv"),
    (["__label__pos A text.", "__label__neg Another one.", "__label__pos A third."], "prefixed"),
    (["1", "00:00:01,000 --> 00:00:02,000", "A text.", "", "2"], "subtitles"),
    (["<p>A text.</p>", "<p>Another.</p>", "</div>"], "markup"),
    (["The", *["went", "to", "town."] * 9], "words"), (["Berlin", "Rome", "Oslo"] * 9, "text"),
    (["Anna|NNP|I-PER lives|VBZ|O"] * 3, "inline"), (["Anna/B-PER lives/O"] * 3, "inline"),
])
def test_forms(lines, form):
    assert recognise(lines) == form


@pytest.mark.parametrize(("text", "message"), [
    ("\n".join(WORDS), r"looks like one word a line \('The'\)"),
    ("Anna B-PER\nran O\n", "columns of words and tags"),
    ("1\tAnna\tB-PER\t-\n2\tran\tO\t-\n", "columns of words and tags"),
    ("Paul left .\ten:B-PER en:O en:O\n", "rows of words, a tab and tags .* xtremedistil-prepare"),
    ('"3","A headline","A text."\n', "CSV .* keep the column of its text only"),
    ('id,review\n1,"Two\nlines."\n2,"Two,\ntoo."\n', "CSV .* keep the column of its text only"),
    ('0;"It rained, then"\n1;"He, too"\n1;"So, so"\n', "a table with ; .* keep the column of"),
    ("| text |\n|---|\n| It rained |\n", "a table that is drawn with bars"),
    ("1000|t|Anna ran\n1000|a|So she did.\n", "PubTator's form"),
    ("T1\tPER 0 4\tAnna\n", "brat's entities without their text"),
    ("An@@ na ran\nSo she di@@ d .\nYes .\n", "subword or special tokens of a tokenizer .@@, ##"),
    ('{"text": "Paul left."}\n', "JSON .* xtremedistil-prepare --input=DATA --transfer=FILE"),
])
def test_a_run_refuses_transfer_files_that_are_no_text(tmp_path, text, message):
    task = write_task(tmp_path / "task")
    other = tmp_path / "other.txt"
    other.write_text(text, "utf-8")
    with pytest.raises(UserError, match=f"--transfer_file {other} looks like"):
        read_task(DataConfig(str(task), str(other), 16, do_ner=True))
    with pytest.raises(UserError, match=message):
        read_task(DataConfig(str(task), str(other), 16, do_ner=True))
    read = read_task(DataConfig(str(task), str(other), 16, do_ner=True, on_bad_row="skip"))
    assert any("looks like" in line and "read as running text" in line for line in read.warnings)
    (task / "transfer.txt").write_text(text, "utf-8")
    assert ("transfer.txt", "no_text", True) in {
        (found.path.name, found.kind, found.is_error) for found in check_task(task)}


@pytest.mark.parametrize(("line", "fields"), [
    ('""""\tO', ['"', "O"]), ('"""Hi"\tB-X', ['"Hi', "B-X"]), ('"a"\t"O"', ["a", "O"]),
    ('"\tO', ['"', "O"]), ('"Hi"\tO', ['"Hi"', "O"]), ('""\tO', ['""', "O"]),
    ('"""\tO', ['"""', "O"]), ('5"\tO', ['5"', "O"]), ("a\tO", ["a", "O"])])
def test_cells_that_a_program_quoted_lose_their_quotes(line, fields):
    assert split_fields(line, "\t") == fields


def test_the_tasks_own_rows_are_read_without_their_tags(tmp_path):
    task = write_task(tmp_path / "task")
    config = DataConfig(str(task), "train.tsv", 16, do_ner=True)
    own = read_task(config)
    assert [row.words for row in own.transfer] == [row.words for row in own.examples["train"]]
    assert read_task(dataclasses.replace(config, transfer_file="transfer.txt")).transfer_rows == 48
