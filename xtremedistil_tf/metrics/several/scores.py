"""Scores of texts that have any number of labels: F1 over labels, and exact sets."""

from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.several_labels import SeveralLabels
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.metrics.by_language import scored_by_language

Row = Sequence[str]


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probabilities of labels, each for itself, from logits of any shape."""
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


def chosen_labels(scores: np.ndarray, labels: Sequence[str], thresholds: Sequence[float]
                  ) -> List[str]:
    """Labels whose probability is at least their threshold.

    Args:
      scores: float [labels], probabilities.
      labels: names of the labels.
      thresholds: least probability of each.
    """
    return [name for name, score, least in zip(labels, scores, thresholds) if score >= least]


def predict_several(forward: Any, features: Features, labels: SeveralLabels) -> List[List[str]]:
    """Predicts the labels of every text.

    Args:
      forward: a `models.inference.Forward` that returns "logits" [batch, 1, labels].
      features: the sequences.
      labels: the label set, with the thresholds.

    Returns:
      The labels of each sequence, in the order of the features.
    """
    predicted: List[List[str]] = [[] for _ in range(len(features))]
    for rows, _, outputs in forward.batches(features.input_ids):
        for row, scores in zip(rows, sigmoid(outputs["logits"][:, 0])):
            predicted[row] = chosen_labels(scores, labels.tags, labels.thresholds)
    return predicted


def count_labels(gold: Row, predicted: Row) -> Tuple[int, int, int]:
    """Counts of (right, predicted, gold) labels of a text."""
    return len(set(gold) & set(predicted)), len(set(predicted)), len(set(gold))


def counts_by_label(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    """0 or 1 for each row and label: float [rows, labels]."""
    place = {name: at for at, name in enumerate(names)}
    found = np.zeros((len(rows), len(names)))
    for at, labels in enumerate(rows):
        found[at, [place[label] for label in labels]] = 1.0
    return found


def _f1(right: np.ndarray, found: np.ndarray, there: np.ndarray) -> np.ndarray:
    sums = found + there
    return np.divide(200.0 * right, sums, out=np.zeros_like(sums), where=sums > 0)


def label_f1(
    weights: np.ndarray, there: np.ndarray, found: np.ndarray
) -> Dict[str, np.ndarray]:
    """Scores under weights of the rows.

    Args:
      weights: float [samples, rows].
      there, found: float [rows, labels], 1 for gold and predicted labels.

    Returns:
      Scores [samples], 0 to 100: `micro_f1` over all labels together; `macro_f1`, the mean over the
      labels that occur; `exact`, the share of texts whose labels are all right.
    """
    right = weights @ (there * found)
    gold, own = weights @ there, weights @ found
    occur = (gold + own) > 0
    micro = _f1(right.sum(axis=1), own.sum(axis=1), gold.sum(axis=1))
    macro = _f1(right, own, gold).sum(axis=1) / np.maximum(occur.sum(axis=1), 1)
    exact = 100.0 * (weights @ (there == found).all(axis=1)) / weights.sum(axis=1)
    return {"micro_f1": micro, "macro_f1": macro, "exact": exact}


def score_several(
    gold: Sequence[Row], predicted: Sequence[Row], languages: Sequence[str],
    names: Sequence[str] = (),
) -> Dict[str, Any]:
    """Micro-F1, macro-F1 and the share of exact label sets.

    Args:
      gold, predicted: labels of each text, any number.
      languages: the language of each text.
      names: all labels, in their order.

    Returns:
      The scores of `label_f1` of all rows, and `languages`: {name: the same scores, support}.
      Support counts texts.
    """
    there, found = (counts_by_label(rows, names) for rows in (gold, predicted))

    def scores(there: np.ndarray, found: np.ndarray) -> Dict[str, float]:
        weights = np.ones((1, len(there)))
        return {name: float(value[0]) for name, value in label_f1(weights, there, found).items()}

    return scored_by_language(scores, there, found, languages)


def _by_label(there: np.ndarray, found: np.ndarray, names: Sequence[str]) -> Dict[str, Any]:
    right, own, gold = (there * found).sum(axis=0), found.sum(axis=0), there.sum(axis=0)
    precision = np.divide(100.0 * right, own, out=np.zeros_like(own), where=own > 0)
    recall = np.divide(100.0 * right, gold, out=np.zeros_like(gold), where=gold > 0)
    return {name: {"precision": float(precision[at]), "recall": float(recall[at]),
                   "f1": float(_f1(right, own, gold)[at]), "support": int(gold[at])}
            for at, name in enumerate(names)}


def several_details(
    gold: Sequence[Row], predicted: Sequence[Row], languages: Sequence[str],
    labels: SeveralLabels,
) -> Dict[str, Any]:
    """Scores of each label.

    Args:
      gold, predicted: the labels of each text.
      languages: language of each text.
      labels: the label set.

    Returns:
      `classes`: {label: precision, recall, f1, support}, and `classes_by_language`: {language: the
      same of its texts}. Scores are 0 to 100.
    """
    there, found = (counts_by_label(rows, labels.tags) for rows in (gold, predicted))
    code = np.array(list(languages))
    return {"classes": _by_label(there, found, labels.tags),
            "classes_by_language": {
                name: _by_label(there[code == name], found[code == name], labels.tags)
                for name in sorted(set(languages))}}
