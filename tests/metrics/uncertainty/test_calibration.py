"""Calibration error against hand-made cases."""

import numpy as np
import pytest

from xtremedistil_tf.metrics.uncertainty.calibration import calibration


def test_the_error_is_the_mean_distance_over_the_bins():
    found = calibration(np.array([1.0, 1.0, 0.6, 0.6]), np.array([True, True, True, False]))
    # Two sure and right ones, two of 0.6 of which half are right.
    assert found["error"] == pytest.approx(0.05)
    assert (found["probability"], found["right"]) == (pytest.approx(0.8), 0.75)
    assert [one["count"] for one in found["bins"]] == [2, 2]
    assert found["bins"][-1] == {"probability": 1.0, "right": 1.0, "count": 2}


def test_chance_that_knows_itself_is_calibrated():
    draw = np.random.default_rng(0)
    probabilities = draw.uniform(size=200_000)
    assert calibration(probabilities, draw.uniform(size=200_000) < probabilities)["error"] < 0.01


def test_nothing_predicted_has_no_error():
    with pytest.raises(ValueError, match="no predictions"):
        calibration(np.zeros(0), np.zeros(0))
