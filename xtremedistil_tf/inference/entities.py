"""Joins tagged words into entities."""

from typing import Any, Dict, List, Sequence

from xtremedistil_tf.data.words import Word


def join_entities(
    text: str, words: Sequence[Word], tags: Sequence[str], scores: Sequence[float]
) -> List[Dict[str, Any]]:
    """Joins B- and I- words into entities.

    Args:
      text: the text of the character offsets.
      words: (word, begin, end).
      tags: one IOB2 tag a word. Tags beyond the last word are ignored (padding in the reply of a
        SavedModel).
      scores: probability of each word's tag, 0 to 1.

    Returns:
      Dicts like those of transformers' `pipeline("ner", aggregation_strategy="simple")`:
      entity_group, score (mean over words), word (the text itself), start, end (characters).
    """
    # Collect the words first and slice the text once for each entity: one slice a word would cost
    # n * n characters for n words.
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
    """Rounds the scores of entities to four digits, for people to read."""
    return [{**entity, "score": round(entity["score"], 4)} for entity in entities]
