"""Shapes that reach a student's layers: few, whatever texts and batches come."""

import numpy as np
import pytest

from xtremedistil_tf.export.savedmodel.rounded import ROWS, TIMES, Rounded
from xtremedistil_tf.keras2 import tf


class Student(tf.Module):
    """Writes down the shapes that it sees; its logits are sums up to each place, or of a row."""

    def __init__(self, pooled=False):
        super().__init__()
        self.seen, self._pooled = set(), pooled

    def __call__(self, ids, lengths):
        self.seen.add(tuple(ids.shape))
        assert (np.array(lengths) > 0).all() or 0 in ids.shape
        values = tf.cast(ids, tf.float32)[:, :, None]
        if self._pooled:
            return tf.reduce_sum(values, 1)
        return tf.cumsum(values, 1)


@pytest.mark.parametrize("pooled", [False, True])
def test_what_comes_back_has_the_shape_that_was_asked_for(pooled):
    student = Student(pooled)
    rounded, random = Rounded(student), np.random.default_rng(0)
    for rows, time in [(1, 3), (1, 8), (5, 9), (7, 65), (16, 64), (33, 500), (2, 5000)]:
        ids = random.integers(1, 50, (rows, time)).astype(np.int32)
        found = rounded(tf.constant(ids), tf.fill([rows], time)).numpy()
        expected = ids.sum(1)[:, None] if pooled else ids.cumsum(1)[:, :, None]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.long
def test_a_thousand_shapes_become_few():
    student = Student()
    rounded = Rounded(student)
    for rows in range(1, 65):
        for time in range(2, 513, 7):
            rounded(tf.ones([rows, time], tf.int32), tf.fill([rows], time))
    assert len(student.seen) <= 12 * 22
    assert {rows for rows, _ in student.seen} == {
        1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64}


def test_no_row_becomes_longer_than_the_student_takes():
    student = Student()
    Rounded(student, seq_len_limit=30)(tf.ones([1, 26], tf.int32), tf.constant([26]))
    assert student.seen == {(1, 30)}


def test_the_grids_rise_and_end_nowhere():
    assert (np.diff(ROWS) > 0).all() and (np.diff(TIMES) > 0).all()
    student = Student()
    found = Rounded(student)(tf.ones([1, 4100], tf.int32), tf.constant([4100]))
    assert student.seen == {(1, 4100)} and found.shape == (1, 4100, 1)
