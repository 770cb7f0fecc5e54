"""The parts of an evaluation for classification."""

import pathlib
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.labels import ClassSet
from xtremedistil_tf.data.readers.rows import Example, split_language
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.kinds.prediction_rows import Row, read_rows, value_of
from xtremedistil_tf.metrics.uncertainty.resampling import Resampled, label_scores, side_by_side

Label = Sequence[str]


def resampled(
    gold: Sequence[Label], answers: Sequence[Sequence[Label]], languages: Sequence[str],
    labels: ClassSet,
) -> Resampled:
    """The scores of `score_labels` of all models under weights of the texts."""
    def one_hot(rows: Sequence[Label]) -> np.ndarray:
        return np.eye(labels.size)[labels.encode([row[0] for row in rows])]

    there, found = one_hot(gold), [one_hot(rows) for rows in answers]

    def scores(weights: np.ndarray) -> Dict[str, np.ndarray]:
        return side_by_side([
            label_scores(weights, right=there * own, gold=there, found=own) for own in found])

    return scores


def unit_right(gold: Label, answer: Label) -> np.ndarray:
    """True if the label is right."""
    return np.array([gold[0] == answer[0]])


def error_size(gold: Label, answer: Label) -> float:
    """0 for the right label, 1 for another."""
    return float(gold[0] != answer[0])


def show_gold(row: Example) -> str:
    """The label of a row."""
    return row.tags[0]


def show_answer(row: Example, answer: Label) -> str:
    """The predicted label."""
    return answer[0]


def _label(row: Row, labels: ClassSet) -> str:
    label = str(value_of(row, "label"))
    own = label if label in labels else split_language(label, labels)[1]
    if own not in labels:
        raise UserError(f"{row.place}: the label is {label!r}; allowed: {labels.allowed}")
    return own


def read_predictions(
    path: pathlib.Path, rows: Sequence[Example], labels: ClassSet
) -> Tuple[List[List[str]], Optional[List[np.ndarray]]]:
    """Reads labels: the last column of each line, or "label" in lines of JSON, with its "score".

    Raises:
      UserError: for rows that are not those of the labelled file, or labels that it does not have.
    """
    found = read_rows(path, rows)
    answers = [[_label(row, labels)] for row in found]
    scores: List[Any] = [row.answer.get("score") if isinstance(row.answer, dict) else None
                         for row in found]
    if not all(isinstance(score, (int, float)) and 0 <= score <= 1 for score in scores):
        return answers, None
    return answers, [np.array([score]) for score in scores]
