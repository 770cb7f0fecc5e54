"""Calibration: do predictions of probability 0.8 turn out right in 80 % of the cases?"""

from typing import Any, Dict

import numpy as np

_BINS = 15


def calibration(probabilities: np.ndarray, right: np.ndarray) -> Dict[str, Any]:
    """Expected calibration error of predictions, in 15 bins of equal width.

    Args:
      probabilities: float [predictions], probability of each predicted label, 0 to 1.
      right: bool [predictions], True if it was right.

    Returns:
      `error`: mean distance of probability and share of right predictions over the bins, weighted
      by their predictions, 0 to 1; `probability` and `right`: means over all; `bins`: for each bin
      with predictions its mean probability, share of right ones, and count.

    Raises:
      ValueError: without predictions.

    Source: Naeini et al. (2015); Guo et al. (2017), section 2.

    Example:
      >>> calibration(np.array([0.9, 0.9]), np.array([True, False]))["error"]
      0.4
    """
    if not len(probabilities):
        raise ValueError("no predictions")
    probabilities = np.asarray(probabilities, float)
    right = np.asarray(right, float)
    place = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(place, minlength=_BINS)
    there = np.flatnonzero(counts)
    sure = np.bincount(place, probabilities, _BINS)[there] / counts[there]
    hit = np.bincount(place, right, _BINS)[there] / counts[there]
    error = float(np.abs(sure - hit) @ counts[there] / len(place))
    return {"error": round(error, 10), "probability": float(probabilities.mean()),
            "right": float(right.mean()),
            "bins": [{"probability": float(one), "right": float(other), "count": int(count)}
                     for one, other, count in zip(sure, hit, counts[there])]}
