"""What offsets count is found out by what they fit."""

import pytest

from tests.corpora.readers.test_records import rows_of
from xtremedistil_tf.corpora.annotations import offsets
from xtremedistil_tf.corpora.annotations.offsets import CHARACTERS, ends_inside, find_offsets
from xtremedistil_tf.corpora.annotations.spans import Span
from xtremedistil_tf.errors import UserError

WAYS = {
    "characters": lambda text, at: at,
    "utf16": lambda text, at: len(text[:at].encode("utf-16-le")) // 2,
    "utf8": lambda text, at: len(text[:at].encode("utf-8")),
}


def records(way, first=0, inside=0, count=6):
    made = []
    for number in range(count):
        smiles = "😀" * (number % 3 + 1)
        text = f"{smiles} Zoë{number} lives in Oslo"
        begin, end = (WAYS[way](text, len(smiles) + at) for at in (1, 5))
        made.append({"text": text, "entities": [[begin + first, end + first - inside, "PER"]]})
    return made


@pytest.mark.parametrize(("way", "first", "inside", "told"), [
    ("characters", 0, 0, None),
    ("characters", 0, 1, "characters, with the end inside"),
    ("characters", 1, 0, "characters from 1"),
    ("characters", 1, 1, "characters from 1, with the end inside"),
    ("utf16", 0, 0, "UTF-16 units, as JavaScript and Java count"),
    ("utf16", 0, 1, "UTF-16 units, with the end inside"),
    ("utf8", 0, 0, "bytes of UTF-8"),
])
def test_offsets_are_converted_and_said(way, first, inside, told):
    rows, counts = rows_of(*records(way, first, inside))
    if told is None:
        assert not counts.notes
    else:
        assert counts.notes == [f"offsets count {told}: converted"]
    assert {row[1] for row in rows} == {("O", "B-PER", "O", "O", "O")}
    assert not counts["widened_entities"]


def test_rows_without_wide_characters_do_not_hide_the_others():
    plain = [{"text": f"Bo{number} came", "entities": [[0, 3, "PER"]]} for number in range(9)]
    rows, counts = rows_of(*plain, *records("utf16"))
    assert counts.notes == ["offsets count UTF-16 units, as JavaScript and Java count: converted"]
    assert all("B-PER" in row[1] for row in rows) and not counts["widened_entities"]


def test_line_ends_that_count_two():
    made = []
    for n in range(4):
        text = "so\n" * (n + 1) + f"Anna{n} ran"
        begin = text.index("Anna") + n + 1
        made.append({"text": text, "entities": [[begin, begin + 5, "PER"]]})
    rows, counts = rows_of(*made)
    assert counts.notes == ["offsets count characters, with two for each line end: converted"]
    assert sum(row[1] == ("B-PER", "O") for row in rows) == 4


def test_few_wide_characters_among_many_texts():
    plain = [{"text": f"Bo{number} came", "entities": [[0, 3, "PER"]]} for number in range(3000)]
    rows, counts = rows_of(*plain, *records("utf16"))
    assert len(counts.notes) == 1 and "UTF-16" in counts.notes[0]
    assert rows[-1][1] == ("O", "B-PER", "O", "O", "O")


def test_one_entity_proves_nothing_and_right_offsets_stay():
    assert find_offsets([("😀 Anna", [Span(3, 7, "X")])]) == CHARACTERS
    right = [("😀 Anna here", [Span(2, 6, "X")])] * 5
    assert find_offsets(right) == CHARACTERS
    # Parts of words, as in German compounds, fit nothing better.
    assert find_offsets([("Berlinreise", [Span(0, 6, "X")])] * 5) == CHARACTERS


def test_the_text_of_entities_decides():
    spans = [Span(4, 8, "X", "Anna")]
    shifted = [Span(5, 9, "X", "Anna")]
    assert find_offsets([("😀😀 Anna", shifted)] * 2).unit == "utf16"
    assert find_offsets([("so, Anna", spans)] * 2) == CHARACTERS


def test_the_end_of_token_offsets():
    assert ends_inside([(4, [Span(0, 0, "X")])], False)
    assert not ends_inside([(4, [Span(2, 4, "X")])], True)
    assert ends_inside([(4, [Span(0, 1, "X")])], True)


@pytest.mark.parametrize("inside", [0, 1])
def test_offsets_that_count_the_words_of_a_text(inside):
    records = [{"text": f"Anna{n} lives in Oslo", "entities": [[0, 1 - inside, "PER"],
                                                             [3, 4 - inside, "LOC"]]}
               for n in range(3)]
    rows, counts = rows_of(*records, {"text": "Nothing here", "entities": []})
    assert rows[0] == (("Anna0", "lives", "in", "Oslo"), ("B-PER", "O", "O", "B-LOC"))
    assert rows[-1] == (("Nothing", "here"), ("O", "O"))
    assert counts.notes == [f"offsets count tokens, the end {'in' if inside else 'out'}side"]
    for record in records:
        record["text"] += "."
    with pytest.raises(UserError, match="offsets of entities count words, it seems, but the texts"):
        rows_of(*records)


@pytest.mark.parametrize(("surface", "refused"), [
    ("Anna", False), ("ANNA", False), ("##na", False), ("Anna Low", False), ("Annie", False),
    ("Oslo", True), ("nna i", True)])
def test_the_text_of_an_entity_stands_at_its_offsets(surface, refused):
    spans = [{"start": 8, "end": 12, "label": "LOC", "text": "Oslo"}] * 1
    record = {"text": "Anna in Oslo", "spans": [*spans, {"start": 0, "end": 4, "label": "PER",
                                                         "text": surface}]}
    (row,), counts = rows_of(record)
    if refused:
        assert f"entity 0 to 4 is {surface!r}, but at its offsets stands 'Anna'" in row
    else:
        assert row[1] == ("B-PER", "O", "B-LOC")
        assert counts["other_surfaces"] == (surface in ("##na", "Anna Low", "Annie"))


def chinese(key, first=0, inside=1, kind="type"):
    """Rows with the entities' own texts under a key."""
    made = []
    for n in range(3):
        text = f"患者房室结消融{n}后出现心脏病变化"
        places = [(name, text.index(name) + first) for name in ("房室结消融", "心脏病")]
        made.append({"text": text, "entities": [
            {"start_idx": at, "end_idx": at + len(name) - inside, kind: "dis", key: name}
            for name, at in places]})
    return made


@pytest.mark.parametrize("key", ["entity", "entity_text", "value", "name", "string", "content",
                                 "phrase", "of_no_known_name", None])
@pytest.mark.parametrize(("first", "inside", "told"), [
    (0, 1, "characters, with the end inside"), (1, 1, "characters from 1, with the end inside"),
    (1, 0, "characters from 1"), (0, 0, None)])
def test_an_entitys_own_text_is_known_by_its_value(key, first, inside, told):
    given = chinese(key or "word", first, inside)
    if key is None:
        for record in given:
            record["entities"] = [list(one.values()) for one in record["entities"]]
    rows, counts = rows_of(*given)
    assert counts.notes == ([f"offsets count {told}: converted"] if told else [])
    assert {"".join(tag[0] for tag in row[1]) for row in rows} == {"OOBIIIIOOOOBIIOO"}


@pytest.mark.parametrize("keys", [("entity", "value"), ("value", "entity"), ("name", "label_")])
def test_a_text_with_its_end_inside_is_no_type(keys):
    rows, _ = rows_of(*chinese(keys[0], kind=keys[1]))
    assert rows[0][1][2] == "B-dis"


def test_the_number_of_an_entity_is_not_its_text():
    (row,), counts = rows_of({"text": "1 A, 2 B", "entities": [
        {"id": "1", "start": 2, "end": 3, "label": "X"},
        {"id": "2", "start": 7, "end": 8, "label": "X"}]})
    assert row[1] == ("O", "B-X", "O", "O", "B-X") and not counts.notes


@pytest.mark.parametrize(("text", "entities", "tags"), [
    ("我在北京1见李", [[2, 3, "LOC"], [6, 6, "PER"]], "OOBIOOB"),
    ("我在北京1见李", [[3, 4, "LOC"], [7, 7, "PER"]], "OOBIOOB"),
    ("I met A and Bob", [[6, 6, "PER"], [12, 14, "PER"]], "OOBOB"),
    # Ends are outside, and one entity is empty by mistake.
    ("我在北京，见李", [[2, 4, "LOC"], [5, 5, "PER"]], None),
    ("我在北京见李", [[2, 4, "LOC"], [4, 5, "X"], [5, 5, "PER"]], None),
    ("Anna met Bob", [[0, 4, "PER"], [9, 12, "PER"], [5, 5, "PER"]], None),
    ("Anna met Bob", [[5, 5, "PER"]], None)])
def test_an_entity_that_begins_where_it_ends_shows_that_ends_are_inside(text, entities, tags):
    (row,), counts = rows_of({"text": text, "entities": entities})
    if tags is None:
        assert "holds no word" in row and not counts.notes
    else:
        assert "".join(tag[0] for tag in row[1]) == tags
        assert "with the end inside: converted" in counts.notes[0]


def test_a_text_is_measured_once_for_all_its_entities(monkeypatch):
    measured = []
    monkeypatch.setitem(offsets._WIDTHS, "utf16", lambda text: measured.append(text) or [
        2 if char > "\uffff" else 1 for char in text])
    offsets._places.cache_clear()
    text = "😀 " + "Anna ran. " * 300
    rows, counts = rows_of({"text": text, "entities": [
        [3 + 10 * at, 7 + 10 * at, "PER"] for at in range(300)]})
    offsets._places.cache_clear()
    assert len(rows) == 300 and all(tags[0] == "B-PER" for _, tags in rows[1:])
    assert "UTF-16 units" in counts.notes[0] and len(measured) < 9
