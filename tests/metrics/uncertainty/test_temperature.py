"""Temperatures fitted on labelled predictions."""

import numpy as np
import pytest

from xtremedistil_tf.data.labels import ClassSet, LabelSet
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.metrics.uncertainty.temperature import (
    calibrate_classes,
    calibrate_words,
    fit_temperature,
    read_words,
)


def drawn(count=4000, classes=3, heat=1.0):
    """Logits, and labels drawn from the probabilities under a temperature of `heat`."""
    draw = np.random.default_rng(0)
    logits = draw.normal(scale=3.0, size=(count, classes))
    shares = np.exp(logits / heat) / np.exp(logits / heat).sum(axis=1, keepdims=True)
    return logits, (draw.uniform(size=(count, 1)) < shares.cumsum(axis=1)).argmax(axis=1)


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_the_temperature_under_which_labels_were_drawn_is_found(heat):
    logits, gold = drawn(heat=heat)
    assert fit_temperature(logits, gold) == pytest.approx(heat, rel=0.1)


def test_labels_that_are_each_for_itself_have_one_too():
    draw = np.random.default_rng(1)
    logits = draw.normal(scale=3.0, size=(2000, 4))
    gold = draw.uniform(size=logits.shape) < 1 / (1 + np.exp(-logits / 2.0))
    assert fit_temperature(logits, gold, several=True) == pytest.approx(2.0, rel=0.1)


def test_a_dev_split_without_errors_leaves_doubt():
    """Logits that are always right would else be sharpened without end."""
    logits = np.eye(3)[np.arange(60) % 3] * 4.0
    temperature = fit_temperature(logits, np.arange(60) % 3)
    sure = np.exp(4.0 / temperature) / (np.exp(4.0 / temperature) + 2.0)
    assert 0.98 < sure < 0.995
    several = fit_temperature(np.where(logits > 0, 4.0, -4.0), logits > 0, several=True)
    assert 0.98 < 1.0 / (1.0 + np.exp(-4.0 / several)) < 0.995


def test_few_predictions_fit_nothing():
    logits, gold = drawn(count=19, heat=5.0)
    assert fit_temperature(logits, gold) == 1.0


class Given:
    """A forward pass that returns what it was given, rows in reverse."""

    def __init__(self, logits):
        self.logits = logits

    def batches(self, input_ids):
        rows = np.arange(len(input_ids))[::-1]
        yield rows, input_ids.lengths[rows], {"logits": self.logits[rows]}


def features(tags, starts):
    return Features(Ragged.of([[1, 2, 3]] * len(tags)), Ragged.of([[0]] * len(tags)),
                    Ragged.of(starts), ["en"] * len(tags), tags, {})


def test_classifiers_and_taggers_are_calibrated_after_it():
    logits, gold = drawn(heat=3.0)
    labels = ClassSet(["a", "b", "c"])
    rows = [(labels.tags[number],) for number in gold]
    found = calibrate_classes(Given(logits[:, None]), features(rows, [[]] * len(rows)), labels)
    assert found["temperature"] == pytest.approx(3.0, rel=0.1)
    assert found["calibration"]["after"] < 0.03 < found["calibration"]["before"]
    # The same as tags: a word a sentence; another was cut off, and says nothing.
    tags = LabelSet(["O", "B-X", "I-X"])
    wide = np.full((len(logits), 3, tags.size), 50.0)
    wide[:, 1, :3] = logits
    rows = [(tags.tags[number], "O") for number in gold]
    found = calibrate_words(read_words(
        Given(wide), features(rows, [[1, -1]] * len(rows)), tags))
    assert found["temperature"] == pytest.approx(3.0, rel=0.1)
    assert found["calibration"]["after"] < 0.03
