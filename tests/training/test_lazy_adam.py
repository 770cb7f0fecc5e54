"""Our lazy Adam against the formula, and against TensorFlow Addons where that is installed."""

import numpy as np
import pytest

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.training.addons import LazyAdam
from xtremedistil_tf.training.lazy_adam import SparseRowsAdam

ROWS = [[1, 3, 3], [3, 4, 1], [0, 0, 0], [3, 1, 2]]  # 3 repeats within a batch, 5 never comes.
RATE = tf.keras.optimizers.schedules.PolynomialDecay(0.05, 4, 0.01)


def steps(optimizer):
    """A table of six rows after each step on fixed gradients; and a dense kernel's."""
    generator = np.random.default_rng(0)
    table = tf.Variable(generator.normal(size=(6, 2)).astype(np.float32))
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
    tables, gradients, _ = steps(optimizer(RATE))
    np.testing.assert_allclose(tables[-1], formula(tables[0], gradients), atol=2e-6)
    for rows, before, after in zip(ROWS, tables, tables[1:]):
        moved = {row for row in range(6) if (before[row] != after[row]).any()}
        assert moved == set(rows)


def test_it_equals_tensorflow_addons():
    addons = pytest.importorskip("tensorflow_addons")  # Python 3.12 and later have none.
    ours, _, kernel = steps(SparseRowsAdam(RATE))
    theirs, _, other = steps(addons.optimizers.LazyAdam(RATE))
    np.testing.assert_allclose(ours, theirs, atol=1e-7)
    np.testing.assert_array_equal(kernel, other)
