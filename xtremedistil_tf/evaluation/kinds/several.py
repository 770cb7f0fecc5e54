"""The parts of an evaluation for texts with several labels."""

import pathlib
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.readers.rows import Example, split_several
from xtremedistil_tf.data.several_labels import SeveralLabels
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.kinds.prediction_rows import Row, read_rows, value_of
from xtremedistil_tf.metrics.several.scores import counts_by_label, label_f1
from xtremedistil_tf.metrics.uncertainty.resampling import Resampled, side_by_side

Set = Sequence[str]


def resampled(
    gold: Sequence[Set], answers: Sequence[Sequence[Set]], languages: Sequence[str],
    labels: SeveralLabels,
) -> Resampled:
    """The scores of `score_several` of all models under weights of the texts."""
    there, found = counts_by_label(gold, labels.tags), [
        counts_by_label(rows, labels.tags) for rows in answers]

    def scores(weights: np.ndarray) -> Dict[str, np.ndarray]:
        return side_by_side([label_f1(weights, there, own) for own in found])

    return scores


def error_size(gold: Set, answer: Set) -> float:
    """Number of labels that are missing or too many."""
    return float(len(set(gold) ^ set(answer)))


def show_gold(row: Example) -> str:
    """The labels of a row."""
    return ", ".join(row.tags) or "(none)"


def show_answer(row: Example, answer: Set) -> str:
    """The predicted labels."""
    return ", ".join(answer) or "(none)"


def _labels(row: Row, labels: SeveralLabels) -> List[str]:
    value: Any = value_of(row, "labels")
    names = value if isinstance(value, list) else split_several(str(value), labels)[1]
    for name in names:
        if name not in labels:
            raise UserError(f"{row.place}: the label is {name!r}; allowed: {labels.allowed}")
    return [str(name) for name in names]


def read_predictions(
    path: pathlib.Path, rows: Sequence[Example], labels: SeveralLabels
) -> Tuple[List[List[str]], None]:
    """Reads labels: the last column of each line with commas between, or "labels" in JSON.

    Raises:
      UserError: for rows that are not those of the labelled file, or labels that it does not have.
    """
    return [_labels(row, labels) for row in read_rows(path, rows)], None
