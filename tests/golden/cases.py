"""Reads golden.json and compares entities with it; needs nothing but Python."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).parent
STUDENTS = ("wordpiece", "unigram", "bytes", "transformer")
# Runtimes round logits differently.
TOLERANCE = 1e-3


def golden(student):
    """Returns (texts, entities of each text) of a golden student."""
    rows = json.loads((FOLDER / "golden.json").read_text("utf-8"))
    return [row["text"] for row in rows], [row["entities"][student] for row in rows]


def same_entities(found, expected):
    """True if two texts have the same entities, but for rounding of their scores."""
    return len(found) == len(expected) and all(
        {**one, "score": 0} == {**other, "score": 0}
        and abs(one["score"] - other["score"]) <= TOLERANCE
        for one, other in zip(found, expected))


def differences(tag, student):
    """Returns the texts whose entities differ from the golden ones.

    Args:
      tag: from a list of texts to their entities.
      student: name of the golden student.
    """
    texts, expected = golden(student)
    found = tag(texts)
    assert len(found) == len(texts)
    return [text for text, one, other in zip(texts, found, expected)
            if not same_entities(one, other)]
