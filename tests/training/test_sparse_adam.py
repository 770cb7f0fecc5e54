"""Adam on rows: lazy, against the formula and TensorFlow Addons; on used rows, against Adam."""

import numpy as np
import pytest

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.runtime import precision
from xtremedistil_tf.training.addons import LazyAdam
from xtremedistil_tf.training.sparse_adam import SparseRowsAdam, UsedRows, UsedRowsAdam

ROWS = [[1, 3, 3], [3, 4, 1], [0, 0, 0], [3, 1, 2]]  # 3 repeats within a batch, 5 never comes.
RATE = tf.keras.optimizers.schedules.PolynomialDecay(0.05, 4, 0.01)


def steps(make):
    """A table of six rows after each step on fixed gradients; and a dense kernel's."""
    generator = np.random.default_rng(0)
    table = tf.Variable(generator.normal(size=(6, 2)).astype(np.float32))
    optimizer = make(table)
    kernel = tf.Variable(generator.normal(size=(2, 2)).astype(np.float32))
    optimizer._create_all_weights([table, kernel])
    tables, gradients = [table.numpy()], []
    for rows in ROWS:
        gradient = generator.normal(size=(len(rows), 2)).astype(np.float32)
        dense = generator.normal(size=(2, 2)).astype(np.float32)
        optimizer.apply_gradients(
            [(tf.IndexedSlices(tf.constant(gradient), tf.constant(rows), [6, 2]), table),
             (tf.constant(dense), kernel)])
        tables.append(table.numpy())
        gradients.append(gradient)
    return tables, gradients, kernel.numpy()


def formula(start, gradients):
    """Kingma & Ba, section 2, for the rows of each batch, in float64."""
    table, mean, square = start.astype(float), np.zeros((6, 2)), np.zeros((6, 2))
    for step, (rows, gradient) in enumerate(zip(ROWS, gradients)):
        for row in set(rows):
            slope = sum(part for at, part in zip(rows, gradient.astype(float)) if at == row)
            mean[row] = 0.9 * mean[row] + 0.1 * slope
            square[row] = 0.999 * square[row] + 0.001 * slope**2
            rate = (0.05 - 0.01 * step) * np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
            table[row] -= rate * mean[row] / (np.sqrt(square[row]) + 1e-7)
    return table


@pytest.mark.parametrize("optimizer", sorted({SparseRowsAdam, LazyAdam}, key=str))
def test_it_is_the_formula_and_leaves_other_rows(optimizer):
    tables, gradients, _ = steps(lambda table: optimizer(RATE))
    np.testing.assert_allclose(tables[-1], formula(tables[0], gradients), atol=2e-6)
    for rows, before, after in zip(ROWS, tables, tables[1:]):
        moved = {row for row in range(6) if (before[row] != after[row]).any()}
        assert moved == set(rows)


def test_it_equals_tensorflow_addons():
    addons = pytest.importorskip("tensorflow_addons")  # Python 3.12 and later have none.
    ours, _, kernel = steps(lambda table: SparseRowsAdam(RATE))
    theirs, _, other = steps(lambda table: addons.optimizers.LazyAdam(RATE))
    np.testing.assert_allclose(ours, theirs, atol=1e-7)
    np.testing.assert_array_equal(kernel, other)


USED = np.array([0, 1, 2, 3, 4], np.int32)


def test_on_used_rows_it_is_adam():
    ours, _, kernel = steps(lambda table: UsedRowsAdam(RATE, UsedRows(table, USED)))
    adam, _, other = steps(lambda table: tf.keras.optimizers.legacy.Adam(RATE))
    np.testing.assert_allclose(ours, adam, atol=1e-7)
    np.testing.assert_array_equal(kernel, other)
    # Row 4 is read in the second step only, but its moments move it in the third.
    assert (ours[2][4] != ours[3][4]).all() and (ours[0][5] == ours[4][5]).all()


def test_a_row_that_is_not_among_the_used_is_told():
    with pytest.raises(tf.errors.InvalidArgumentError, match="not among the used rows"):
        steps(lambda table: UsedRowsAdam(RATE, UsedRows(table, np.array([0, 1, 3], np.int32))))


@pytest.mark.parametrize("row, told", [(1, False), (3, True)])
def test_a_dense_gradient_of_the_table_may_have_used_rows_only(row, told):
    table = tf.Variable(np.ones([4, 2], np.float32))
    optimizer = UsedRowsAdam(0.1, UsedRows(table, np.array([1, 2], np.int32)))
    adam, other = tf.keras.optimizers.legacy.Adam(0.1), tf.Variable(table)
    gradient = tf.constant(np.eye(4, 2, -row).astype(np.float32))
    if told:
        with pytest.raises(tf.errors.InvalidArgumentError, match="no text reads"):
            optimizer.apply_gradients([(gradient, table)])
        return
    for one, variable in ((optimizer, table), (adam, other)):
        for _ in range(2):
            one.apply_gradients([(gradient, variable)])
    np.testing.assert_allclose(table, other, atol=1e-7)
    assert [len(weight) for weight in optimizer.get_weights()[1:]] == [2, 2]  # Moments.


@pytest.mark.parametrize("policy", [None, "mixed_bfloat16", "mixed_float16"])
def test_in_a_model_of_any_precision_it_is_adam(policy):
    random = np.random.default_rng(0)
    ids = 3 * random.integers(0, 5, (8, 4), dtype=np.int32)
    targets = random.normal(size=(8, 4, 2)).astype(np.float32)

    def train(make):
        tf.keras.utils.set_random_seed(1)
        with precision(policy):
            inputs = tf.keras.Input([None], dtype=tf.int32)
            embedding = tf.keras.layers.Embedding(20, 3)
            model = tf.keras.Model(inputs, tf.keras.layers.Dense(2)(embedding(inputs)))
            model.compile(make(embedding.embeddings), "mse")
        model.fit(ids, targets, epochs=3, batch_size=4, shuffle=False, verbose=0)
        return model.get_weights(), model.optimizer.get_weights()

    ours, moments = train(lambda table: UsedRowsAdam(0.05, UsedRows(table, 3 * USED)))
    adam, all_moments = train(lambda table: tf.keras.optimizers.legacy.Adam(0.05))
    for one, other in zip(ours, adam):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert {len(found) for found in moments if found.shape[-1:] == (3,)} == {5}
    assert {len(found) for found in all_moments if found.shape[-1:] == (3,)} == {20}
