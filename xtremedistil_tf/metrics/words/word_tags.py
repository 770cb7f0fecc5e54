"""Scores of any tags, word by word: accuracy and F1 over tags."""

import itertools
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
from sklearn.metrics import f1_score

from xtremedistil_tf.data.tags import WordTags
from xtremedistil_tf.metrics.by_language import scored_by_language
from xtremedistil_tf.metrics.classification import label_details

Tags = Sequence[str]


def _flat(rows: Sequence[Tags]) -> np.ndarray:
    return np.array(list(itertools.chain.from_iterable(rows)), object).astype(str)


def _languages(gold: Sequence[Tags], languages: Sequence[str]) -> List[str]:
    return [language for tags, language in zip(gold, languages) for _ in tags]


def _scores(gold: np.ndarray, predicted: np.ndarray) -> Dict[str, float]:
    # Only tags that occur in gold or prediction, as in scikit-learn.
    return {"accuracy": 100.0 * float(np.mean(gold == predicted)),
            "macro_f1": 100.0 * float(f1_score(gold, predicted, average="macro", zero_division=0))}


def score_word_tags(
    gold: Sequence[Tags], predicted: Sequence[Tags], languages: Sequence[str],
    names: Sequence[str] = (),
) -> Dict[str, Any]:
    """Accuracy over words, and the mean of F1 over tags.

    Args:
      gold, predicted: tags of each sentence.
      languages: the language of each sentence.
      names: ignored.

    Returns:
      `accuracy` and `macro_f1` of all words, and `languages`: {name: the same scores, support}.
      Support counts words; scores are 0 to 100.
    """
    return scored_by_language(_scores, _flat(gold), _flat(predicted), _languages(gold, languages))


def tag_details(
    gold: Sequence[Tags], predicted: Sequence[Tags], languages: Sequence[str], labels: WordTags
) -> Dict[str, Any]:
    """Scores of each tag and their confusions; see `metrics.classification.class_details`."""
    return label_details(_flat(gold), _flat(predicted), _languages(gold, languages), labels.tags)


def count_words(gold: Tags, predicted: Tags) -> Tuple[int, int, int]:
    """Counts of (right, predicted, gold) tags of a sentence."""
    return sum(map(str.__eq__, gold, predicted)), len(gold), len(gold)
