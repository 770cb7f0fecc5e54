"""What is no running text is told, with the way out, and not tagged."""

import io
import textwrap
import types

import pytest

from tests.conftest import TAGS
from tests.data.readers.test_marks import PROSE
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.input_lines import InputLines, check_reading
from xtremedistil_tf.inference.lines import split_pair

TAGGER = types.SimpleNamespace(kind="tagging", labels=TAGS, pairs=False)
CLASSIFIER = types.SimpleNamespace(kind="classification", labels=("sports", "my news"),
                                   pairs=False)
REGRESSOR = types.SimpleNamespace(kind="regression", labels=("score",), pairs=False)
PAIRS = types.SimpleNamespace(kind="classification", labels=("yes", "no"), pairs=True)
ANSWERER = types.SimpleNamespace(kind="spans", labels=("start", "end"), pairs=True)


def read(raw, model=TAGGER, **options):
    raw = raw.encode() if isinstance(raw, str) else raw
    return list(InputLines(io.BytesIO(raw), "in.txt", model, **options))


@pytest.mark.parametrize("text", [
    "Anna lacht\tB-PER O\n", "Anna lacht\ten:B-PER en:O\nBonn\tde:B-LOC\n",
    "Anna lacht\tzh-classical:B-PER O\n" * 300, "\n\nAnna\tO\n",
    "a b\tO O\n" * 9 + "a text without tags\n"])
def test_rows_of_words_and_tags(text):
    with pytest.raises(UserError, match=r"in.txt: its rows are labelled.*--text_column=1"):
        read(text)
    assert [line for line in read(text, column="1") if line][0].split()[0] in ("Anna", "a")
    assert read(text, column="line")[-1] == text.rstrip("\n").split("\n")[-1]


@pytest.mark.parametrize("text", [
    "Anna B-PER\nlacht O\n\nBonn B-LOC\n", "Anna\tNNP\tB-PER\nlacht\tVB\tO\n", "Anna\tB-PER\n",
    "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n"])
def test_a_word_a_line(text):
    with pytest.raises(UserError, match="labelled|a word and its tag a line"):
        read(text)


def test_words_in_columns_are_not_to_be_read_one_by_one():
    with pytest.raises(UserError, match="in.txt: it has a word and its tag a line; needed is a se"):
        read("Anna\tB-PER\nlacht\tO\n\n" * 3)


@pytest.mark.parametrize("text", [
    '{"text": "Anna lacht.", "id": 3}\n', '{"tokens": ["a"], "tags": [0]}\n' * 5])
@pytest.mark.parametrize("model", [TAGGER, CLASSIFIER, REGRESSOR])
def test_json_lines(text, model):
    with pytest.raises(UserError, match="JSON objects; --text_column=KEY"):
        read(text, model)


@pytest.mark.parametrize("text", [
    'id,headline,topic\n1,"The cup,\nagain",sports\n2,"So ""it"" is",my news\n3,"a, b",sports\n',
    "the cup again,sports\nso it is,my news\nand so on,sports\nbut why,sports\n",
    'nr,nachricht\n1,Es regnet\n2,"Er kam, sah"\n3,Nichts neues\n4,Es schneit\n',
    'id,text\n' + '1,"two\nlines, of text"\n' * 150])
@pytest.mark.parametrize("model", [TAGGER, CLASSIFIER])
def test_tables_with_commas(text, model):
    if '"' not in text and model is TAGGER:  # Nothing tells it from sentences of two clauses.
        assert len(read(text, model)) == 4
        return
    with pytest.raises(UserError, match=r"in.txt: it is a table with commas \(CSV\)"):
        read(text, model)
    assert read(text, model, column="line")[0] == text.split("\n")[0]


def test_sentences_with_commas_and_quotes_are_text():
    for text in ('"Yes," she said, "no."\n',
                 'He said,"No, no" and went.\nThen, again, he came.\nWhy?\n',
                 "Yes, he did.\nNo, he did not.\nWell, who knows.\nSo, what?\n",
                 '"Yes," he said.\n"No," she said, "never."\nHe went, she came, we saw.\n' * 9):
        assert len(read(text, CLASSIFIER)) == text.count("\n")


@pytest.mark.parametrize("line", [
    "<PER>Anna</PER> lives in <LOC>Bonn</LOC> .", "[Anna](PER) lives in [Bonn](LOC)",
    "Anna/NNP lives/VBZ in/IN Bonn/NNP ./.", "The_DT cat_NN sat_VBD ._.",
    "(ROOT (S (NP (NNP Anna)) (VP (VBD ran))))", "Hel@@ lo wor@@ ld ."])
def test_marks_of_labels_are_no_words_of_a_tagger(line):
    with pytest.raises(UserError, match="in.txt: it looks like .*needed is the text without its "
                                        "marks; --text_column=line"):
        read(f"{line}\n" * 9)
    assert read(f"{line}\n" * 9, column="line") == [line] * 9 == read(f"{line}\n" * 9, CLASSIFIER)


@pytest.mark.parametrize("begin", [b"7z\xbc\xaf\x27\x1c\0\4", b"PAR1\x15\0", b"\x04\x22M\x18d@"])
def test_zeros_of_packed_files_are_no_utf16(begin):
    with pytest.raises(UserError, match="in.txt is .*; needed is text: "):
        read(begin + b"a\0" * 200)


def test_a_key_of_json_lines():
    text = '{"text": "Anna\\nlacht.", "id": 3}\n\n{"text": "Bonn", "x": null}\n'
    assert read(text, column="text") == ["Anna\nlacht.", "", "Bonn"]
    for column in ("id", "none"):
        with pytest.raises(UserError, match="line 1 is no JSON object with a text under"):
            read(text, column=column)
    with pytest.raises(UserError, match="in.txt, line 1"):
        read("[" * 100_000 + "\n", column="text")


def test_a_json_document():
    for text in ('[\n  {"text": "Anna"}\n]\n', '[{"text": "a"}, {"text": "b"}]\n', '{\n "a": 1\n}'):
        with pytest.raises(UserError, match="JSON document"):
            read(text)


def test_labelled_texts_of_the_students_own_classes():
    with pytest.raises(UserError, match="a text, a tab, its label; --text_column=1"):
        read("a goal\tsports\nit rains\tde:my news\n", CLASSIFIER)
    assert read("a goal\tsports\n", CLASSIFIER, column="1") == ["a goal"]
    assert read("a goal\tothers\n", CLASSIFIER) == ["a goal\tothers"]
    with pytest.raises(UserError, match="its label"):
        read("a goal\t0.5\nb\t-1e3\n", REGRESSOR)


@pytest.mark.parametrize("text", [
    "Anna lacht.\n", "Plan B\nTeam I\nBlood group O\nsee section 4\n", "a\tb\tc\nd e\tf\n", "",
    "{a brace}\n", "AFP - It rains here .\nVienna (Reuters) - So it is , at last .\nAP - Yes .\n",
    '"He came , he said .\nShe saw , and left .\nSo , it went on .\n',
    "{a brace}\n", "[1] a footnote\n", "O\nO\n", "She got an O\n", "sports\n"])
def test_texts_are_read_as_they_are(text):
    for model in (TAGGER, CLASSIFIER, REGRESSOR):
        assert read(text, model) == text.splitlines()


@pytest.mark.parametrize("text", [
    "https://a.org/{n}\n", "10{n} 2003 102\n", "2024-01-01 10:00:1{n} it began\n"])
def test_lines_without_a_text_are_not_tagged(text):
    with pytest.raises(UserError, match="it looks like .* --text_column=line reads them as they"):
        read("".join(text.format(n=n) for n in range(9)))


@pytest.mark.parametrize("text", [
    "https://a.org/{n}\n", "www.a{n}.org\n", "raw/doc_{n}.txt\n", "anna{n}@a.org\n", "17{n}03\n",
    "/home/anna/My texts/über {n}.txt\n", "C:\\My texts\\{n}.docx\n", "w{n} 0.1 -0.25 3.0e-5\n"])
@pytest.mark.parametrize("model", [TAGGER, CLASSIFIER, REGRESSOR])
def test_lists_of_addresses_are_no_texts_of_any_student(text, model, caplog):
    given = "".join(text.format(n=n) for n in range(9))
    with pytest.raises(UserError, match="in.txt: it looks like .* --text_column=line reads"):
        read(given + "It rains .\n", model)
    assert not caplog.text
    assert read(given, model, column="line") == given.splitlines()
    assert not caplog.text


def places(count, among):
    return [f"https://a.org/{n}" if n < count else f"It rains for {n} days ." for n in range(among)]


@pytest.mark.parametrize("texts, told", [
    (places(4, 9), "in.txt: 4 of its first lines are addresses or names of files, such as "
     "'https://a.org/0', and are read as texts"), (places(1, 1), "1 of its first lines"),
    (places(2, 2), "2 of its"), (places(2, 9), ""), (places(3, 40), ""), (["either/or"], ""),
    (["See https://a.org/1 ."] * 9, "")])
@pytest.mark.parametrize("model", [TAGGER, CLASSIFIER, REGRESSOR])
def test_addresses_among_texts_are_told(texts, told, model, caplog):
    assert read("\n".join(texts), model) == texts
    assert (told in caplog.text) if told else not caplog.text


def test_addresses_under_a_key_are_told(caplog):
    rows = "".join(f'{{"url": "{place}"}}\n' for place in places(9, 9))
    assert read(rows, CLASSIFIER, column="url") == places(9, 9)
    assert "9 of its first lines are addresses" in caplog.text


def test_lines_that_are_cut_at_one_width_are_told(caplog):
    read("\n".join(textwrap.wrap(PROSE, 70)), CLASSIFIER)
    assert "in.txt: its lines are cut at one width" in caplog.text


@pytest.mark.parametrize("pattern, told", [
    ("Zo\u00c3\u00ab rides bus {n}", "9 of its first 9 texts hold signs of a wrong encoding"),
    ("He &amp; she no {n}", "hold escapes or HTML, such as '&amp;'"),
    ("It is {n}.\\nIt was", "hold escapes or HTML"), ("nan", "9 of its first lines are nan"),
    ("Zo\u00eb & no {n}", "")])
@pytest.mark.parametrize("model", [TAGGER, CLASSIFIER])
def test_damaged_texts_are_told(pattern, told, model, caplog):
    assert len(read("".join(pattern.format(n=n) + "\n" for n in range(9)), model)) == 9
    assert (f"in.txt: {told}" in caplog.text or told in caplog.text) if told else not caplog.text


def test_a_list_in_writing_is_no_text_of_any_student():
    with pytest.raises(UserError, match="it looks like lists as Python writes them"):
        read("['It rains.', 'It is so.']\n", CLASSIFIER)


@pytest.mark.parametrize("row, told", [
    ("3f2504e0-4f89-11d3-9a0c-0305e82c33{n}\tIt rains no {n}", "ids or addresses in its column 1"),
    ("q{n}\tIt rains no {n}", "ids or addresses in its column 1 .'q10'"),
    ("It rains no {n}\thttps://a.org/{n}", "ids or addresses in its column 2")])
@pytest.mark.parametrize("model", [PAIRS, ANSWERER])
def test_pairs_with_an_id_in_place_of_a_text(row, told, model):
    rows = "".join(row.format(n=n) + "\n" for n in range(10, 30))
    with pytest.raises(UserError, match=f"in.txt: it has {told}"):
        read(rows, model)
    plain = "".join(f"It rains {n}\t{'yes no who why'.split()[n % 4]} {n}\n" for n in range(20))
    assert len(read(plain, model)) == 20


def test_aspects_beside_reviews_are_read_and_told(caplog):
    rows = "".join(f"It rains no {n}\t{'food price'.split()[n % 2]}\n" for n in range(20))
    assert len(read(rows, PAIRS)) == 20
    assert "in.txt: its column 2 holds the same few words in all of its first 20 rows, such as " \
        "'food', and is read" in caplog.text
    caplog.clear()
    read(rows.replace("food", "the food"), PAIRS)
    assert not caplog.text


def test_students_of_two_texts_read_json_and_tabs():
    rows = '{"text": "a", "text_pair": "b"}\n'
    assert read(rows, PAIRS) == [rows.strip()] == read(rows, ANSWERER)


@pytest.mark.parametrize("text, told", [
    ("sentence1\tsentence2\n" + "He ran.\tSo he did.\n" * 5, "begins with a header"),
    ("".join(f"{n}\tHe ran.\n" for n in range(9)), "numbers or labels in its column 1"),
    ("He ran.\tyes\nShe sat.\tno\nIt is.\tno\n", "numbers or labels in its column 2"),
    ('"He ran."\t"So ""he"" did."\n' * 5, "has cells in quotes")])
def test_what_is_no_pair_of_texts(text, told):
    with pytest.raises(UserError, match=f"in.txt: it .*{told}.*needed are two texts a line, a tab"):
        read(text, PAIRS)
    assert read("He ran.\tSo he did.\n" * 5, PAIRS)[0] == "He ran.\tSo he did."


def test_escapes_of_iso_2022_are_refused():
    with pytest.raises(UserError, match="in.txt is .*an encoding of ISO 2022.* iso2022_jp"):
        read("東京に行く\n".encode("iso2022_jp"))
    assert read("東京に行く\n".encode("iso2022_jp"), encoding="iso2022_jp") == ["東京に行く"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings_by_their_mark_and_utf16_by_its_zeros(encoding):
    text = "Müller arbeitet in Köln, Chemnitz und in Dessau.\nAnna lacht.\n"
    assert read(text.encode(encoding)) == text.splitlines()


def test_another_encoding_is_told_and_can_be_named():
    raw = "Müller arbeitet in Köln.\nAnna\n".encode("latin-1")
    with pytest.raises(UserError, match=r"not UTF-8: 1 of its first 2 lines.*--encoding=latin-1"):
        read(raw)
    assert read(raw, encoding="latin-1") == ["Müller arbeitet in Köln.", "Anna"]
    assert read(raw, encoding="utf-8")[0] == "M\ufffdller arbeitet in K\ufffdln."


def test_broken_bytes_are_counted():
    lines = InputLines(["ä\n".encode(), "ö \ufffd\n".encode(), b"x\xffy\n"], "in.txt", TAGGER)
    assert list(lines) == ["ä", "ö \ufffd", "x\ufffdy"]
    assert (lines.broken, lines.first_broken) == (1, 3)


@pytest.mark.parametrize(("raw", "found"), [
    ("Paul ging.\rEr kam.\r", ["Paul ging.", "Er kam."]), ("Paul\rEr", ["Paul", "Er"]),
    ("\ufeffPaul\r\rEr\r", ["Paul", "", "Er"]), ("Paul\rging\nEr\n", ["Paul\rging", "Er"]),
    ("Paul\r\nEr\r\r\n", ["Paul", "Er"])])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_carriage_returns_end_lines_where_no_line_feeds_do(raw, found, encoding):
    assert read(raw.encode(encoding), CLASSIFIER) == found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_byte_order_marks_inside_are_left_out_and_counted(encoding):
    raw = "\ufeffPaul ging.\n\ufeffPaul\ufeff kam.\n".encode(encoding)
    lines = InputLines(io.BytesIO(raw), "in.txt", TAGGER)
    assert (list(lines), lines.marks, lines.broken) == (["Paul ging.", "Paul kam."], 2, 0)


def test_half_a_character_of_json_is_replaced_and_counted():
    raw = rb'''{"text": "\ud83d Anna"}
{"text": "\ud83d\ude00 \ufffd"}
'''
    lines = InputLines(io.BytesIO(raw), "in.txt", TAGGER, column="text")
    assert list(lines) == ["\ufffd Anna", "\U0001f600 \ufffd"]
    assert (lines.broken, lines.first_broken) == (1, 1)
    with pytest.raises(UserError, match="half a character"):
        split_pair(r'{"text": "\ud83d", "text_pair": "b"}')


def test_a_wrong_encoding_is_told_with_its_line():
    with pytest.raises(UserError, match="in.txt, line 1: not utf-16: "):
        read("Paul ging.\n", encoding="utf-16")


@pytest.mark.parametrize("raw", [
    b"\x1f\x8b\x08\x00abc", b"PK\x03\x04\x14\x00", b"BZh91AY", b"\x00\x01\x02" * 50,
    b"text\x00text\n", b"%PDF-1.7\n"])
def test_binary_is_refused(raw):
    with pytest.raises(UserError, match="in.txt (is .*; needed is text: |holds NUL bytes)"):
        read(raw)


@pytest.mark.parametrize("text", ["SQLite is small\n", "%PDF ends\n", "PAR1 is a receptor\n",
                                  "ARROW1 flies\n"])
def test_a_text_may_begin_like_a_binary_file(text):
    assert read(text) == [text.rstrip()]


@pytest.mark.parametrize("model", [TAGGER, CLASSIFIER])
@pytest.mark.parametrize("name", ["text", "Sentence", "REVIEW"])
def test_the_name_of_a_column_is_no_text(name, model):
    rows = "".join(f"Anna ran {n}.\n" for n in range(9))
    with pytest.raises(UserError, match=f"its first line, '{name}', is the name of a column"):
        read(f"{name}\n{rows}", model)
    assert read(f"{name}\n{rows}", model, column="line")[0] == name
    assert read(f"{name}\n", model) == [name] and len(read(f"A {name}\n{rows}", model)) == 10
    table = "".join(f"{n}\tAnna ran {n}.\n" for n in range(9))
    with pytest.raises(UserError, match="in.txt, line 1 names the columns .'text' over column 2"):
        read(f"id\ttext\n{table}", model, column="2")
    assert len(read(table, model, column="2")) == 9
    assert read(f"id\ttext\n{table}", model, column="1")[0] == "id"


def test_a_column_that_is_not_there():
    with pytest.raises(UserError, match="line 2 has 1 columns, counted from 1; --text_column is 2"):
        read("a\tb\nc\n", column="2")


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13", "a\0b"])
def test_encodings_that_are_none_of_text_are_refused(name):
    with pytest.raises(UserError, match="--encoding is "):
        check_reading(TAGGER, None, name)


def test_a_column_is_for_students_of_one_text():
    check_reading(TAGGER, "text", "latin-1")
    with pytest.raises(UserError, match="this one reads two"):
        check_reading(PAIRS, "text", None)


@pytest.mark.parametrize(("text", "told"), [
    ("1\tAnna\tB-PER\t_\n2\tlives\tO\t_\n\n" * 3, "columns of words and tags"),
    ("Anna|NNP|I-PER lives|VBZ|O\n" * 3, "words with their tags behind"),
    ('text,label\n"Anna, too",news\n"Bob, too",news\n', "CSV"),
    ("1\tAnna lives\n2\tBob goes\n3\tEve sings\n", "a table with tabs; --text_column=NUMBER"),
    ("Anna\nlives\n\nBob\n", "one word a line"), ('"Anna lives"\n' * 3, "looks like JSON"),
    ("<!DOCTYPE html>\n<p>Anna</p>\n", "an HTML page"), ("<?xml version='1.0'?>\n", "XML"),
    ("\n\r\n <!doctype HTML>\n<p>Anna</p>\n", "an HTML page"),
    ("version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "a pointer of Git LFS"),
])
def test_forms_that_prepare_reads_are_told(text, told):
    with pytest.raises(UserError, match=told):
        read(text)


@pytest.mark.parametrize("text", [
    '0;"Paul ging, nach Hause"\n1;"Er kam"\n0;"Sie, auch"\n', "Paul ging;0\nEr kam;1\nSie;0.5\n",
    '"Paul";sports\n"Er, kam";sports\n"Sie";my news\n', "0|Paul ging\n1|Er kam\n1|Sie lachte\n",
    "label|text\nsports|Paul ging\nmy news|Er kam\nsports|Sie\n",
    "0,Paul ging\n1,Er kam\n2,Sie lachte\n", ",text\n0,Paul ging\n1,Er kam\n2,Sie lachte\n",
    'text\nEr kam.\n"Paul ging, nach Hause"\n', 'nachricht\n"Er kam"\n"Sie ""kam"""\n"Paul"\n',
    "| text | label |\n|------|:---|\n| Paul ging | 0 |\n", "text | label\n--- | ---\nPaul | 0\n",
    "| Paul | 0 |\n| Er kam | 1 |\n| Sie | 0 |\n", "+----+---+\n| Er | 1 |\n+----+---+\n"])
def test_other_tables_are_told(text):
    with pytest.raises(UserError, match="in.txt: it (looks like|is) a table "):
        read(text, CLASSIFIER)
    assert read(text, CLASSIFIER, column="line") == text.splitlines()


def test_a_list_on_one_line_is_json():
    for text in ('["Paul ging", "Er kam"]\n', '[["Paul", "O"]]\n', '[{"text": "Paul"}]\n'):
        with pytest.raises(UserError, match="it is a JSON document"):
            read(text)
    assert read("[sic] he said\n[1] a note\n[]\n") == ["[sic] he said", "[1] a note", "[]"]


@pytest.mark.parametrize("text", [
    "Paul ging; Anna kam.\nEr kam; sie lachte.\nWer; was?\n", "A | BBC\nCup | BBC\nNews | BBC\n",
    "5,5 Prozent mehr\n10,000 people came\n3,2 Tore\n", "P(a|b)\n|x| < 1\n|y| > 2\n|a|\n",
    'Ja; "nein"; ja.\nWer sagt "nein"; du?\nSo; "ja" sagt er.\nEr; ja.\n',
    'Er sagte:\n"Ja."\n"Nein."\n"Doch."\n', 'Ja\n"Ja", sagt er.\nNein.\n',
    "1984\n1985 kam er\n1986, ja\n", "-----\nPaul | Anna\n", "12; 13\n", "0|Paul ging\n"])
def test_marks_of_sentences_are_no_table(text):
    assert read(text, CLASSIFIER) == text.splitlines()
