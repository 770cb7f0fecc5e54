"""A student's own tokens beside stored targets: the right target for each, and damage."""

import numpy as np
import pytest

from tests.checkpoints import make_encoder
from tests.stores import write_store
from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.teacher import build_teacher
from xtremedistil_tf.targets.dataset import transfer_batches
from xtremedistil_tf.targets.own_tokens import with_own_tokens
from xtremedistil_tf.targets.spec import KINDS, Place

ROWS = 23
TABLE = np.arange(1000, dtype=np.int32)


@pytest.fixture(scope="module")
def encoder(tokenizer):
    return make_encoder("bert", len(tokenizer))


@pytest.fixture(scope="module")
def input_ids():
    generator = np.random.default_rng(0)
    rows = [generator.integers(5, 90, generator.integers(3, 14)) for _ in range(ROWS)]
    rows[20:] = rows[2:5]  # Sentences that are equal for the teacher.
    return Ragged.of(rows)


@pytest.fixture(scope="module")
def own(input_ids):
    """A student's tokens: more or fewer than the teacher's, some without a counterpart."""
    generator = np.random.default_rng(1)
    ids, places = [], []
    for row in range(ROWS):
        length = int(generator.integers(3, 20))
        ids.append([500 + row, *generator.integers(100, 400, length - 1)])
        places.append(generator.integers(-1, len(input_ids[row]), length))
    return Realigned(Ragged.of(ids), Ragged.of(places))


def test_each_token_has_the_target_of_its_counterpart(encoder, tokenizer, input_ids, own, tmp_path):
    teacher = build_teacher(encoder, tokenizer, 4, 1)
    store, _ = write_store(teacher, input_ids, tmp_path / "store", "f0", 10)
    store = with_own_tokens(store, input_ids, own, Place(tmp_path / "own", "f1"))
    seen = []
    for inputs, targets in transfer_batches(store, BatchSize(4), 0, TABLE, KINDS):
        for at, ids in enumerate(inputs["input_ids"].numpy()):
            row = int(ids[0]) - 500
            seen.append(row)
            places = own.places[row]
            np.testing.assert_array_equal(ids[ids > 0], own.input_ids[row])
            mask = targets["mask"].numpy()[at]
            np.testing.assert_array_equal(mask, [*(places >= 0), *[0] * (len(ids) - len(places))])
            their = input_ids[row]
            said = teacher.model({"input_ids": their[None],
                                  "attention_mask": np.ones_like(their)[None]})
            for kind in KINDS:
                np.testing.assert_allclose(targets[kind].numpy()[at][mask > 0],
                                           said[kind].numpy()[0][places[places >= 0]], atol=5e-3)
                assert not targets[kind].numpy()[at][mask == 0].any()
    assert sorted(seen) == list(range(ROWS))


def test_one_target_a_sequence_needs_no_counterparts(encoder, tokenizer, input_ids, own, tmp_path):
    teacher = build_teacher(encoder, tokenizer, 4, 1, pooled=True)
    store, _ = write_store(teacher, input_ids, tmp_path / "store", "f0", 10)
    store = with_own_tokens(store, input_ids, Realigned(own.input_ids),
                            Place(tmp_path / "own", "f1"))
    rows = 0
    for inputs, targets in transfer_batches(store, BatchSize(4), 0, TABLE, KINDS):
        mask = targets["mask"].numpy()
        assert mask.shape == (len(inputs["input_ids"]), 1) and mask.all()
        for ids, logits in zip(inputs["input_ids"].numpy(), targets["logits"].numpy()):
            their = input_ids[int(ids[0]) - 500][None]
            said = teacher.model({"input_ids": their, "attention_mask": np.ones_like(their)})
            np.testing.assert_allclose(logits, said["logits"].numpy()[0], atol=1e-5)
            rows += 1
    assert rows == ROWS


def test_files_are_written_once_and_again_when_they_do_not_fit(
    encoder, tokenizer, input_ids, own, tmp_path
):
    store, _ = write_store(build_teacher(encoder, tokenizer, 4, 1), input_ids,
                           tmp_path / "store", "f0", 10)

    def times(fingerprint):
        with_own_tokens(store, input_ids, own, Place(tmp_path / "own", fingerprint))
        return {path.name: path.stat().st_mtime_ns for path in (tmp_path / "own").iterdir()}

    first = times("f1")
    assert len(first) > 3 and times("f1") == first
    damaged = tmp_path / "own" / min(first)
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    mended = times("f1")
    assert mended.keys() == first.keys() and mended[damaged.name] > first[damaged.name]
    # Whole records in another order: only the checksum tells.
    several = max((tmp_path / "own").glob("*.tfrecord"), key=lambda path: path.stat().st_size)
    kept = several.read_bytes()
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(several))]
    with tf.io.TFRecordWriter(str(several)) as writer:
        for record in records[::-1]:
            writer.write(record)
    assert several.read_bytes() != kept
    times("f1")
    assert several.read_bytes() == kept
    assert times("f2") != mended
    # The store was removed and made anew, of larger shards.
    store, _ = write_store(build_teacher(encoder, tokenizer, 4, 1), input_ids,
                           tmp_path / "anew", "f0", ROWS)
    names = times("f2").keys()
    assert names != first.keys() and all("00000" in name or "json" in name for name in names)
