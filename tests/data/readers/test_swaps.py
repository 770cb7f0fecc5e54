"""Entities and words are exchanged for others that fit, and nothing else changes."""

import numpy as np
import pytest

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.readers.swaps import WordSwaps, swap_entities
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


def test_words_are_those_that_stand_beside_the_same_word():
    text = [Example(tuple(words.split())) for words in (
        "she lives in Bonn .", "he works in Köln .", "she sleeps in 1990 .", "Аня и Яна", "Ира")]
    text += [Example((name, ",")) for name in ("Ulm", "Rom", "Linz", "Prag", "東京", "42")]
    swaps, draw = WordSwaps(text), np.random.default_rng(1)
    made = {swaps.swap(text[0].words, draw) for _ in range(400)}
    latin = {"Bonn", "Köln", "Ulm", "Rom", "Linz", "Prag"}
    assert {words[1] for words in made} == {"lives", "sleeps"}
    # Few words stand behind "in", so any name of its alphabet may; a year is none.
    assert {words[3] for words in made} == latin
    assert {words[:1] + words[2:3] + words[4:] for words in made} == {("she", "in", ".")}
    cyrillic = {swaps.swap(text[3].words, draw) for _ in range(200)}
    assert {words[2] for words in cyrillic} == {"Аня", "Яна", "Ира"}
    # A word without a case, and a number, stay.
    others = {swaps.swap(row.words, draw)[0] for row in text[-2:] for _ in range(50)}
    assert others == {"東京", "42"}


@pytest.mark.parametrize("flag", ["entity_swaps", "word_swaps"])
def test_they_stand_behind_the_transfer_text(task, flag):
    def read(swaps):
        return read_task(DataConfig(str(task), "transfer.txt", 24, do_ner=True, **{flag: swaps}))

    plain, more = read(0), read(2)
    before, after, again = ([row.words for row in found.transfer] for found in (plain, more, more))
    assert after == again
    assert after[:48] == before and len(after) == more.transfer_rows > 48
    assert more.transfer_words > plain.transfer_words
    assert more.fingerprints["transfer"] not in (plain.fingerprints["transfer"],
                                                 read(1).fingerprints["transfer"])
    assert more.fingerprints["train"] == plain.fingerprints["train"]


def test_what_has_no_entities_is_refused():
    with pytest.raises(UserError, match="--entity_swaps needs --do_NER"):
        DataConfig("t", entity_swaps=1)
    with pytest.raises(UserError, match="--word_swaps needs --do_NER"):
        DataConfig("t", word_swaps=1)
