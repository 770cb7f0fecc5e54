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
      tags: an IOB2 tag a word; those behind the last word (padding of a SavedModel's reply) do not
        count.
      scores: the tag's probability a word, 0 to 1.

    Returns:
      Dicts like those of transformers' `pipeline("ner", aggregation_strategy="simple")`:
      entity_group, score (mean over words), word (the text itself), start, end (characters).
    """
    # Runs of words first, texts afterwards: cut anew with every word, an entity of n words would
    # cost n * n characters.
    runs: List[List[int]] = []
    inside = ""
    for place, tag in enumerate(tags[: len(words)]):
        if tag.startswith("I-") and inside == tag[2:]:
            runs[-1].append(place)
        elif tag != "O":
            runs.append([place])
            inside = tag[2:]
        else:
            inside = ""
    entities = []
    for run in runs:
        start, end = words[run[0]][1], words[run[-1]][2]
        score = sum(float(scores[place]) for place in run) / len(run)
        entities.append({"entity_group": tags[run[0]][2:], "score": score,
                         "word": text[start:end], "start": start, "end": end})
    return entities


def rounded(entities: Sequence[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Entities with their scores to four digits, for people to read."""
    return [{**entity, "score": round(entity["score"], 4)} for entity in entities]
