"""Stored teacher outputs: one pass, the right numbers, resuming, damage, batches."""

import dataclasses
import errno
import os
import resource
import shutil
import time

import filelock
import numpy as np
import pytest

from tests.checkpoints import make_encoder
from tests.conftest import ROOT
from tests.stores import write_store
from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.data.pipelines.buckets import count_steps
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import pieces_of
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.data.tokenization.token_store import open_pieces, tokenise_texts
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.files.fingerprints import stamp_of
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.teacher import build_teacher, load_teacher, save_teacher
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.shares import Share
from xtremedistil_tf.targets import store as store_module
from xtremedistil_tf.targets import worker
from xtremedistil_tf.targets.dataset import transfer_batches
from xtremedistil_tf.targets.manifest import open_store
from xtremedistil_tf.targets.spec import KINDS, MATCHED_KINDS, Place, StoreSpec
from xtremedistil_tf.targets.variation import variation, warn_of_constant
from xtremedistil_tf.targets.worker import HelperJob, helping_processes
from xtremedistil_tf.targets.writer import (
    Filler,
    Part,
    TeacherInput,
    missing_shards,
    write_part_of_targets,
)
from xtremedistil_tf.teachers import Wanted

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
    for inputs, targets in transfer_batches(store, BatchSize(batch_size), seed, table, KINDS):
        for at, ids in enumerate(inputs["input_ids"].numpy()):
            length = int(targets["mask"][at].numpy().sum())
            found[tuple(ids[:length])] = (targets["logits"][at, :length].numpy(),
                                          targets["representation"][at, :length].numpy())
    return found


def test_stored_outputs_are_the_teachers(teacher, input_ids, tmp_path):
    store, rows = write_store(teacher, input_ids, tmp_path, "f0", 10)
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


@pytest.mark.parametrize("layer,pooled", [(1, False), (0, True)])
def test_a_layer_that_is_the_same_for_all_rows_is_told(
    layer, pooled, teacher, tokenizer, input_ids, tmp_path, caplog
):
    """The opening marker of layer 0 is an embedding, whatever follows it."""
    taught = build_teacher(teacher.encoder, tokenizer, 4, layer, pooled=pooled)
    # Each row begins with the same piece.
    rows = Ragged.of([np.concatenate([[7], input_ids[row]]) for row in range(ROWS)])
    store, _ = write_store(taught, rows, tmp_path, "f0", 10)
    table = np.arange(1000, dtype=np.int32)
    stored = [np.asarray(targets["representation"])[np.asarray(targets["mask"]) > 0]
              for _, targets in transfer_batches(store, BatchSize(4), 0, table, KINDS)]
    states = np.concatenate(stored).astype(np.float64)
    share = states.var(axis=0).sum() / np.square(states).mean(axis=0).sum()
    assert variation(store, table) == pytest.approx(share, abs=1e-9)
    warn_of_constant(store, table, layer)
    assert ("layer 0 is nearly the same" in caplog.text) == pooled
    assert (share < 1e-9) == pooled


@pytest.mark.parametrize("pooled", [False, True])
def test_matched_layers_are_stored_as_said(pooled, teacher, tokenizer, input_ids, tmp_path):
    matched = build_teacher(teacher.encoder, tokenizer, 4, 1, pooled=pooled, matched=2)
    kinds = (*KINDS, *MATCHED_KINDS)
    store, _ = write_store(matched, input_ids, tmp_path, "f0", 10, kinds=kinds)
    rows = 0
    for inputs, targets in transfer_batches(
            store, BatchSize(4), 0, np.arange(1000, dtype=np.int32), kinds):
        ids = inputs["input_ids"].numpy()
        mask = (ids > 0).astype(np.int32)
        direct = matched.model({"input_ids": ids, "attention_mask": mask})
        kept = targets["mask"].numpy() > 0
        assert targets["hidden_states"].shape == (len(ids), 1 if pooled else ids.shape[1], 3 * 16)
        np.testing.assert_allclose(targets["hidden_states"].numpy()[kept],
                                   direct["hidden_states"].numpy()[kept], atol=5e-3)
        # Attention is of all pieces, whatever else a row has one of.
        np.testing.assert_array_equal(targets["attention_mask"], mask)
        np.testing.assert_allclose(targets["attention"].numpy()[mask > 0],
                                   direct["attention"].numpy()[mask > 0], atol=1e-3)
        rows += len(ids)
    assert rows == ROWS
    squares = int((input_ids.lengths**2).sum())
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.tfrecord"))
    # Rows are as wide as their bucket here, and so short that this shows.
    told = store.spec.size(kinds, rows=ROWS, tokens=len(input_ids.values), squares=squares)
    assert size == pytest.approx(told, rel=0.3)
    store.drop("attention")
    assert store.is_whole(0, KINDS) and not store.is_whole(0, kinds)


def test_a_pooled_teacher_stores_one_target_a_row(teacher, tokenizer, input_ids, tmp_path):
    pooled = build_teacher(teacher.encoder, tokenizer, 4, 1, pooled=True)
    store, rows = write_store(pooled, input_ids, tmp_path, "f0", 10)
    assert rows == ROWS and store.spec.pooled
    seen = set()
    for inputs, targets in transfer_batches(
            store, BatchSize(4), 0, np.arange(1000, dtype=np.int32), KINDS):
        ids = inputs["input_ids"].numpy()
        direct = pooled.model({"input_ids": ids, "attention_mask": (ids > 0).astype(np.int32)})
        assert targets["mask"].shape == (len(ids), 1) and targets["mask"].numpy().all()
        assert targets["logits"].shape == (len(ids), 1, 4)
        np.testing.assert_allclose(targets["logits"], direct["logits"], atol=1e-5)
        np.testing.assert_allclose(targets["representation"], direct["representation"], atol=5e-3)
        seen |= {tuple(row[row > 0]) for row in ids}
    assert seen == {tuple(input_ids[row]) for row in range(ROWS)}
    # Bytes go by rows: the records' own overhead, 4 bytes a piece, 16 logits and 32 halves a row.
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.tfrecord"))
    told = store.spec.size(KINDS, rows=ROWS, tokens=len(input_ids.values))
    assert size == pytest.approx(told, rel=0.25)
    each = dataclasses.replace(store.spec, pooled=False)
    assert told < 0.5 * each.size(KINDS, rows=ROWS, tokens=len(input_ids.values))
    with pytest.raises(UserError, match="another teacher"):
        write_store(teacher, input_ids, tmp_path, "f0", 10)


def test_the_teacher_runs_once(teacher, input_ids, tmp_path):
    write_store(teacher, input_ids, tmp_path, "f0", 10)
    manifest = stamp_of(tmp_path / "manifest.json")
    assert write_store(teacher, input_ids, tmp_path, "f0", 10)[1] == 0
    # Others may share the store without the right to write into it.
    assert stamp_of(tmp_path / "manifest.json") == manifest


def test_other_inputs_are_refused(teacher, input_ids, tmp_path):
    write_store(teacher, input_ids, tmp_path, "f0", 10)
    with pytest.raises(UserError, match="another teacher, transfer set, seq_len or layer"):
        write_store(teacher, input_ids, tmp_path, "f1", 10)


def test_a_store_keeps_its_shards_whatever_size_is_asked_for(
    teacher, input_ids, tmp_path, caplog
):
    first, _ = write_store(teacher, input_ids, tmp_path, "f0", 10)
    with caplog.at_level("INFO", logger="absl"):
        store, written = write_store(teacher, input_ids, tmp_path, "f0", 7)
    assert written == 0 and store.shards == first.shards and store.spec == first.spec
    assert "holds shards of 10 sequences" in caplog.text
    with pytest.raises(UserError, match="outputs of another teacher"):
        write_store(teacher, input_ids, tmp_path, "f1", 7)
    manifest = tmp_path / "manifest.json"
    write_json(manifest, {**read_json(manifest), "shard_rows": 0})
    with pytest.raises(UserError, match="shard_rows"):
        write_store(teacher, input_ids, tmp_path, "f0", 7)


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
        write_store(teacher, input_ids, tmp_path, "f0", 10)
    monkeypatch.setattr(Filler, "write_shard", original)
    store, rows = write_store(teacher, input_ids, tmp_path, "f0", 10)
    assert rows == 3 and len(read_all(store)) == ROWS


def test_a_truncated_shard_is_made_anew(teacher, input_ids, tmp_path):
    store, _ = write_store(teacher, input_ids, tmp_path, "f0", 10)
    shard = sorted((tmp_path / "shard-00001").glob("logits-*"))[0]
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-9])
    assert write_store(teacher, input_ids, tmp_path, "f0", 10)[1] == 10
    assert len(read_all(store)) == ROWS


def test_an_altered_shard_is_named_and_made_anew(teacher, input_ids, tmp_path):
    store, _ = write_store(teacher, input_ids, tmp_path, "f0", 10)
    store.verify()
    shard = sorted((tmp_path / "shard-00002").glob("representation-*"))[0]
    data = bytearray(shard.read_bytes())
    data[60] ^= 1
    shard.write_bytes(bytes(data))
    with pytest.raises(UserError, match="shard-00002/representation-.* is damaged"):
        store.verify()
    store.verify(["logits"])
    assert write_store(teacher, input_ids, tmp_path, "f0", 10)[1] == 3
    store.verify()


def test_a_shard_that_another_run_finishes_meanwhile_stays(
    teacher, input_ids, tmp_path, monkeypatch
):
    store, _ = write_store(teacher, input_ids, tmp_path, "f0", 10)
    record = tmp_path / "shard-00001" / "shard.json"
    aside = record.rename(tmp_path / "aside.json")

    def meanwhile(self, kinds):
        sound = [0, 2]
        aside.rename(record)
        return sound

    monkeypatch.setattr(type(store), "sound_shards", meanwhile)
    assert missing_shards(store, KINDS) == [1] and record.is_file()


def test_a_file_cut_between_two_records_is_found(teacher, input_ids, tmp_path):
    store, _ = write_store(teacher, input_ids, tmp_path, "f0", 10)
    file = max((tmp_path / "shard-00000").glob("logits-*"), key=lambda path: path.stat().st_size)
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(file))]
    with tf.io.TFRecordWriter(str(file)) as writer:
        for record in records[:-1]:
            writer.write(record)
    record = read_json(tmp_path / "shard-00000" / "shard.json")
    # Without checksums, as before 0.2.
    write_json(tmp_path / "shard-00000" / "shard.json",
               {**record["bytes"], file.name: file.stat().st_size})
    assert store.is_whole(0, KINDS) and store.sound_shards(KINDS) == [1, 2]


def test_a_file_of_another_store_or_shard_is_found(teacher, input_ids, tmp_path):
    """Its records are whole and as many, and only their checksum tells them apart."""
    store, _ = write_store(teacher, input_ids, tmp_path / "store", "f0", 10)
    other = build_teacher(make_encoder("bert", len(teacher.tokenizer)), teacher.tokenizer, 4, 1)
    write_store(other, input_ids, tmp_path / "other", "f1", 10)
    name = sorted((tmp_path / "store" / "shard-00001").glob("logits-*"))[0].name
    shutil.copy(tmp_path / "other" / "shard-00001" / name, tmp_path / "store" / "shard-00001")
    assert store.is_whole(1, KINDS) and store.sound_shards(KINDS) == [0, 2]
    assert write_store(teacher, input_ids, tmp_path / "store", "f0", 10)[1] == 10
    store.verify()
    path = tmp_path / "store" / "shard-00002" / "shard.json"
    path.write_text(path.read_text("utf-8").replace('"logits-', '"logitt-', 1), "utf-8")
    assert store.sound_shards(KINDS) == [0, 1]
    shutil.rmtree(tmp_path / "store" / "shard-00000")
    shutil.copytree(tmp_path / "store" / "shard-00001", tmp_path / "store" / "shard-00000")
    assert store.sound_shards(KINDS) == [1]


def test_rows_lie_in_a_random_order_that_repeats(teacher, input_ids, tmp_path):
    store, _ = write_store(teacher, input_ids, tmp_path, "f0", 10)
    assert sorted(store.lengths) == sorted(input_ids.lengths)
    assert store.lengths.tolist() != input_ids.lengths.tolist()
    again, rows = write_store(teacher, input_ids, tmp_path, "f0", 10)
    assert rows == 0 and again.lengths.tolist() == store.lengths.tolist()


def test_dropped_representations_are_not_missed_until_they_are_needed(
    teacher, input_ids, tmp_path
):
    store, _ = write_store(teacher, input_ids, tmp_path, "f0", 10)
    store.drop("representation")
    assert not list(tmp_path.rglob("representation-*"))
    assert write_store(teacher, input_ids, tmp_path, "f0", 10, kinds=("logits",))[1] == 0
    assert write_store(teacher, input_ids, tmp_path, "f0", 10)[1] == ROWS
    assert len(read_all(store)) == ROWS


def test_no_kind_needs_no_pass(teacher, input_ids, tmp_path):
    assert write_store(teacher, input_ids, tmp_path, "f0", 10, kinds=())[1] == 0


def test_parts_together_make_the_store(teacher, input_ids, tmp_path):
    read, place = TeacherInput(Realigned(input_ids)), Place(tmp_path / "parts", "f0")
    rows = [write_part_of_targets(teacher, read, place, 5, part=Part(number, 2))[1]
            for number in range(2)]
    assert rows == [13, 10]
    store, left = write_store(teacher, input_ids, tmp_path / "parts", "f0", 5)
    assert left == 0 and len(read_all(store)) == ROWS
    whole, _ = write_store(teacher, input_ids, tmp_path / "whole", "f0", 5)
    for file in (tmp_path / "whole").rglob("*.tfrecord"):
        other = tmp_path / "parts" / file.relative_to(tmp_path / "whole")
        assert other.read_bytes() == file.read_bytes()


def test_a_claimed_shard_is_left_to_its_writer_and_taken_over_if_it_dies(
    teacher, input_ids, tmp_path
):
    rows = TeacherInput(Realigned(input_ids))
    store, order = open_store(rows.sequences, Place(tmp_path, "f0"),
                              StoreSpec(teacher.width, 4, 10))
    filler = Filler(teacher, rows, order, store, kinds=KINDS)
    (tmp_path / "claims").mkdir()
    left = tmp_path / ".tmp-1-shard-00001"
    left.mkdir()
    with filelock.FileLock(tmp_path / "claims" / "00001.lock"), Progress(ROWS, "t", "r") as bar:
        filler.fill([0, 1, 2], bar, wait=False)
        assert [store.is_whole(index, KINDS) for index in range(3)] == [True, False, True]
        # Another's unfinished work is not swept while its lock is held.
        assert left.is_dir()
    with Progress(ROWS, "t", "r") as bar:
        filler.fill([0, 1, 2], bar, wait=True)
    assert store.is_whole(1, KINDS) and not left.exists()


def test_a_helper_that_still_imports_says_nothing_on_ctrl_c(tmp_path, monkeypatch, capfd):
    (tmp_path / "numpy.py").write_text(
        "import os, signal\nos.close(os.open('came', os.O_CREAT))\n"
        "os.kill(os.getpid(), signal.SIGINT)\nraise SystemExit('not ended')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    monkeypatch.chdir(tmp_path)
    with helping_processes(1, HelperJob("", "", (), {}, ())):
        deadline = time.monotonic() + 60
        while not (tmp_path / "came").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.3)
    assert not capfd.readouterr().err


@pytest.mark.parametrize("policy", [
    None, pytest.param("mixed_bfloat16", marks=pytest.mark.long)])
def test_helping_processes_write_what_their_starter_would(
    policy, teacher, input_ids, tokenizer, tmp_path
):
    save_teacher(teacher, tmp_path / "teacher", {"tags": ["O"]})
    rows = [Example(("x",) * int(length)) for length in range(1, 9)]
    tokenise_texts(pieces_of(tokenizer, rows, 16), rows=len(rows), folder=tmp_path / "pieces",
                   fingerprint="p")
    pieces = open_pieces(tmp_path / "pieces")
    store, _ = open_store(Realigned(pieces), Place(tmp_path / "store", "f0"),
                          StoreSpec(teacher.width, 4, 2))
    job = HelperJob(str(tmp_path / "store"), str(tmp_path / "pieces"),
                    (str(tmp_path / "teacher"),), dataclasses.asdict(Wanted("tagging", ("O",), 1)),
                    KINDS, opt_policy=policy)
    with helping_processes(1, job):
        deadline = time.monotonic() + 120
        while not all(store.is_whole(index, KINDS) for index in range(store.shards)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    plain, _ = write_store(teacher, pieces, tmp_path / "plain", "f0", 2)
    tf.keras.mixed_precision.set_global_policy(policy or "float32")
    try:
        own = load_teacher(tmp_path / "teacher", 1)
        whole, _ = write_store(own, pieces, tmp_path / "whole", "f0", 2)
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    found, expected, full = read_all(store), read_all(whole), read_all(plain)
    assert len(found) == len(rows)

    def apart(others):
        return max(np.abs(logits - others[ids][0]).max() for ids, (logits, _) in found.items())

    # Tests leave TensorFlow's rewriting of graphs out and a helper does not: where a number of half
    # precision is rounded differs a little.
    assert apart(expected) < 1e-5 if policy is None else apart(expected) < 0.1 * apart(full)


@pytest.mark.parametrize("batch", [BatchSize(4), BatchSize(1), BatchSize(4, tokens=24)])
def test_the_shares_of_replicas_make_up_every_batch(teacher, input_ids, tmp_path, batch):
    store, _ = write_store(teacher, input_ids, tmp_path, "f0", 10)
    table = np.arange(1000, dtype=np.int32)
    doubled = BatchSize(2 * batch.rows, batch.tokens and 2 * batch.tokens)
    together = list(transfer_batches(store, doubled, 3, table, KINDS))
    shares = [list(transfer_batches(store, batch, 3, table, KINDS,
                                    share=Share(2, replica, 1)))
              for replica in range(2)]
    one_pipeline = list(transfer_batches(store, batch, 3, table, KINDS, share=Share(2, 0, 2)))

    def rows_of(batches):
        found = {}
        for inputs, targets in batches:
            for ids, mask, logits in zip(inputs["input_ids"].numpy(), targets["mask"].numpy(),
                                         targets["logits"].numpy()):
                if mask.any():
                    found[tuple(ids[: int(mask.sum())])] = logits[: int(mask.sum())]
        return found

    assert len(together) == len(shares[0]) == len(shares[1]) == len(one_pipeline) / 2
    assert len(together) == count_steps(store.lengths, batch, replicas=2)
    for step, batches in enumerate(zip(together, *shares)):
        expected, found = rows_of(batches[:1]), rows_of(batches[1:])
        assert expected.keys() == found.keys()
        for ids in expected:
            np.testing.assert_array_equal(expected[ids], found[ids])
        assert rows_of(one_pipeline[2 * step : 2 * step + 2]).keys() == expected.keys()
        # No replica gets an empty batch, and every row has a real piece: cuDNN needs both.
        for inputs, _ in batches[1:]:
            assert (inputs["input_ids"].numpy()[:, 0] > 0).all() and len(inputs["input_ids"])


def test_a_disk_that_is_too_small_is_told_before_the_pass(
    teacher, input_ids, tmp_path, monkeypatch
):
    monkeypatch.setattr(store_module.shutil, "disk_usage", lambda _: type("U", (), {"free": 9}))
    with pytest.raises(UserError, match="GB, but .* free"):
        write_store(teacher, input_ids, tmp_path, "f0", 10)


def test_a_full_disk_leaves_what_was_finished_and_nothing_half_written(
    teacher, input_ids, tmp_path, monkeypatch
):
    original = Filler.write_shard

    def filling(self, index, progress):
        if index == 1:
            # The system refuses to let a file grow: as close to a full disk as a test can get.
            resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
        original(self, index, progress)

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(Filler, "write_shard", filling)
    try:
        with pytest.raises((OSError, tf.errors.OpError)):
            write_store(teacher, input_ids, tmp_path, "f0", 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".manifest.json.lock", "claims", "manifest.json", "shard-00000"]
    monkeypatch.setattr(Filler, "write_shard", original)
    assert write_store(teacher, input_ids, tmp_path, "f0", 10)[1] == ROWS - 10


def test_the_estimate_of_bytes_is_close(teacher, input_ids, tmp_path):
    write_store(teacher, input_ids, tmp_path, "f0", 10)
    real = sum(path.stat().st_size for path in tmp_path.rglob("*.tfrecord"))
    estimate = StoreSpec(16, 4, 10).size(KINDS, rows=ROWS, tokens=len(input_ids.values))
    assert abs(estimate - real) < 0.15 * real


def test_batches_are_equal_for_equal_seeds_and_full(teacher, input_ids, tmp_path):
    store, _ = write_store(teacher, input_ids, tmp_path, "f0", 10)
    table = np.arange(1000, dtype=np.int32)

    def order(seed):
        batches = transfer_batches(store, BatchSize(4), seed, table, KINDS[:1])
        return [tuple(ids) for inputs, _ in batches for ids in inputs["input_ids"].numpy()]

    assert order(1) == order(1) != order(2)
    batches = list(transfer_batches(store, BatchSize(4), 1, table, KINDS[:1]))
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


def test_a_helper_that_cannot_write_says_so_in_one_line(monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "/a/shard")

    told = {"job": dataclasses.asdict(HelperJob("/a", "/b", ("/c",), {}, ())), "parent": 1,
            "processes": 2}
    monkeypatch.setattr(worker, "end_with_parent", lambda parent: None)
    monkeypatch.setattr(worker, "work", full)
    with pytest.raises(SystemExit):
        worker.run(told)
    assert capsys.readouterr().err == (
        "warning: a helper process ended: /a/shard: No space left on device\n")
    monkeypatch.setattr(worker, "work", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # A fault of ours.
        worker.run(told)
