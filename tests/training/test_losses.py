"""Losses against values computed by hand in numpy; padding changes nothing."""

import numpy as np
import pytest

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.losses import cross_entropy, span_cross_entropy

GENERATOR = np.random.default_rng(3)
PREDICTION = GENERATOR.normal(size=(2, 3, 4)).astype(np.float32)
TARGET = GENERATOR.normal(size=(2, 3, 4)).astype(np.float32)
CLASSES = np.array([[0, 3, 1], [2, 2, 0]], np.int32)
MASK = np.array([[1, 1, 0], [1, 0, 0]], np.float32)
# Of the others one is of numbers, one of spans and one of several labels, see below, one of
# attention (tests/models/layers/test_layer_matching.py) and one of relations (tests/pretraining).
OF_CLASSES = sorted(set(LOSSES) - {"squared_error", "attention_kld", "relation_kld",
                                   "span_cross_entropy", "binary_cross_entropy"})


def softmax(values):
    values = np.exp(values - values.max(-1, keepdims=True))
    return values / values.sum(-1, keepdims=True)


def target_of(name):
    return CLASSES if name == "cross_entropy" else TARGET


def several_by_hand(logits, wanted):
    chance = 1 / (1 + np.exp(-logits))
    return -np.mean(wanted * np.log(chance) + (1 - wanted) * np.log(1 - chance))


def over_positions_by_hand(name):
    """The first row has two real positions, the second has one, which gets all probability."""
    total = 0.0
    for channel in range(4):
        prediction, target = PREDICTION[0, :2, channel], TARGET[0, :2, channel]
        p, q = softmax(target), softmax(prediction)
        total += np.sum(p * np.log(p / q)) if name == "position_kld" else -np.log(q[p.argmax()])
    return total / 8


def by_hand(name):
    if name.startswith("position_"):
        return over_positions_by_hand(name)
    total = 0.0
    for row, at in ((0, 0), (0, 1), (1, 0)):
        prediction, target = PREDICTION[row, at], TARGET[row, at]
        if name == "mse":
            total += np.mean((prediction - target) ** 2)
        elif name == "kld":
            p, q = softmax(target), softmax(prediction)
            total += np.sum(p * np.log(p / q))
        elif name == "kld_student_first":
            p, q = softmax(target), softmax(prediction)
            total += np.sum(q * np.log(q / p))
        elif name == "kld_raw":
            p, q = np.clip(target, 1e-7, 1), np.clip(prediction, 1e-7, 1)
            total += np.sum(p * np.log(p / q))
        elif name == "bce":
            total += several_by_hand(prediction, 1 / (1 + np.exp(-target)))
        elif name == "pseudo_labels":
            total += -np.log(softmax(prediction)[target.argmax()])
        else:
            total += -np.log(softmax(prediction)[CLASSES[row, at]])
    return total / 3


@pytest.mark.parametrize("name", OF_CLASSES)
def test_value(name):
    assert float(LOSSES[name](PREDICTION, target_of(name), MASK)) == pytest.approx(
        by_hand(name), rel=1e-5)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_padding_changes_nothing(name):
    prediction, target = PREDICTION.copy(), target_of(name).copy()
    prediction[MASK == 0] += 100.0
    target[MASK == 0] = 0 if name == "cross_entropy" else np.inf
    value = float(LOSSES[name](prediction, target, MASK))
    assert value == pytest.approx(by_hand(name), rel=1e-5)
    # A longer row of padding changes nothing either.
    wide = [np.concatenate([array, array[:, :1] * 0], 1) for array in
            (PREDICTION, target_of(name), MASK)]
    assert float(LOSSES[name](*wide)) == pytest.approx(by_hand(name), rel=1e-5)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_a_batch_of_padding_is_finite_with_finite_gradients(name):
    prediction = tf.Variable(PREDICTION)
    with tf.GradientTape() as tape:
        loss = LOSSES[name](prediction, target_of(name), np.zeros_like(MASK))
    assert float(loss) == 0.0
    assert np.all(tape.gradient(loss, prediction).numpy() == 0.0)


def inputs_of(name):
    """A prediction, a target and a mask of the shapes that a loss takes."""
    if name == "attention_kld":
        shares = [softmax(GENERATOR.normal(size=(2, 3, 2, 3))).astype(np.float32) for _ in range(2)]
        return (*shares, MASK)
    if name == "relation_kld":
        return (*GENERATOR.normal(size=(2, 2, 3, 3, 2, 4)).astype(np.float32), MASK)
    if name == "squared_error":
        return PREDICTION[:, :, :1], TARGET[:, :, 0], MASK
    if name == "span_cross_entropy":
        ends, counts = np.array([[0, 2], [1, 1]]), np.array([[1, 1], [0, 0]], np.float32)
        return PREDICTION[:, :, :2], ends, counts
    if name == "binary_cross_entropy":
        return PREDICTION[:, :1], *several_labels()
    return PREDICTION, target_of(name), MASK


def several_labels():
    """Labels of two texts, of which the second does not count."""
    return np.array([[1, 0, 0, 1], [0, 1, 0, 0]]), np.array([[1] * 4, [0] * 4], np.float32)


def test_several_labels_are_each_for_itself():
    labels, mask = several_labels()
    found = LOSSES["binary_cross_entropy"](PREDICTION[:, :1], labels, mask)
    assert float(found) == pytest.approx(several_by_hand(PREDICTION[0, 0], labels[0]), rel=1e-5)


@pytest.mark.parametrize("filling", [np.inf, -np.inf, np.nan, 1e30])
@pytest.mark.parametrize("name", sorted(LOSSES))
def test_gradients_do_not_see_padding(name, filling):
    prediction, target, mask = inputs_of(name)
    padding = mask == 0
    whole = name in ("span_cross_entropy", "binary_cross_entropy")
    rows = padding.all(1) if whole else padding

    def gradient(value):
        filled, wanted = prediction.copy(), target.copy()
        filled[rows] = value
        if wanted.dtype == np.float32:
            wanted[padding] = value
        variable = tf.Variable(filled)
        with tf.GradientTape() as tape:
            loss = LOSSES[name](variable, wanted, mask)
        return float(loss), tape.gradient(loss, variable).numpy()

    loss, found = gradient(filling)
    expected_loss, expected = gradient(0.25)
    assert loss == expected_loss
    np.testing.assert_array_equal(found, expected)
    assert np.all(found[rows] == 0) and np.any(found[~rows] != 0)


def test_kld_is_zero_for_equal_softmax_and_takes_negative_values():
    shifted = TARGET - 7.0
    assert float(LOSSES["kld"](shifted, TARGET, MASK)) == pytest.approx(0.0, abs=1e-6)


def test_float16_targets_are_read_as_float32():
    value = float(LOSSES["mse"](PREDICTION, TARGET.astype(np.float16), MASK))
    assert value == pytest.approx(by_hand("mse"), rel=1e-2)


def test_a_temperature_softens_both_sides_and_keeps_the_size_of_gradients():
    soft = LOSSES["kld"](tf.constant(PREDICTION), tf.constant(TARGET), tf.constant(MASK),
                         temperature=4.0)
    divided = LOSSES["kld"](tf.constant(PREDICTION / 4), tf.constant(TARGET / 4),
                            tf.constant(MASK))
    assert float(soft) == pytest.approx(16 * float(divided), rel=1e-4)


def test_numbers_are_learnt_by_their_squared_error():
    prediction = tf.constant([[[1.0]], [[4.0]], [[9.0]]])
    target, mask = tf.constant([[3.0], [4.5], [0.0]]), tf.constant([[1.0], [1.0], [0.0]])
    assert float(LOSSES["squared_error"](prediction, target, mask)) == pytest.approx(
        (2.0**2 + 0.5**2) / 2)


def test_smoothed_labels_share_their_probability():
    logits = np.array([[[2.0, 0.0, -1.0]]], np.float32)
    log_q = np.log(np.exp(logits[0, 0]) / np.exp(logits[0, 0]).sum())
    found = cross_entropy(logits, np.array([[1]]), np.ones((1, 1)), smoothing=0.3)
    np.testing.assert_allclose(found, -(np.array([0.1, 0.8, 0.1]) * log_q).sum(), rtol=1e-5)
    assert cross_entropy(logits, np.array([[1]]), np.ones((1, 1))) == -log_q[1]


def test_spans_are_the_mean_of_both_ends_over_positions():
    # Padding, of which the model says that it is never an end; the second row does not count.
    logits = np.array([[[0.0, 2.0], [1.0, 0.0], [-1e9, -1e9]], [[5.0, 5.0]] * 3], np.float32)
    targets, mask = np.array([[1, 0], [0, 0]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    start = np.log(1 + np.e) - 1.0
    end = np.log(np.exp(2.0) + 1) - 2.0
    found = float(span_cross_entropy(logits, targets, mask))
    assert found == pytest.approx((start + end) / 2, rel=1e-5)
