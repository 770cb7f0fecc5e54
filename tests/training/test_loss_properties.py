"""What holds of losses whatever the numbers are, over seeds."""

import numpy as np
import pytest

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.training.losses import (
    cross_entropy,
    kl_divergence,
    mean_squared_error,
    pseudo_labels,
)

SEEDS = range(6)
OF_SOFTMAX = [kl_divergence, cross_entropy, pseudo_labels]
LOSSES = [mean_squared_error, *OF_SOFTMAX]
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
each_seed = pytest.mark.parametrize("seed", SEEDS)


def drawn(seed, loss):
    """(prediction [batch, time, classes], target, mask [batch, time]) of random sizes."""
    draw = np.random.default_rng(seed)
    batch, time, classes = draw.integers(2, 6, 3)
    prediction = draw.normal(scale=3, size=(batch, time, classes)).astype(np.float32)
    target = draw.normal(scale=3, size=(batch, time, classes)).astype(np.float32)
    if loss is cross_entropy:
        target = draw.integers(0, classes, (batch, time)).astype(np.int32)
    mask = (draw.random((batch, time)) < 0.6).astype(np.float32)
    mask[0, 0] = 1
    return prediction, target, mask


@each_seed
@each_loss
def test_the_order_of_rows_and_repeated_rows_change_nothing(loss, seed):
    given = drawn(seed, loss)
    value = float(loss(*given))
    order = np.random.default_rng(seed).permutation(len(given[0]))
    assert float(loss(*(array[order] for array in given))) == pytest.approx(value, rel=1e-5)
    twice = [np.concatenate([array, array]) for array in given]
    assert float(loss(*twice)) == pytest.approx(value, rel=1e-5)


@each_seed
@pytest.mark.parametrize("loss", OF_SOFTMAX, ids=lambda loss: loss.__name__)
def test_what_is_added_to_all_logits_of_a_position_changes_nothing(loss, seed):
    prediction, target, mask = drawn(seed, loss)
    shift = np.random.default_rng(seed).normal(scale=5, size=(*mask.shape, 1)).astype(np.float32)
    assert float(loss(prediction + shift, target, mask)) == pytest.approx(
        float(loss(prediction, target, mask)), rel=1e-4, abs=1e-5)


@each_seed
@pytest.mark.parametrize("loss", [mean_squared_error, kl_divergence],
                         ids=lambda loss: loss.__name__)
def test_nothing_is_better_than_the_teacher_itself(loss, seed):
    prediction, target, mask = drawn(seed, loss)
    assert float(loss(target, target, mask)) == pytest.approx(0, abs=1e-6)
    assert float(loss(prediction, target, mask)) > 0


@each_seed
@each_loss
def test_a_small_step_down_the_gradient_lowers_it(loss, seed):
    prediction, target, mask = drawn(seed, loss)
    variable = tf.Variable(prediction)
    with tf.GradientTape() as tape:
        before = loss(variable, target, mask)
    slope = tape.gradient(before, variable).numpy()
    assert np.isfinite(slope).all() and not slope[mask == 0].any()
    size = float((slope ** 2).sum())
    if size > 1e-8:
        after = loss(prediction - 0.01 / np.sqrt(size) * slope, target, mask)
        assert float(after) < float(before)
