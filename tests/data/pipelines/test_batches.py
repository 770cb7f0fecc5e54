"""Batches of labelled rows: order, buckets, masks, masking of pieces."""

import numpy as np
import pytest

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.data.pipelines.batches import PieceMasking, labelled_batches
from xtremedistil_tf.data.pipelines.buckets import bucket_bounds, count_steps
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.shares import Share

LENGTHS = [3, 12, 4, 5, 9, 3, 7, 8, 12, 6]


@pytest.fixture
def features():
    ids = [list(range(100 * row + 10, 100 * row + 10 + n)) for row, n in enumerate(LENGTHS)]
    labels = [[piece % 7 for piece in row] for row in ids]
    return Features(Ragged.of(ids), Ragged.of(labels), Ragged.of([[] for _ in ids]), ["x"] * 10,
                    None, {})


def test_buckets_grow_with_length():
    assert bucket_bounds(3) == [4]
    assert bucket_bounds(32) == [4, 8, 12, 16, 20, 24, 28, 32]
    assert bucket_bounds(70)[8:] == [40, 48, 56, 64, 80]
    assert len(bucket_bounds(512)) == 8 + 4 * 4


def test_an_epoch_holds_every_row_once_with_its_own_labels(features):
    seen = []
    batches = list(labelled_batches(features, BatchSize(3), 0))
    assert len(batches) == count_steps(features.input_ids.lengths, BatchSize(3))
    for inputs, targets in batches:
        mask = targets["mask"].numpy()
        assert (inputs["attention_mask"].numpy() == mask).all()
        for ids, labels, real in zip(inputs["input_ids"].numpy(), targets["labels"].numpy(),
                                     mask > 0):
            assert (labels[real] == ids[real] % 7).all()
            seen.append(int(ids[0]) // 100)
    assert sorted(seen) == list(range(10))


def test_the_teachers_padding_id_fills_short_rows(features):
    for inputs, targets in labelled_batches(features, BatchSize(3), 0, pad_id=77):
        assert (inputs["input_ids"].numpy()[targets["mask"].numpy() == 0] == 77).all()


def test_the_students_rows_are_mapped_and_padded_with_zero(features):
    table = np.arange(2000, dtype=np.int32) + 5
    for inputs, targets in labelled_batches(features, BatchSize(3), 0, table=table):
        assert set(inputs) == {"input_ids"}
        ids, mask = inputs["input_ids"].numpy(), targets["mask"].numpy()
        assert ((ids == 0) == (mask == 0)).all() and (ids[:, 0] % 100 == 15).all()


def test_masking_spares_the_markers_and_repeats_with_the_seed(features):
    def masked(seed):
        rows = {}
        for inputs, targets in labelled_batches(features, BatchSize(3), seed,
                                                masking=PieceMasking(0.5, 9)):
            for ids, real in zip(inputs["input_ids"].numpy(), targets["mask"].numpy() > 0):
                rows[int(ids[0])] = ids[real].tolist()
        return rows

    first = masked(1)
    for ids in first.values():
        assert ids[0] != 9 and ids[-1] != 9
    share = np.mean([piece == 9 for ids in first.values() for piece in ids[1:-1]])
    assert 0.25 < share < 0.75
    assert masked(1) == first != masked(2)


def test_batches_of_equal_positions_hold_fewer_long_rows(features):
    size = BatchSize(3, tokens=24)
    batches = list(labelled_batches(features, size, 0))
    assert len(batches) == count_steps(features.input_ids.lengths, size)
    shapes = [tuple(inputs["input_ids"].shape) for inputs, _ in batches]
    assert max(rows for rows, time in shapes if time <= 4) == 3
    assert all(rows <= 2 for rows, time in shapes if time > 8)
    assert BatchSize(3, tokens=5).of(12) == 1


def test_shares_of_labelled_batches_hold_every_row_once(features):
    shares = [list(labelled_batches(features, BatchSize(2), 5, share=Share(2, replica, 1)))
              for replica in range(2)]
    assert len(shares[0]) == len(shares[1]) == count_steps(
        features.input_ids.lengths, BatchSize(2), replicas=2)
    seen = [int(ids[0]) // 100 for share in shares for inputs, targets in share
            for ids, mask in zip(inputs["input_ids"].numpy(), targets["mask"].numpy())
            if mask.any()]
    assert sorted(seen) == list(range(10))
