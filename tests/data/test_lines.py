"""Lines of files: encodings, byte order marks, line ends."""

import codecs
import io

import pytest

from xtremedistil_tf.data.labels import read_labels
from xtremedistil_tf.data.lines import RowError, decode_lines

TEXT = "Müller B-PER\n東京 B-LOC\n\n😀 O\n"


def lines(data, **options):
    return [text for _, text in decode_lines(io.BytesIO(data), **options)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(encoding):
    assert lines(TEXT.encode(encoding)) == TEXT.split("\n")[:-1]


@pytest.mark.parametrize(("mark", "encoding"), [
    (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (b"", "utf-16-le"), (b"", "utf-16-be")])
def test_big_endian_and_utf16_without_a_mark(mark, encoding):
    text = "Anna B-PER\r\nran O\r\n"
    assert lines(mark + text.encode(encoding)) == ["Anna B-PER", "ran O"]


def test_damaged_utf16_is_told():
    *_, last = lines("Anna\nran".encode("utf-16") + b"\0")
    assert isinstance(last, RowError) and "not utf-16-le" in str(last)


@pytest.mark.parametrize(("encoding", "told"), [
    ("utf-16", "not utf-16: "), ("utf-32", "not utf-32: "),
    ("punycode", "not punycode: "), ("idna", "not idna: "), ("ascii", "not ascii: ordinal")])
def test_a_wrong_encoding_is_told(encoding, told):
    (only,) = lines("ä..ö\n".encode() * 2, encoding=encoding)
    assert isinstance(only, RowError) and str(only).startswith(told)


def test_an_encoding_can_be_named():
    assert lines("Müller\nKöln\n".encode("latin-1"), encoding="latin-1") == ["Müller", "Köln"]


@pytest.mark.parametrize(("data", "found"), [
    (b"a\rb\r\rc\r", ["a", "b", "", "c"]),
    (b"a\rb", ["a", "b"]),
    (b"a\r\nb\r\r\nc\r\n", ["a", "b", "c"]),
    (b"a\rx\nb\n", ["a\rx", "b"]),
    (b"", []), (b"\n", [""]), (b"a", ["a"])])
def test_line_ends(data, found):
    assert lines(data) == found


def test_lone_carriage_returns_beside_line_feeds_end_lines_where_asked():
    assert lines(b"a\rx\nb\n", every_cr=True) == ["a", "x", "b"]


def test_a_nul_byte_costs_its_line_only():
    first, second = lines(b"Anna\0 singt hier\nBo\n")
    assert isinstance(first, RowError) and second == "Bo"


def test_labels_are_read_in_the_encoding_of_the_other_files(tmp_path):
    (tmp_path / "labels.tsv").write_bytes("O\nB-ÜBER\n".encode("utf-16"))
    assert read_labels(tmp_path / "labels.tsv").tags == ("O", "B-ÜBER")


@pytest.mark.parametrize("encoding, text", [("iso2022_jp", "東京"), ("iso2022_kr", "서울")])
def test_escapes_of_iso_2022_are_no_words(encoding, text):
    (first,) = lines(text.encode(encoding))
    assert isinstance(first, RowError) and "an encoding of ISO 2022" in str(first)
    assert lines(text.encode(encoding), encoding=encoding) == [text]
    assert lines(b"\x1b(B\x1b[m ready") == ["\x1b(B\x1b[m ready"], "a terminal's colours"
