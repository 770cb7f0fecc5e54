"""Joins tagged words into entities."""

from typing import Any, Dict, List, Sequence

from xtremedistil_tf.data.words import Word


def join_entities(
    text: str, words: Sequence[Word], tags: Sequence[str], scores: Sequence[float]
) -> List[Dict[str, Any]]:
    """Joins B- and I- words into entities.

    Args:
      text: what the offsets count in.
      words: (word, begin, end).
      tags: an IOB2 tag a word.
      scores: the tag's probability a word, 0 to 1.

    Returns:
      Dicts like those of transformers' `pipeline("ner", aggregation_strategy="simple")`:
      entity_group, score (mean over words), word (the text itself), start, end (characters).
    """
    entities: List[Dict[str, Any]] = []
    open_scores: List[float] = []
    for (_, begin, end), tag, score in zip(words, tags, scores):
        if tag.startswith("I-") and open_scores and entities[-1]["entity_group"] == tag[2:]:
            open_scores.append(float(score))
        elif tag != "O":
            entities.append({"entity_group": tag[2:], "start": begin})
            open_scores = [float(score)]
        else:
            open_scores = []
            continue
        entities[-1].update(end=end, word=text[entities[-1]["start"]:end],
                            score=sum(open_scores) / len(open_scores))
    keys = ("entity_group", "score", "word", "start", "end")
    return [{key: entity[key] for key in keys} for entity in entities]


def rounded(entities: Sequence[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Entities with their scores to four digits, for people to read."""
    return [{**entity, "score": round(entity["score"], 4)} for entity in entities]
