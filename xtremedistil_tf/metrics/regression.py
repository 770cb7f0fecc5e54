"""Scores of a regression: correlation of estimated numbers with gold numbers."""

from typing import Any, Dict, List, Sequence

import numpy as np
from scipy.stats import rankdata

from xtremedistil_tf.data.labels import Numbers, number_text
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.metrics.by_language import scored_by_language


def predict_numbers(forward: Any, features: Features, labels: Numbers) -> List[List[str]]:
    """Estimates the number of every text.

    Args:
      forward: a `models.inference.Forward` that returns "logits" [batch, 1, 1].
      features: the sequences.
      labels: the label set.

    Returns:
      A list with one number, as text, for each sequence, in the order of the features.
    """
    predicted: List[List[str]] = [[] for _ in range(len(features))]
    for rows, _, outputs in forward.batches(features.input_ids):
        for row, number in zip(rows, outputs["logits"][:, 0, 0]):
            predicted[row] = [number_text(number)]
    return predicted


def _pearson(gold: np.ndarray, found: np.ndarray) -> float:
    """Pearson's correlation; zero if one side is constant."""
    if len(gold) < 2 or not np.ptp(gold) or not np.ptp(found):
        return 0.0
    return float(np.corrcoef(gold, found)[0, 1])


def _scores(gold: np.ndarray, found: np.ndarray) -> Dict[str, float]:
    return {"pearson": 100.0 * _pearson(gold, found),
            "spearman": 100.0 * _pearson(rankdata(gold), rankdata(found))}


def score_numbers(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], languages: Sequence[str],
    names: Sequence[str] = (),
) -> Dict[str, Any]:
    """Pearson's and Spearman's correlation.

    Args:
      gold, predicted: one number for each row, as text.
      languages: the language of each row.
      names: ignored.

    Returns:
      `pearson` and `spearman` of all rows, and `languages`: {name: the same scores, support}.
      Support counts texts; scores are -100 to 100.

    Source: Wang et al. (2019), section 3.2 (STS-B).
    """
    true, found = (np.array([float(row[0]) for row in rows]) for rows in (gold, predicted))
    return scored_by_language(_scores, true, found, languages)
