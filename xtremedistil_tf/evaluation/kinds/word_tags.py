"""The parts of an evaluation for tags without a scheme."""

from typing import Dict, Sequence

import numpy as np

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tags import WordTags
from xtremedistil_tf.evaluation.kinds.tags import read_predictions, unit_right
from xtremedistil_tf.metrics.uncertainty.resampling import Resampled, label_scores, side_by_side

__all__ = ["error_size", "read_predictions", "resampled", "show_answer", "show_gold", "unit_right"]

Tags = Sequence[str]


def resampled(
    gold: Sequence[Tags], answers: Sequence[Sequence[Tags]], languages: Sequence[str],
    labels: WordTags,
) -> Resampled:
    """Accuracy and macro-F1 of all models under weights of the sentences."""
    def counted(rows: Sequence[Tags]) -> np.ndarray:
        return np.stack([np.bincount(labels.encode(tags), minlength=len(labels.tags))
                         for tags in rows]).astype(float)

    def right_tags(rows: Sequence[Tags]) -> Sequence[Tags]:
        return [[true for true, found in zip(tags, own) if true == found]
                for tags, own in zip(gold, rows)]

    right = [counted(right_tags(rows)) for rows in answers]
    there, found = counted(gold), [counted(rows) for rows in answers]

    def scores(weights: np.ndarray) -> Dict[str, np.ndarray]:
        return side_by_side([label_scores(weights, right=hit, gold=there, found=own)
                             for hit, own in zip(right, found)])

    return scores


def error_size(gold: Tags, answer: Tags) -> float:
    """Number of wrong tags."""
    return float(sum(true != own for true, own in zip(gold, answer)))


def show_gold(row: Example) -> str:
    """The words with their tags, as `Anna/PROPN sleeps/VERB`."""
    return show_answer(row, row.tags)


def show_answer(row: Example, answer: Tags) -> str:
    """The words with the predicted tags, in the form of `show_gold`."""
    return " ".join(f"{word}/{tag}" for word, tag in zip(row.words, answer))
