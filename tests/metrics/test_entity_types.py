"""Scores by entity type, and which types are taken for each other."""

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.metrics.entity_types import confused_types, type_details

LABELS = LabelSet(["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC"])


def test_types_are_scored_by_language_and_confusions_are_counted():
    gold = [["B-PER", "I-PER", "O"], ["B-ORG", "O", "B-LOC"], ["B-LOC", "O", "O"]]
    found = [["B-PER", "I-PER", "B-ORG"], ["B-LOC", "O", "B-LOC"], ["O", "O", "O"]]
    details = type_details(gold, found, ["de", "de", "en"], LABELS)
    assert details["classes"]["PER"] == {
        "precision": 100.0, "recall": 100.0, "f1": 100.0, "support": 1}
    assert details["classes"]["LOC"] == {
        "precision": 50.0, "recall": 50.0, "f1": 50.0, "support": 2}
    assert details["classes"]["ORG"]["f1"] == 0.0
    assert details["classes_by_language"]["en"]["LOC"]["support"] == 1
    assert details["classes_by_language"]["de"]["LOC"]["recall"] == 100.0
    assert details["confusion_names"] == ["PER", "ORG", "LOC", "no entity"]
    assert details["confusion"] == [
        [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1], [0, 1, 0, 0]]


def test_an_entity_with_other_ends_is_no_confusion_of_types():
    assert confused_types([("PER", 0, 2)], [("PER", 0, 0), ("PER", 2, 2)]) == [("PER", "PER")]
    assert confused_types([("PER", 0, 0), ("LOC", 1, 3)], [("LOC", 0, 3)]) == [
        ("PER", "LOC"), ("LOC", "LOC")]
    assert confused_types([], [("LOC", 0, 0)]) == [("no entity", "LOC")]


def test_a_type_may_be_called_none():
    labels = LabelSet(["O", "B-none", "B-LOC"])
    details = type_details([["B-none", "O"]], [["B-LOC", "B-none"]], ["de"], labels)
    assert details["confusion_names"] == ["none", "LOC", "no entity"]
    assert details["confusion"] == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
