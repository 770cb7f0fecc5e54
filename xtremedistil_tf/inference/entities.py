"""Joins tagged words into entities."""

from typing import Any, Callable, Dict, List, Sequence, Tuple

from xtremedistil_tf.data.words import Word

TaggedWord = Tuple[Word, str, float]


def columns(
    tagged: Sequence[TaggedWord]
) -> Tuple[Sequence[Word], Sequence[str], Sequence[float]]:
    """Returns words, tags and probabilities of a sentence."""
    words, tags, scores = zip(*tagged) if tagged else ((), (), ())
    return words, tags, scores


def join_entities(
    text: str, words: Sequence[Word], tags: Sequence[str], scores: Sequence[float],
    *, alone: bool = False,
) -> List[Dict[str, Any]]:
    """Joins the words of each entity, of IOB2 or BIOES tags.

    Args:
      text: the text of the character offsets.
      words: (word, begin, end).
      tags: one tag a word. Tags beyond the last word are ignored (padding in the reply of a
        SavedModel).
      scores: probability of each word's tag, 0 to 1.
      alone: True if tags have no scheme; each word but those of O is then returned alone.

    Returns:
      Dicts like those of transformers' `pipeline("ner", aggregation_strategy="simple")`:
      entity_group, score (mean over words), word (the text itself), start, end (characters).
    """
    # Collect the words first and slice the text once for each entity: one slice a word would cost
    # n * n characters for n words.
    tags = tags[: len(words)]
    entities = []
    for run in entity_runs(tags, alone=alone):
        start, end = words[run[0]][1], words[run[-1]][2]
        score = sum([float(scores[place]) for place in run]) / len(run)
        entities.append({"entity_group": tags[run[0]][0 if alone else 2:], "score": score,
                         "word": text[start:end], "start": start, "end": end})
    return entities


def entity_runs(tags: Sequence[str], *, alone: bool = False) -> List[List[int]]:
    """Word numbers of each entity, of IOB2 or BIOES tags, or of each word that stands `alone`."""
    if alone:
        return [[place] for place, tag in enumerate(tags) if tag != "O"]
    runs: List[List[int]] = []
    inside = ""
    for place, tag in enumerate(tags):
        if tag == "O":
            inside = ""
            continue
        if tag.startswith(("I-", "E-")) and inside == tag[2:]:
            runs[-1].append(place)
        else:
            runs.append([place])
        inside = "" if tag.startswith(("E-", "S-")) else tag[2:]
    return runs


def without_unsure(
    words: Sequence[TaggedWord], least_of: Callable[[str], float], *, alone: bool = False
) -> List[TaggedWord]:
    """Tags words O whose entity has a mean probability below the least one of its type.

    Args:
      words: the tagged words of a text.
      least_of: gives the least probability of an entity type or, of tags without a scheme, a tag.
      alone: see `join_entities`.
    """
    kept = list(words)
    for run in entity_runs(columns(words)[1], alone=alone):
        kind = words[run[0]][1][0 if alone else 2:]
        if sum(float(words[place][2]) for place in run) / len(run) < least_of(kind):
            for place in run:
                kept[place] = (words[place][0], "O", words[place][2])
    return kept


def rounded(entities: Sequence[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Rounds the scores of entities to four digits, for people to read."""
    return [{**entity, "score": round(entity["score"], 4)} for entity in entities]
