"""The step of a BiLSTM without a GPU: results and gradients of Keras, in two precisions."""

import numpy as np
import pytest

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers import cpu_bilstm
from xtremedistil_tf.models.layers.cpu_bilstm import with_cpu_kernels

PADDED = np.array([[3, 4, 5, 6, 0, 0], [7, 8, 9, 1, 2, 3], [4, 0, 0, 0, 0, 0]], np.int32)
FULL = np.array([[3, 4, 5, 6], [7, 8, 9, 1]], np.int32)


def bilstm(*, sequences=True, masked=True, layers=1, policy="float32", **options):
    """A model of an embedding and BiLSTM layers with random biases."""
    tf.keras.utils.set_random_seed(1)
    policy = tf.keras.mixed_precision.Policy(policy)
    ids = tf.keras.Input([None], dtype=tf.int32)
    hidden = tf.keras.layers.Embedding(50, 6, mask_zero=masked, dtype="float32")(ids)
    for index in range(layers):
        hidden = tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(
            5, return_sequences=sequences or index < layers - 1, dtype=policy, **options),
            dtype=policy)(hidden)
    model = tf.keras.Model(ids, hidden)
    for weight in model.weights:
        weight.assign_add(tf.random.normal(weight.shape, stddev=0.3))
    return model


def outputs_and_gradients(model, ids):
    """The model's outputs and the gradient of each weight of a weighted sum of them."""
    factors = np.random.default_rng(0).normal(size=model(ids).shape).astype(np.float32)

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            outputs = tf.cast(model(ids, training=True), tf.float32)
            loss = tf.reduce_sum(outputs * factors)
        found = tape.gradient(loss, model.trainable_variables)
        return outputs, [tf.convert_to_tensor(gradient) for gradient in found]

    return tf.nest.map_structure(lambda values: values.numpy(), run())


@pytest.mark.parametrize("sequences", [True, False], ids=["sequences", "last states"])
@pytest.mark.parametrize(("ids", "masked"), [(PADDED, True), (FULL, True), (FULL, False)],
                         ids=["padded", "full", "without a mask"])
@pytest.mark.parametrize("layers", [1, 2])
def test_results_and_gradients_are_those_of_keras(ids, masked, sequences, layers):
    model = bilstm(sequences=sequences, masked=masked, layers=layers)
    theirs, their_gradients = outputs_and_gradients(model, ids)
    with with_cpu_kernels(model.layers):
        ours, our_gradients = outputs_and_gradients(model, ids)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert len(our_gradients) == 1 + 6 * layers
    for mine, other in zip(our_gradients, their_gradients):
        assert np.abs(other).max() > 1e-3
        np.testing.assert_allclose(mine, other, atol=2e-6)


def test_products_in_bfloat16_are_near_those_in_float32():
    exact, gradients = outputs_and_gradients(bilstm(), PADDED)
    model = bilstm(policy="mixed_bfloat16")
    with with_cpu_kernels(model.layers):
        found, narrow_gradients = outputs_and_gradients(model, PADDED)
    assert 0 < np.abs(found - exact).max() < 0.03
    for mine, other in zip(narrow_gradients[1:], gradients[1:]):
        assert np.abs(mine - other).max() < 0.05 * np.abs(other).max()


def test_the_block_uses_it_and_restores_keras(monkeypatch):
    calls = []
    own = cpu_bilstm.states_both_ways
    monkeypatch.setattr(cpu_bilstm, "states_both_ways",
                        lambda *args: calls.append(1) or own(*args))
    model = bilstm()
    with with_cpu_kernels(model.layers):
        model(PADDED)
        assert len(calls) == 1
        with with_cpu_kernels(model.layers):
            model(PADDED)
        model(PADDED)
        assert len(calls) == 3
    model(PADDED)
    assert len(calls) == 3 and "call" not in vars(model.layers[-1])


@pytest.mark.parametrize("options", [
    {"dropout": 0.2}, {"recurrent_dropout": 0.2}, {"activation": "relu"}, {"use_bias": False}],
    ids=str)
def test_other_cells_stay_with_keras(options, monkeypatch):
    monkeypatch.setattr(cpu_bilstm, "states_both_ways", None)
    model = bilstm(**options)
    with with_cpu_kernels(model.layers):
        assert model(PADDED).shape == (3, 6, 10)
