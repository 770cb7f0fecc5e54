"""Entities by their characters, in text as it is written."""

from xtremedistil_tf.metrics.as_written import (
    found_entities,
    gold_entities,
    score_entities,
    written,
)


def test_words_are_joined_as_they_are_written():
    text, words = written(["นายก", "อยู่", "ใน", "Bonn", "today", "กรุงเทพ"])
    assert text == "นายกอยู่ใน Bonn today กรุงเทพ"
    assert all(text[begin:end] == word for word, begin, end in words)
    assert written(["Anna", "."])[0] == "Anna ."


def test_an_entity_counts_only_with_both_ends_and_its_type():
    _, words = written(["Anna", "Weber", "in", "Bonn"])
    gold = gold_entities(words, ["B-PER", "I-PER", "O", "B-LOC"])
    assert gold == {("PER", 0, 10), ("LOC", 14, 18)}
    found = found_entities([
        {"entity_group": "PER", "start": 0, "end": 4, "word": "Anna", "score": 1.0},
        {"entity_group": "LOC", "start": 14, "end": 18, "word": "Bonn", "score": 1.0}])
    scores = score_entities([gold, set()], [found, set()], ["de", "th"])
    assert scores["de"] == {"precision": 50.0, "recall": 50.0, "f1": 50.0, "support": 2}
    assert scores["th"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
