"""What people have, read row by row: formats, schemes, sentences."""

import collections

import pytest

from xtremedistil_tf.corpora.readers import schemes
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally, clean_words
from xtremedistil_tf.corpora.readers.formats import read_lines
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.recognise import recognise
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.readers.sentences import split_sentences
from xtremedistil_tf.errors import UserError

CONLL = ["-DOCSTART- -X- -X- O", "", "EU NNP B-NP I-ORG", "rejects VBZ B-VP O", "",
         "Ann NNP B-NP I-PER", "Bo NNP B-NP B-PER", "lacht VBZ B-VP O"]


def read(lines, **options):
    counts = Tally()
    form, rows = read_lines(enumerate(lines, 1), ReadOptions(**options), counts)
    return form, list(rows), counts


@pytest.mark.parametrize(("lines", "form"), [
    (["de:Anna\tB-PER", "de:lacht\tO", ""], "wikiann"),
    (["zh-classical:a:b\tB-PER"], "wikiann"),
    (CONLL, "columns"),
    (["Anna\tS-PER", "lacht\tO"], "columns"),
    (["# id 1 domain=en", "Anna _ _ B-PER"], "columns"),
    # OntoNotes has a file for each document, some of a few words; their last columns differ.
    (["#begin document (x);", "x 0 0 It PRP - *", "x 0 1 ran VBD a * (V*)",
      "x 0 2 Ann NNP - (PERSON)", "#end document"], "columns"),
    (["Anna lacht\tde:B-PER de:O", "Bo\tde:B-PER"], "tsv"),
    (['{"tokens": []}'], "jsonl"),
    (["Anna lacht .", "Das ist so .", "Note O"], "text"),
    (["Anna\tlacht"], "text"),
    ([], "text"),
    (["Anna O"] * 19 + ["broken"], "columns"),
    (["Anna lacht\tO O"] * 19 + ["broken"], "tsv"),
])
def test_formats_are_told_by_content(lines, form):
    assert recognise(lines) == form


def test_a_named_format_is_not_guessed():
    form, rows, _ = read(["Anna O"], format="text")
    assert form == "text" and rows[0][1].words == ("Anna", "O") and not rows[0][1].tags


def test_conll_columns_with_document_markers():
    _, rows, counts = read(CONLL, language="en")
    assert rows == [(3, Example(("EU", "rejects"), ("I-ORG", "O"), "en")),
                    (6, Example(("Ann", "Bo", "lacht"), ("I-PER", "B-PER", "O"), "en"))]
    assert counts["document_markers"] == 1


def test_wikiann_prefixes_become_the_language():
    _, rows, _ = read(["be-x-old:a\tO", "be-x-old:b:c\tB-PER", "", "", "de::\tO"])
    assert [row for _, row in rows] == [Example(("a", "b:c"), ("O", "B-PER"), "be-x-old"),
                                        Example((":",), ("O",), "de")]


@pytest.mark.parametrize(("lines", "form", "number", "message"), [
    (["de:a\tO", "fr:b\tO"], "wikiann", 2, "language 'fr' in a sentence of 'de'"),
    (["de:a\tO", "b\tO"], "wikiann", 2, "word 'b' lacks its language"),
    (["a O", "b"], "columns", 2, "1 column: 'b'"),
    (["a\tO\tO"], "tsv", 1, "3 columns; needed are 2"),
    (['{"tokens": ["a"], "ner_tags": [1]}'], "jsonl", 1, "name them with --tag_names"),
    (["{broken"], "jsonl", 1, "not JSON"),
    (["[1]"], "jsonl", "record 1", "not a JSON object but int"),
    (['{"id": 3}'], "jsonl", 1, "fields id; needed are"),
    (['{"text": "ab", "entities": [[5, 6, "X"]]}'], "jsonl", 1, "entity 5 to 6 lies outside"),
    (['{"text": "ab", "entities": [{"start": 0}]}'], "jsonl", 1,
     "has the keys start; needed are start, end and label"),
])
def test_bad_rows_are_told_with_their_line(lines, form, number, message):
    _, ((found, error),), _ = read(lines, format=form)
    assert found == number and isinstance(error, RowError) and message in str(error)


def test_a_bad_sentence_costs_itself_only():
    _, rows, _ = read(["a O", "b", "", "c B-X"])
    assert isinstance(rows[0][1], RowError) and rows[1] == (4, Example(("c",), ("B-X",)))


def test_json_numbers_names_and_languages():
    line = '{"tokens": ["Ann", "lacht"], "ner_tags": [1, 0], "langs": ["de", "de"]}'
    _, ((_, row),), _ = read([line], tag_names=("O", "B-PER"))
    assert row == Example(("Ann", "lacht"), ("B-PER", "O"), "de")
    _, ((_, row),), _ = read(['{"tokens": ["a"], "tags": ["O"], "langs": []}'], language="fr")
    assert row == Example(("a",), ("O",), "fr")
    _, ((_, error),), _ = read([line], tag_names=("O",))
    assert "tag 1 is 1; --tag_names gives 0 to 0" in str(error)


def test_json_entities_in_characters():
    line = ('{"text": "Ann Weber, Bonn.", "lang": "de", "entities": '
            '[{"start": 0, "end": 9, "label": "PER"}, [11, 13, "LOC"]]}')
    _, ((_, row),), counts = read([line])
    assert row.words == ("Ann", "Weber", ",", "Bonn", ".")
    assert row.tags == ("B-PER", "I-PER", "O", "B-LOC", "O")
    assert counts["widened_entities"] == 1


@pytest.mark.parametrize(("text", "sentences"), [
    ("Er kam. Sie ging! Warum?", ["Er kam.", "Sie ging!", "Warum?"]),
    ("Dr. Weber kam am 3. Mai an. Gut.", ["Dr. Weber kam am 3. Mai an.", "Gut."]),
    ("Er (U. Weber) sagte etwas. nicht gross", ["Er (U. Weber) sagte etwas. nicht gross"]),
    ("他来了。她走了！", ["他来了。", "她走了！"]),
    ("Er sagte: \"Komm!\" Sie kam.", ["Er sagte: \"Komm!\"", "Sie kam."]),
    ("Es kostet 3.50 Euro.", ["Es kostet 3.50 Euro."]),
])
def test_sentences_of_running_text(text, sentences):
    assert split_sentences(text) == sentences


def test_plain_text_becomes_transfer_sentences():
    _, rows, counts = read(["Er kam heute. Sie ging.", "", "schon getrennt ."], format="text")
    assert [row.words for _, row in rows] == [
        ("Er", "kam", "heute", "."), ("Sie", "ging", "."), ("schon", "getrennt", ".")]
    assert [number for number, _ in rows] == [1, 1, 3]
    assert (counts["split_lines"], counts["empty_lines"], counts["retokenised"]) == (1, 1, 2)
    _, rows, _ = read(["Er kam. Sie ging."], format="text", whitespace_words=True)
    assert [row.words for _, row in rows] == [("Er", "kam.", "Sie", "ging.")]


@pytest.mark.parametrize(("tags", "written", "scheme"), [
    ("I-A I-A B-A O I-B I-A", "B-A I-A B-A O B-B B-A", "IOB1"),
    ("B-A I-A B-A O", "B-A I-A B-A O", "IOB2"),
    ("B-A I-A O I-A B-B", "B-A I-A O B-A B-B", "IOB2"),
    ("B-A E-A S-A S-A B-A I-A E-A I-A", "B-A I-A B-A B-A B-A I-A I-A B-A", "BIOES"),
    ("B-A L-A U-B", "B-A I-A B-B", "BIOES"),
    ("B-A M-A E-A E-A", "B-A I-A I-A B-A", "BIOES"),
])
def test_every_scheme_becomes_iob2(tags, written, scheme):
    counts = collections.Counter()
    assert " ".join(schemes.to_iob2(tags.split(), counts)) == written
    assert schemes.scheme_name(counts) == scheme
    assert counts["rewritten_tags"] == sum(
        a != b for a, b in zip(tags.split(), written.split()))


def test_tags_of_no_scheme_are_all_told():
    with pytest.raises(RowError) as caught:
        schemes.to_iob2(["O", "PER", "B-A", "b-LOC"], collections.Counter())
    assert "tag 2 is 'PER'" in str(caught.value) and "tag 4 is 'b-LOC'" in str(caught.value)


def test_words_that_a_row_cannot_hold():
    counts = Tally()
    row = clean_words(Example(("New York", " ", "a\tb", "c"), ("B-A", "I-A", "O", "O")), counts)
    assert row.words == ("New\u00a0York", "a\u00a0b", "c") and row.tags == ("B-A", "O", "O")
    assert counts["empty_words"] == 1 and counts["spaces_in_words"] == 2


@pytest.mark.parametrize(("text", "rows"), [
    ("__label__a __label__b A text.\n__label__b Another one.\n__label__a A third.\n",
     ["A text .", "Another one .", "A third ."]),
    ("1\n00:00:01,000 --> 00:00:02,000\nA text.\n\n2\n00:00:03.5 --> 00:00:04.5\nAnd one.\n",
     ["A text .", "And one ."]),
    ("She\nwent\nto\ntown.\n" * 8, ["She went to town."] * 8),
])
def test_transfer_text_of_other_forms(text, rows):
    _, found = read_lines(iter(enumerate(text.splitlines(), 1)), ReadOptions(labelled=False),
                          Tally())
    assert [" ".join(row.words) for _, row in found][:len(rows)] == rows


def test_markup_is_refused():
    _, rows = read_lines(iter(enumerate(["<p>A text.</p>"] * 4, 1)), ReadOptions(), Tally())
    with pytest.raises(UserError, match="HTML or XML; save it as text"):
        list(rows)
