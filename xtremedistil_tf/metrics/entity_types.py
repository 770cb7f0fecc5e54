"""Scores of a tagger by entity type, and the confusion table of the types."""

import collections
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities

from xtremedistil_tf.data.labels import LabelSet

# Row of entities that are not in the gold labels; column of gold entities that were not found. No
# type is called so: tags hold no spaces.
NO_ENTITY = "no entity"
# (type, first word, last word).
_Entity = Tuple[str, int, int]


def scores_of_counts(right: int, found: int, support: int) -> Dict[str, Any]:
    """Precision, recall, f1 (0 to 100) and support of `right` entities of `found` and `support`."""
    return {"precision": 100.0 * right / found if found else 0.0,
            "recall": 100.0 * right / support if support else 0.0,
            "f1": 200.0 * right / (found + support) if found + support else 0.0,
            "support": support}


def _overlap(one: _Entity, other: _Entity) -> int:
    return min(one[2], other[2]) - max(one[1], other[1]) + 1


def confused_types(
    gold: Sequence[_Entity], found: Sequence[_Entity]
) -> List[Tuple[str, str]]:
    """Pairs the entities of a sentence: (gold type, predicted type), NO_ENTITY for a missing side.

    A gold entity belongs to the predicted one that shares most of its words, the first on a tie.

    Example:
      >>> confused_types([("PER", 0, 1), ("LOC", 3, 3)], [("ORG", 1, 1)])
      [('PER', 'ORG'), ('LOC', 'no entity')]
    """
    pairs, met = [], set()
    for entity in gold:
        best = max(found, key=lambda other: _overlap(entity, other), default=None)
        if best is None or _overlap(entity, best) < 1:
            pairs.append((entity[0], NO_ENTITY))
        else:
            pairs.append((entity[0], best[0]))
            met.add(best)
    # A predicted entity that only shares words with gold entities paired elsewhere is no extra one.
    return pairs + [(NO_ENTITY, one[0]) for one in found if one not in met
                    and not any(_overlap(one, entity) > 0 for entity in gold)]


def type_details(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], languages: Sequence[str],
    labels: LabelSet,
) -> Dict[str, Any]:
    """Scores of each entity type, also by language, and the confusion of types.

    Args:
      gold, predicted: tags of each sentence.
      languages: the language of each sentence.
      labels: the label set; all results follow the order of its types.

    Returns:
      `classes`: {type: precision, recall, f1 (0 to 100), support}; `classes_by_language`: the same
      by language; `confusion`: counts of entities, one row for each gold type and one column for
      each predicted type; `confusion_names`: the names of its rows and columns. An entity is right
      in `classes` if its type and both ends are; in `confusion` one shared word pairs two entities.
    """
    counts: Dict[Tuple[str, str], np.ndarray] = collections.defaultdict(lambda: np.zeros(3, int))
    names = [*labels.types, NO_ENTITY]
    place = {name: number for number, name in enumerate(names)}
    confusion = np.zeros((len(names), len(names)), int)
    for true, answer, language in zip(gold, predicted, languages):
        there, found = get_entities(list(true)), get_entities(list(answer))
        for row, entities in enumerate((set(there) & set(found), found, there)):
            for kind, _, _ in entities:
                counts[language, kind][row] += 1
        for own, other in confused_types(there, found):
            confusion[place[own], place[other]] += 1
    by_language = {
        language: {name: scores_of_counts(*map(int, counts[language, name]))
                   for name in labels.types}
        for language in sorted(set(languages))}
    overall = {name: sum((counts[language, name] for language in by_language), np.zeros(3, int))
               for name in labels.types}
    return {"classes": {name: scores_of_counts(*map(int, sums)) for name, sums in overall.items()},
            "classes_by_language": by_language,
            "confusion": confusion.tolist(), "confusion_names": names}
