"""Tables: cells with the words or the tags of a sentence, as pandas writes lists and arrays."""

import csv
import io
import json

import numpy as np
import pytest

from xtremedistil_tf.corpora.annotations.lists import read_list
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.readers.formats import read_lines
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.errors import UserError

NAMES = ("O", "B-PER", "B-LOC")
WORDS = ["O'Brien", "said", '"', "a'b\"c", "x\\y", "2"]
TAGS = ["B-PER", *["O"] * 5]


def table(header, *cells, count=6, delimiter=","):
    """Lines of a table as pandas writes it."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([number, *cells] for number in range(count))
    return made.getvalue().split("\n")


def rows_of(lines, **options):
    form, rows = read_lines(iter(list(enumerate(lines, 1))), ReadOptions(**options), Tally())
    return [row for _, row in rows]


@pytest.mark.parametrize("write", [
    str, lambda items: str(np.array(items)), lambda items: str(np.array(items, dtype=object)),
    lambda items: str(list(np.array(items))) if np.__version__ >= "2" else str(items)])
@pytest.mark.parametrize("repeat", [1, 20])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_lists_and_arrays_in_cells(write, repeat, delimiter):
    words, tags = WORDS * repeat, TAGS * repeat
    if delimiter == "\t" and "\n" in write(words):
        pytest.skip("a table with tabs has no line ends in its cells")
    lines = table(("id", "tokens", "ner_tags"), write(words), write(tags), delimiter=delimiter)
    assert rows_of(lines) == [Example(tuple(words), tuple(tags))] * 6


@pytest.mark.parametrize("write", [str, lambda items: str(np.array(items))])
def test_numbers_in_cells_are_named(write):
    lines = table(("id", "tokens", "pos_tags", "ner_tags"), "['Anna', 'in', 'Oslo']",
                  write([7, 8, 7]), write([1, 0, 2]))
    assert rows_of(lines, tag_names=NAMES)[0] == Example(
        ("Anna", "in", "Oslo"), ("B-PER", "O", "B-LOC"))
    assert "tags are numbers; name them with --tag_names" in str(rows_of(lines)[0])


@pytest.mark.parametrize("fine, asked", [
    ("['B-MAN', 'O', 'B-TOWN']", True), ("['B-NP', 'B-PP', 'B-NP']", False),
    (str(TAGS[:3]), False), ("['O', 'O', 'O']", False), ("['NNP', 'IN', 'NNP']", False)])
def test_two_columns_of_entities_are_asked_about(fine, asked):
    lines = table(("id", "tokens", "tags", "fine"), "['Anna', 'in', 'Oslo']", str(TAGS[:3]), fine)
    if not asked:
        assert rows_of(lines)[0].tags == tuple(TAGS[:3])
        return
    with pytest.raises(UserError, match="2 columns hold tags; choose one with --tag_column=3 or 4"):
        rows_of(lines)
    assert rows_of(lines, tag_column="fine")[0].tags == ("B-MAN", "O", "B-TOWN")


def test_two_columns_of_lists_of_entities_are_refused():
    own, other = (json.dumps([{"start": 0, "end": 4, "label": one}]) for one in ("PER", "N"))
    assert rows_of(table(("id", "text", "entities", "again"), "Anna ran", own, own))
    with pytest.raises(UserError, match="columns 3 and 4 hold entities; a word has one tag"):
        rows_of(table(("id", "text", "entities", "pos"), "Anna ran", own, other))


def test_the_header_or_a_flag_names_the_tags():
    cells = "['Anna' 'ran']", "['B-NP' 'B-VP']", "['B-PER' 'O']"
    named = table(("id", "tokens", "chunk_tags", "ner_tags"), *cells)
    assert rows_of(named)[0].tags == ("B-PER", "O")
    assert rows_of(named, tag_column="chunk_tags")[0].tags == ("B-NP", "B-VP")
    lines = table(("id", "a", "b", "c"), *cells)
    with pytest.raises(UserError, match="2 columns hold tags; choose one with --tag_column=3 or 4"):
        rows_of(lines)
    assert rows_of(lines, tag_column="4")[0].tags == ("B-PER", "O")
    with pytest.raises(UserError, match="--tag_column is 'd'; allowed in this table: 3 or 4"):
        rows_of(lines, tag_column="d")


@pytest.mark.parametrize("cell", [
    "['Anna' ... 'ran']", "['Anna' 'in', 'Oslo']", "['Anna''ran']",
    "['Anna', None]"])
def test_lists_that_cannot_be_read_surely_are_refused(cell):
    with pytest.raises(RowError, match="the list .* cannot be read; needed are all items"):
        read_list(cell)
    good = table(("id", "tokens", "ner_tags"), "['Anna', 'ran']", "['B-PER', 'O']")
    bad = table(("id", "tokens", "ner_tags"), cell, "['B-PER', 'O']")
    rows = rows_of(good[:-1] + bad[1:2])
    assert len(rows) == 7 and isinstance(rows[-1], RowError) and not any(
        isinstance(row, RowError) for row in rows[:-1])
    with pytest.raises(UserError, match="the list .* cannot be read"):
        rows_of(bad)


def test_words_in_brackets_without_quotation_marks_are_refused():
    lines = table(("id", "tokens", "ner_tags"), "[Anna ran]", "['B-PER', 'O']")
    assert "has no quotation marks" in str(rows_of(lines)[0])


def test_lists_of_words_without_tags():
    lines = table(("id", "tokens"), "['Anna' \"isn't\" 'in']")
    assert rows_of(lines, labelled=False, format="csv") == [Example(("Anna", "isn't", "in"))] * 6


def test_a_quotation_mark_that_is_never_closed_is_refused():
    csv.field_size_limit(1 << 27)  # As after a table of texts.
    lines = ["text,tags", '"Anna ran,B-PER O', *["x" * 5000] * 60]
    with pytest.raises(UserError, match="line .*is a quotation mark never closed"):
        list(rows_of(lines, format="csv"))


ENTITIES = [{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}]


@pytest.mark.parametrize("written", [
    json.dumps(ENTITIES), str(ENTITIES), "[[0, 4, 'PER']]", "[(0, 4, 'PER')]"])
@pytest.mark.parametrize("name", ["label", "entities", "found"])
def test_entities_in_cells_are_read(written, name):
    """Label Studio's CSV; a text without entities has an empty cell there."""
    lines = table(("id", "text", name, "annotator"), "Anna ran", written, 1)
    lines = [*lines[:-1], "7,She ran,,1", "8,She ran,[],1"]
    assert rows_of(lines) == [Example(("Anna", "ran"), ("B-PER", "O"))] * 6 + [
        Example(("She", "ran"), ("O", "O"))] * 2
    assert "needed is a list of entities" in str(rows_of([*lines, "9,She ran,ran,1"])[-1])


def test_quotation_marks_behind_a_backslash_are_read():
    lines = ["text,tags", *[r'"Anna, \"Low\"",B-PER O'] * 6]
    assert rows_of(lines)[0] == Example(("Anna,", '"Low"'), ("B-PER", "O"))


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("tags", ["O,B-PER,I-PER,O", "B-PER,O,I-PER,B-LOC"])
def test_tags_with_commas_between(delimiter, tags):
    lines = table(("id", "sentence", "word_labels"), "In , Oslo .", tags, delimiter=delimiter)
    expected = Example(("In", ",", "Oslo", "."), tuple(tags.split(",")))
    assert rows_of(lines) == [expected] * 6
