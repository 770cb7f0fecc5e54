"""Joining words into entities costs what the text is long, however long an entity is."""

import numpy as np
import pytest

import xtremedistil_tf
from xtremedistil_tf.data.words import split_words
from xtremedistil_tf.inference.entities import join_entities


class CountedText(str):
    """Counts the characters that are cut out of it."""

    cut = 0

    def __getitem__(self, key):
        piece = super().__getitem__(key)
        self.cut += len(piece)
        return piece


class CountedScores(list):
    """Counts how often a score is asked for."""

    asked = 0

    def __getitem__(self, key):
        self.asked += 1
        return super().__getitem__(key)

    def __iter__(self):
        for place in range(len(self)):
            yield self[place]


@pytest.mark.parametrize("text", ["." * 300_000, "a" * 7 + "-" * 20_000, "Berlin " * 20_000])
def test_an_entity_of_all_words_costs_its_length(text):
    words = split_words(text)
    counted, scores = CountedText(text), CountedScores([0.5] * len(words))
    (entity,) = join_entities(counted, words, ["B-LOC"] + ["I-LOC"] * (len(words) - 1), scores)
    assert counted.cut <= len(text) and scores.asked <= len(words)
    assert entity == {"entity_group": "LOC", "score": 0.5, "word": text.strip(), "start": 0,
                      "end": len(text.strip())}


def test_what_opens_and_what_continues():
    text = "a b c d e f"
    words = split_words(text)
    tags = ["I-PER", "I-PER", "B-PER", "I-LOC", "O", "I-LOC"]
    found = join_entities(text, words, tags, [1.0, 0.5, 1.0, 1.0, 1.0, 1.0])
    assert [(e["entity_group"], e["word"], e["score"]) for e in found] == [
        ("PER", "a b", 0.75), ("PER", "c", 1.0), ("LOC", "d", 1.0), ("LOC", "f", 1.0)]


def test_windows_look_at_each_word_once(student_folder, monkeypatch):
    """A window takes its own words, and not the whole sentence's, into its hands."""
    tagger = xtremedistil_tf.load(student_folder)
    sentence = ["Anna", "Weber", "wohnt", "in", "Bonn", "."] * 800
    expected = tagger.tag_words([sentence, ["Anna"]])
    looked = []
    whole = np.flatnonzero

    def counted(array):
        looked.append(np.size(array))
        return whole(array)

    monkeypatch.setattr(np, "flatnonzero", counted)
    found = tagger.tag_words([sentence, ["Anna"]])
    assert sum(looked) <= 2 * len(sentence)
    for (tags, scores), (other, others) in zip(expected, found):
        assert tags == other
        np.testing.assert_array_equal(scores, others)
