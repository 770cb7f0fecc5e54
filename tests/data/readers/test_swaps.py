"""Entities are exchanged for others of their type and language, and nothing else changes."""

import pytest

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.readers.swaps import swap_entities
from xtremedistil_tf.errors import UserError

ROWS = [
    Example(("Anna", "Berg", "lives", "in", "Bonn"), ("B-PER", "I-PER", "O", "O", "B-LOC"), "de"),
    Example(("In", "Köln", "sleeps", "Udo"), ("O", "B-LOC", "O", "B-PER"), "de"),
    Example(("no", "entity", "here"), ("O", "O", "O"), "de"),
    Example(("Paris",), ("B-LOC",), "fr"),
]


def test_types_and_languages_stay():
    made = [row.words for row in swap_entities(ROWS, 50)]
    people, places = [("Anna", "Berg"), ("Udo",)], ["Bonn", "Köln"]
    possible = {(*who, "lives", "in", where) for who in people for where in places} \
        | {("In", where, "sleeps", *who) for who in people for where in places}
    # All that there are but the two that stand in the rows; nothing of a language's only place.
    assert len(made) == len(set(made))
    assert set(made) == possible - {row.words for row in ROWS}
    assert all(not row.tags for row in swap_entities(ROWS, 1))
    assert [row.words for row in swap_entities(ROWS, 50)] == made
    assert swap_entities(ROWS, 0) == []


def test_they_stand_behind_the_transfer_text(task):
    def read(swaps):
        return read_task(DataConfig(str(task), "transfer.txt", 24, do_ner=True, entity_swaps=swaps))

    plain, more = read(0), read(2)
    before, after = ([row.words for row in found.transfer] for found in (plain, more))
    assert after[:48] == before and len(after) == more.transfer_rows > 48
    assert more.transfer_words > plain.transfer_words
    assert more.fingerprints["transfer"] not in (plain.fingerprints["transfer"],
                                                 read(1).fingerprints["transfer"])
    assert more.fingerprints["train"] == plain.fingerprints["train"]


def test_what_has_no_entities_is_refused():
    with pytest.raises(UserError, match="--entity_swaps needs --do_NER"):
        DataConfig("t", entity_swaps=1)
