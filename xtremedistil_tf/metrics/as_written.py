"""Scores of entities in running text, by characters and not by given words."""

import collections
from typing import Any, Dict, List, Mapping, Sequence, Set, Tuple

from seqeval.metrics.sequence_labeling import get_entities

from xtremedistil_tf.data.words import Word, has_unspaced
from xtremedistil_tf.metrics.entity_types import scores_of_counts

# (type, begin, end) in characters.
Entity = Tuple[str, int, int]


def written(words: Sequence[str]) -> Tuple[str, List[Word]]:
    """Joins words as their script is written: without spaces in scripts that use none.

    Args:
      words: the words of one sentence.

    Returns:
      (text, words with their offsets in it).

    Example:
      >>> written(["นายก", "รัฐมนตรี", "Anna", "Weber"])[0]
      'นายกรัฐมนตรี Anna Weber'
    """
    text, placed = "", []
    for number, word in enumerate(words):
        if number and not (has_unspaced(words[number - 1][-1:]) and has_unspaced(word[:1])):
            text += " "
        placed.append((word, len(text), len(text) + len(word)))
        text += word
    return text, placed


def gold_entities(words: Sequence[Word], tags: Sequence[str]) -> Set[Entity]:
    """Entities of IOB2 tags, with character offsets."""
    return {(kind, words[first][1], words[last][2])
            for kind, first, last in get_entities(list(tags))}


def found_entities(entities: Sequence[Mapping[str, Any]]) -> Set[Entity]:
    """Entities of a tagger's output, in the form of `join_entities`."""
    return {(entity["entity_group"], entity["start"], entity["end"]) for entity in entities}


def score_entities(
    gold: Sequence[Set[Entity]], found: Sequence[Set[Entity]], languages: Sequence[str]
) -> Dict[str, Dict[str, float]]:
    """Precision, recall and F1 by language; an entity is right if type and both ends are.

    Args:
      gold, found: the entities of each text.
      languages: the language of each text.

    Returns:
      By language: precision, recall, f1 (0 to 100) and support (entities in gold).
    """
    counts: Dict[str, List[int]] = collections.defaultdict(lambda: [0, 0, 0])
    for right, given, language in zip(gold, found, languages):
        for place, number in enumerate((len(right & given), len(given), len(right))):
            counts[language][place] += number
    return {language: scores_of_counts(*counts[language]) for language in sorted(counts)}
