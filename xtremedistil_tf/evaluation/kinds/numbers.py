"""The parts of an evaluation for regression."""

import pathlib
from typing import Dict, List, Sequence, Tuple

import numpy as np
from scipy.stats import rankdata

from xtremedistil_tf.data.labels import Numbers
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.kinds.prediction_rows import read_rows, value_of
from xtremedistil_tf.metrics.uncertainty.resampling import Resampled

Number = Sequence[str]


def _correlation(weights: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's correlation [samples] under weights [samples, rows]; zero if a side is constant."""
    total = weights.sum(axis=1)
    first, second = weights @ one / total, weights @ other / total
    shared = weights @ (one * other) / total - first * second
    spread = np.maximum(weights @ one**2 / total - first**2, 0.0) * np.maximum(
        weights @ other**2 / total - second**2, 0.0)
    return np.divide(shared, np.sqrt(spread), out=np.zeros_like(shared), where=spread > 1e-18)


def resampled(
    gold: Sequence[Number], answers: Sequence[Sequence[Number]], languages: Sequence[str],
    labels: Numbers,
) -> Resampled:
    """Pearson's and Spearman's correlation of all models under weights of the texts.

    Spearman's is that of the ranks among all texts.
    """
    def centred(rows: Sequence[Number]) -> np.ndarray:
        values = np.array([float(row[0]) for row in rows])
        return values - values.mean()

    true, found = centred(gold), [centred(rows) for rows in answers]

    def scores(weights: np.ndarray) -> Dict[str, np.ndarray]:
        return {name: 100.0 * np.stack(
                    [_correlation(weights, form(true), form(own)) for own in found], axis=-1)
                for name, form in (("pearson", np.asarray), ("spearman", rankdata))}

    return scores


def error_size(gold: Number, answer: Number) -> float:
    """Distance from the gold number."""
    return abs(float(gold[0]) - float(answer[0]))


def show_gold(row: Example) -> str:
    """The number of a row."""
    return row.tags[0]


def show_answer(row: Example, answer: Number) -> str:
    """The estimated number, with four digits."""
    return f"{float(answer[0]):.4g}"


def read_predictions(
    path: pathlib.Path, rows: Sequence[Example], labels: Numbers
) -> Tuple[List[List[str]], None]:
    """Reads numbers: the last column of each line, or "score" in lines of JSON.

    Raises:
      UserError: for rows that are not those of the labelled file, or values that are no numbers.
    """
    answers = []
    for row in read_rows(path, rows):
        text = str(value_of(row, "score"))
        if text not in labels:
            raise UserError(f"{row.place}: {text!r} is no number")
        answers.append([text])
    return answers, None
