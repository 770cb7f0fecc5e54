"""The layer registry: names, coverage and freezing."""

import numpy as np
import pytest

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.registry import LayerRegistry


@pytest.fixture
def model():
    return tf.keras.Sequential(
        [tf.keras.layers.Dense(3, name="a"), tf.keras.layers.Dense(2, name="b")]
    )


def registry_of(model, *parts, **options):
    model.build([None, 4])
    by_name = {layer.name: layer for layer in model.layers}
    return LayerRegistry(model, [(name, [by_name[name]]) for name in parts], **options)


def test_trainable_is_exactly_what_was_asked_for(model):
    registry = registry_of(model, "a", "b")
    registry.set_trainable(["b"])
    assert {w.name for w in model.trainable_weights} == {"b/kernel:0", "b/bias:0"}
    registry.set_trainable(["a"])
    assert {w.name for w in model.trainable_weights} == {"a/kernel:0", "a/bias:0"}
    assert registry.parameters(["a"]) == 15 and registry.parameters(["a", "b"]) == 23


def test_a_weight_that_nobody_owns_is_refused(model):
    with pytest.raises(ValueError, match="never be trained.*b/kernel"):
        registry_of(model, "a")


def test_a_weight_that_is_owned_twice_is_refused(model):
    model.build([None, 4])
    first, second = model.layers
    with pytest.raises(ValueError, match="more than one part.*a/kernel"):
        LayerRegistry(model, [("a", [first]), ("b", [second, first])])


def test_unknown_names_are_refused_with_the_known_ones(model):
    with pytest.raises(UserError, match="unknown layers: c; this model has: a, b"):
        registry_of(model, "a", "b").set_trainable(["a", "c"])


def test_always_frozen_layers_stay_frozen(model):
    model.build([None, 4])
    first, second = model.layers
    registry = LayerRegistry(model, [("b", [second])], always_frozen=[first])
    registry.set_trainable(["b"])
    assert {w.name for w in model.trainable_weights} == {"b/kernel:0", "b/bias:0"}
    before = first.get_weights()
    model.compile("sgd", "mse")
    model.fit(np.ones([4, 4]), np.ones([4, 2]), verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, first.get_weights()))
