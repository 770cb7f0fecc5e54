"""Scores of a text classifier: accuracy and F1 over classes, overall and by language."""

import functools
from typing import Any, Dict, Iterable, List, Sequence

import numpy as np
from sklearn.metrics import (
    confusion_matrix,
    f1_score,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

from xtremedistil_tf.data.labels import ClassSet
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.metrics.by_language import scored_by_language

# A confusion matrix of more classes is unreadable, so it is neither stored nor drawn.
MOST_CONFUSED = 64


def predict_labels(forward: Any, features: Features, labels: ClassSet) -> List[List[str]]:
    """Predicts the most probable class of every text.

    Args:
      forward: a `models.inference.Forward` that returns "logits" [batch, 1, classes].
      features: the sequences.
      labels: the classes.

    Returns:
      A list with one label for each sequence, in the order of the features.
    """
    predicted: List[List[str]] = [[] for _ in range(len(features))]
    for rows, _, outputs in forward.batches(features.input_ids):
        for row, label in zip(rows, outputs["logits"][:, 0].argmax(axis=-1)):
            predicted[row] = [labels.tags[label]]
    return predicted


def _firsts(rows: Sequence[Sequence[str]]) -> np.ndarray:
    return np.array([row[0] for row in rows], object).astype(str)


def _scores(gold: np.ndarray, predicted: np.ndarray, names: Sequence[str]) -> Dict[str, float]:
    # Only classes that occur in gold or prediction, as in scikit-learn.
    scores = {"accuracy": np.mean(gold == predicted),
              "macro_f1": f1_score(gold, predicted, average="macro", zero_division=0)}
    if len(names) == 2:
        true, found = gold == names[1], predicted == names[1]
        scores["f1"] = f1_score(true, found, zero_division=0)
        scores["matthews"] = matthews_corrcoef(true, found)
    return {name: 100.0 * float(score) for name, score in scores.items()}


def score_labels(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], languages: Sequence[str],
    names: Sequence[str] = (),
) -> Dict[str, Any]:
    """Accuracy and macro-F1; for two classes also F1 of the second and Matthews' correlation.

    Args:
      gold, predicted: one label for each row.
      languages: the language of each row.
      names: all classes, in their order.

    Returns:
      `accuracy` and `macro_f1` (mean of F1 over classes) of all rows, for two classes also `f1` and
      `matthews`, and `languages`: {name: the same scores, support}. Support counts texts; scores
      are 0 to 100 (`matthews` from -100).
    """
    return scored_by_language(functools.partial(_scores, names=names), _firsts(gold),
                              _firsts(predicted), languages)


def class_details(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], languages: Sequence[str],
    labels: ClassSet,
) -> Dict[str, Any]:
    """Scores of each class and, for at most MOST_CONFUSED classes, the confusion matrix.

    Args:
      gold, predicted: one label for each row.
      languages: the language of each row.
      labels: the classes; both results follow their order.

    Returns:
      `classes`: {label: precision, recall, f1 (0-100), support}. For at most MOST_CONFUSED classes
      also `classes_by_language`, the same by language; `confusion`: counts, one row for each gold
      class and one column for each predicted class; `confusion_names`: names of rows and columns.
    """
    return label_details(_firsts(gold), _firsts(predicted), languages, labels.tags)


def label_details(
    true: np.ndarray, found: np.ndarray, languages: Iterable[str], names: Sequence[str]
) -> Dict[str, Any]:
    """Scores of each class of single labels, see `class_details`.

    Args:
      true, found: names of the gold and the predicted classes, of equal lengths.
      languages: the language of each.
      names: all classes.
    """
    details: Dict[str, Any] = {"classes": _by_class(true, found, names)}
    if len(names) <= MOST_CONFUSED:
        code = np.array(list(languages))
        details["classes_by_language"] = {
            name: _by_class(true[code == name], found[code == name], names)
            for name in sorted(set(code.tolist()))}
        details["confusion"] = confusion_matrix(true, found, labels=list(names)).tolist()
        details["confusion_names"] = list(names)
    return details


def _by_class(true: np.ndarray, found: np.ndarray, names: Sequence[str]) -> Dict[str, Any]:
    columns = precision_recall_fscore_support(true, found, labels=list(names), zero_division=0)
    return {name: {"precision": 100.0 * float(precision), "recall": 100.0 * float(recall),
                   "f1": 100.0 * float(f1), "support": int(support)}
            for name, precision, recall, f1, support in zip(names, *columns)}
