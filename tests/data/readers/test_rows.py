"""The readers of task files, row by row."""

import pytest

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.rows import ReadReport, TextFile, read_ner, split_prefix
from xtremedistil_tf.errors import UserError

LABELS = LabelSet(["O", "B-PER", "I-PER", "B-TAX", "I-TAX", "X"][:5])


def read(tmp_path, content, on_bad_row="error"):
    path = tmp_path / "train.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_ner(path, LABELS, on_bad_row=on_bad_row)


@pytest.mark.parametrize(
    "tags", ["de:B-PER de:I-PER de:O", "de:B-PER I-PER O"], ids=["on all", "on the first"]
)
def test_language_prefix(tmp_path, tags):
    (example,), _ = read(tmp_path, f"Anna Weber singt\t{tags}\n")
    assert example.words == ("Anna", "Weber", "singt")
    assert example.tags == ("B-PER", "I-PER", "O")
    assert example.language == "de"


def test_no_prefix_is_the_default_language(tmp_path):
    (example,), _ = read(tmp_path, "Anna singt\tB-PER O\n")
    assert example.language == "default"


def test_bom_crlf_and_empty_lines_are_tolerated_and_counted(tmp_path):
    examples, report = read(tmp_path, b"\xef\xbb\xbfAnna\ten:B-PER\r\n\r\n  \nBo\ten:O\r\n")
    assert [example.words for example in examples] == [("Anna",), ("Bo",)]
    assert report.counts["empty_lines"] == 2
    assert "2 empty lines" in report.warnings()[0]


def test_byte_order_marks_inside_are_left_out_and_counted(tmp_path):
    examples, report = read(tmp_path, "\ufeffAnna\tO\n\ufeffBo \ufeff Co\ufeff\tO O B-PER\n")
    assert [example.words for example in examples] == [("Anna",), ("Bo", "Co")]
    assert examples[1].tags == ("O", "B-PER")
    assert "3 byte order marks inside the file left out" in report.warnings()[0]
    (tmp_path / "transfer.txt").write_text("Anna\n\ufeffBo lacht\n", "utf-8")
    assert list(TextFile(tmp_path / "transfer.txt"))[1].words == ("Bo", "lacht")


def test_no_break_space_stays_inside_a_word(tmp_path):
    (example,), _ = read(tmp_path, "New\u00a0York ist\tO O\n")
    assert example.words == ("New\u00a0York", "ist")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Anna singt\tB-PER O O", "2 words but 3 tags"),
        ("Anna singt hier\tB-PER O", "3 words but 2 tags"),
        ("Anna singt", "1 column;"),
        ("Anna\tB-PER\tO", "3 columns;"),
        ("Anna\tB-CITY", "'B-CITY'; allowed by labels.tsv: O, B-PER"),
        ("\tO", "no words"),
        ("Anna Bo\tde:O en:O", "tag 2 has language 'en'"),
        ("A\0b\tO", "NUL"),
    ],
)
def test_bad_rows_name_file_line_and_finding(tmp_path, row, message):
    content = f"Anna\tB-PER\n{row}\nBo\tO\n"
    with pytest.raises(UserError) as caught:
        read(tmp_path, content)
    assert "train.tsv:2: " in str(caught.value)
    assert message in str(caught.value)
    examples, report = read(tmp_path, content, "skip")
    assert len(examples) == 2
    assert report.counts["skipped_rows"] == 1
    assert message in report.warnings()[0]


def test_invalid_utf8_names_the_line(tmp_path):
    with pytest.raises(UserError, match=r"train.tsv:2: not UTF-8 at byte 3"):
        read(tmp_path, b"Anna\tO\nAn\xff\tO\n")


def test_inside_tag_that_continues_nothing_is_repaired_and_counted(tmp_path):
    (first, second), report = read(tmp_path, "a b c\tI-PER I-PER O\na b c\tB-PER I-TAX I-TAX\n")
    assert first.tags == ("B-PER", "I-PER", "O")
    assert second.tags == ("B-PER", "B-TAX", "I-TAX")
    assert report.counts["repaired_tags"] == 2
    assert "2 I- tags" in report.warnings()[0]


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_file_without_rows_is_refused(tmp_path, content):
    with pytest.raises(UserError, match="no usable row"):
        read(tmp_path, content)


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match="file not found: .*none.tsv"):
        read_ner(tmp_path / "none.tsv", LABELS)


def test_texts(tmp_path):
    path = tmp_path / "transfer.txt"
    path.write_text("Anna singt .\n\nein\ttab\n", "utf-8")
    report = ReadReport(path)
    examples = list(TextFile(path).read(report))
    assert [example.words for example in examples] == [("Anna", "singt", "."), ("ein", "tab")]
    assert report.counts["empty_lines"] == 1
    path.write_text("\n")
    with pytest.raises(UserError, match="no text in it"):
        list(TextFile(path))


def test_two_spaces_are_an_empty_word_with_a_tag_as_in_the_authors_files(tmp_path):
    (first, second), report = read(
        tmp_path, "a b  3 %\ten:O en:B-PER en:O en:O en:O\n Anna  singt\tO B-PER O O\n")
    assert first.words == ("a", "b", "3", "%") and first.tags == ("O", "B-PER", "O", "O")
    assert second.words == ("Anna", "singt") and second.tags == ("B-PER", "O")
    assert report.counts["empty_words"] == 3
    assert "3 empty words (two spaces) left out with their tags" in report.warnings()[0]


def test_two_spaces_where_every_word_has_its_tag(tmp_path):
    (row,), report = read(tmp_path, "Anna  singt\tB-PER O\n")
    assert row.words == ("Anna", "singt") and row.tags == ("B-PER", "O")
    assert not report.counts["empty_words"]


def test_equal_unknown_tags_are_told_once(tmp_path):
    with pytest.raises(UserError, match=r"tag 1 is '-' \(and 3 more\); allowed by") as caught:
        read(tmp_path, "a b c d\t- - - -\n")
    assert str(caught.value).count("allowed by") == 1


def test_a_type_with_a_colon_is_no_language(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("Oslo Bonn\tB-GPE:city de:I-GPE:city\n")
    labels = LabelSet(["O", "B-GPE:city", "I-GPE:city"])
    with pytest.raises(UserError, match="tag 2 has language 'de', the first tag 'default'"):
        read_ner(path, labels)
    assert split_prefix("B-GPE:city") == (None, "B-GPE:city")
    assert split_prefix("de:B-GPE:city") == ("de", "B-GPE:city")


def test_columns_are_no_rows_of_one_word(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("Anna\tB-PER\nlacht\tO\n\nBonn\tB-TAX\nliegt\tO\nda\tO\n\n")
    with pytest.raises(UserError, match="train.tsv: a word and its tag a line, it seems"):
        read_ner(path, LABELS)
    path.write_text("Anna\tB-PER\n\nlacht\tO\n\nBonn\tB-TAX\n")  # Sentences of one word.
    assert len(read_ner(path, LABELS)[0]) == 3
