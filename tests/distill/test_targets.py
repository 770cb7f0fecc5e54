"""Stored teacher outputs: one pass, the right numbers, resuming, damage, batches."""

import numpy as np
import pytest

from tests.checkpoints import make_encoder
from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.distill import store as store_module
from xtremedistil_tf.distill.store import store_bytes
from xtremedistil_tf.distill.targets import Filler, write_targets
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.alignment import Ragged
from xtremedistil_tf.inputs.batches import count_steps, transfer_batches
from xtremedistil_tf.models.teacher import build_teacher

ROWS = 23


@pytest.fixture(scope="module")
def teacher(tokenizer):
    return build_teacher(make_encoder("bert", len(tokenizer)), tokenizer, 4, 1)


@pytest.fixture(scope="module")
def input_ids():
    generator = np.random.default_rng(0)
    return Ragged.of([generator.integers(5, 90, generator.integers(3, 14)) for _ in range(ROWS)])


def read_all(store, batch_size=4, seed=0):
    """Rows by their piece ids: (logits, representation)."""
    table = np.arange(1000, dtype=np.int32)
    found = {}
    for inputs, targets in transfer_batches(store, BatchSize(batch_size), seed, table, True):
        for at, ids in enumerate(inputs["input_ids"].numpy()):
            length = int(targets["mask"][at].numpy().sum())
            found[tuple(ids[:length])] = (targets["logits"][at, :length].numpy(),
                                          targets["representation"][at, :length].numpy())
    return found


def test_stored_outputs_are_the_teachers(teacher, input_ids, tmp_path):
    store, rows = write_targets(teacher, input_ids, tmp_path, "f0", 10)
    assert rows == ROWS and store.shards == 3
    found = read_all(store)
    assert len(found) == ROWS
    for row in range(ROWS):
        ids = input_ids[row]
        direct = teacher.model({"input_ids": ids[None], "attention_mask": np.ones_like(ids)[None]})
        logits, representation = found[tuple(ids)]
        assert representation.dtype == np.float16 and logits.dtype == np.float32
        np.testing.assert_allclose(logits, direct["logits"][0], atol=1e-5)
        np.testing.assert_allclose(representation, direct["representation"][0], atol=5e-3)


def test_the_teacher_runs_once(teacher, input_ids, tmp_path):
    write_targets(teacher, input_ids, tmp_path, "f0", 10)
    assert write_targets(teacher, input_ids, tmp_path, "f0", 10)[1] == 0


def test_other_inputs_are_refused(teacher, input_ids, tmp_path):
    write_targets(teacher, input_ids, tmp_path, "f0", 10)
    with pytest.raises(UserError, match="another teacher, transfer set, seq_len or layer"):
        write_targets(teacher, input_ids, tmp_path, "f1", 10)


def test_killed_while_writing_goes_on_at_the_first_missing_shard(
    teacher, input_ids, tmp_path, monkeypatch
):
    original = Filler.write_shard

    def dying(self, index, progress):
        if index == 2:
            raise KeyboardInterrupt
        original(self, index, progress)

    monkeypatch.setattr(Filler, "write_shard", dying)
    with pytest.raises(KeyboardInterrupt):
        write_targets(teacher, input_ids, tmp_path, "f0", 10)
    monkeypatch.setattr(Filler, "write_shard", original)
    store, rows = write_targets(teacher, input_ids, tmp_path, "f0", 10)
    assert rows == 3 and len(read_all(store)) == ROWS


def test_a_truncated_shard_is_made_anew(teacher, input_ids, tmp_path):
    store, _ = write_targets(teacher, input_ids, tmp_path, "f0", 10)
    shard = sorted((tmp_path / "shard-00001").glob("logits-*"))[0]
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-9])
    assert write_targets(teacher, input_ids, tmp_path, "f0", 10)[1] == 10
    assert len(read_all(store)) == ROWS


def test_an_altered_shard_is_named(teacher, input_ids, tmp_path):
    store, _ = write_targets(teacher, input_ids, tmp_path, "f0", 10)
    store.verify()
    shard = sorted((tmp_path / "shard-00002").glob("representation-*"))[0]
    data = bytearray(shard.read_bytes())
    data[60] ^= 1
    shard.write_bytes(bytes(data))
    with pytest.raises(UserError, match="shard-00002/representation-.* is damaged"):
        store.verify()


def test_a_disk_that_is_too_small_is_told_before_the_pass(
    teacher, input_ids, tmp_path, monkeypatch
):
    monkeypatch.setattr(store_module.shutil, "disk_usage", lambda _: type("U", (), {"free": 9}))
    with pytest.raises(UserError, match="GB, but .* free"):
        write_targets(teacher, input_ids, tmp_path, "f0", 10)


def test_the_estimate_of_bytes_is_close(teacher, input_ids, tmp_path):
    write_targets(teacher, input_ids, tmp_path, "f0", 10)
    real = sum(path.stat().st_size for path in tmp_path.rglob("*.tfrecord"))
    estimate = store_bytes(len(input_ids.values), ROWS, 16, 4)
    assert abs(estimate - real) < 0.15 * real


def test_batches_are_equal_for_equal_seeds_and_full(teacher, input_ids, tmp_path):
    store, _ = write_targets(teacher, input_ids, tmp_path, "f0", 10)
    table = np.arange(1000, dtype=np.int32)

    def order(seed):
        return [tuple(ids) for inputs, _ in transfer_batches(store, BatchSize(4), seed, table, False)
                for ids in inputs["input_ids"].numpy()]

    assert order(1) == order(1) != order(2)
    batches = list(transfer_batches(store, BatchSize(4), 1, table, False))
    assert len(batches) == count_steps(input_ids.lengths, BatchSize(4))
    for inputs, targets in batches:
        # Right-padded, and never a whole row or column of padding.
        mask = targets["mask"].numpy()
        assert (np.sort(mask, axis=1)[:, ::-1] == mask).all() and mask.any(1).all()
        assert mask.any(0).all()
        assert ((inputs["input_ids"].numpy() > 0) == (mask > 0)).all()
        # Rows of a batch differ by less than the width of a bucket.
        lengths = mask.sum(1)
        assert lengths.max() - lengths.min() < 5
