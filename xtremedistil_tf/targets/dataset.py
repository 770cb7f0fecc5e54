"""Stored teacher outputs as batches of a tf.data.Dataset."""

from typing import List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.data.pipelines.batches import Batch
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.shares import Share
from xtremedistil_tf.targets.own_tokens import decode_own_tokens, own_tokens_file
from xtremedistil_tf.targets.records import decode_logits, decode_outputs
from xtremedistil_tf.targets.store import TargetStore

# Bytes of sequences that are shuffled in memory. They lie in a random order on disk already, so a
# small window is enough, and memory does not grow with the transfer set.
_SHUFFLE_BYTES = 128 << 20
# Memory overhead of a sequence in addition to its ids and targets.
_SEQUENCE_BYTES = 256


def _split_over_replicas(batches: tf.data.Dataset, share: Share) -> tf.data.Dataset:
    """Splits batches of records into one batch for each replica, with a bool that it counts.

    Every step needs a batch for every replica. If the last batch has too few sequences, a replica
    gets a batch that does not count.
    """
    def split(*records: tf.Tensor) -> tf.data.Dataset:
        def take(replica: tf.Tensor) -> Tuple[tf.Tensor, ...]:
            counts = replica < tf.shape(records[0], tf.int64)[0]
            return (*(tf.cond(counts, lambda part=part: part[replica :: share.replicas],
                              lambda part=part: part[:1]) for part in records), counts)

        return tf.data.Dataset.range(share.first, share.first + share.count).map(take)

    return batches.flat_map(split)


def _bucket_batches(
    store: TargetStore, kinds: Sequence[str], generator: np.random.Generator, *,
    bucket: int, rows: int, most: int,
) -> tf.data.Dataset:
    """Returns shuffled batches of a bucket's records: for each kind a string [batch].

    Args:
      store: the store.
      kinds: kinds of targets to read.
      generator: random generator of the order.
      bucket: longest sequence of the bucket.
      rows: number of its sequences.
      most: sequences of a batch.
    """
    order = generator.permutation(store.shards).tolist()
    files = [store.files(kind, bucket, order) for kind in kinds]
    if store.own is not None:
        files.append([own_tokens_file(path, store.own) for path in files[0]])
    records = tf.data.Dataset.zip(tuple(map(tf.data.TFRecordDataset, files)))
    tokens = store.lengths.mean()
    per_row = 1 if store.spec.pooled else tokens
    targets = store.spec.target_bytes(kinds, longest=store.longest) * per_row
    window = _SHUFFLE_BYTES // int(4 * tokens + targets + _SEQUENCE_BYTES)
    window = max(most, int(window * rows / len(store)))
    return records.shuffle(min(rows, window), seed=int(generator.integers(2**31))).batch(most)


def _decode(
    records: Sequence[tf.Tensor], store: TargetStore, kinds: Sequence[str], table: tf.Tensor
) -> Batch:
    """Decodes a batch of records; see `transfer_batches`.

    Args:
      records: string [batch] for each kind, the student's own tokens if it has them, and a bool,
        True if the batch counts.
      store, kinds, table: see `transfer_batches`.
    """
    counts = records[-1]
    sequences = decode_logits(records[0], store.spec)
    ids, real, known = sequences.ids, sequences.real, sequences.known
    states = sequences.has_states
    targets = {"logits": sequences.logits}
    for kind, record in zip(kinds[1:], records[1:]):
        targets[kind] = decode_outputs(kind, record, store.spec, sequences)
    if store.own is not None:
        own = decode_own_tokens(records[len(kinds)])
        ids, real = own.ids, own.real
        if not store.spec.pooled:
            targets = {kind: own.moved(values) for kind, values in targets.items()}
            known, states = own.marked(known), None if states is None else own.marked(states)
    targets["mask"] = tf.cast(known & counts, tf.float32)
    for kind in kinds[1:]:
        if kind == "attention":
            targets["attention_mask"] = tf.cast(real & counts, tf.float32)
        elif states is not None:
            targets[f"{kind}_mask"] = tf.cast(states & counts, tf.float32)
    return {"input_ids": tf.where(real, tf.gather(table, ids), 0)}, targets


def transfer_batches(
    store: TargetStore, size: BatchSize, seed: int, table: np.ndarray, kinds: Sequence[str], *,
    share: Share = Share(),
) -> tf.data.Dataset:
    """Returns one shuffled epoch of transfer sequences with their targets, read from the shards.

    Shards are visited in a random order and sequences are shuffled within a window of 128 MB, so
    that memory does not grow with the transfer set.

    Args:
      store: the targets.
      size: batch size of each replica.
      seed: seed of the order; equal seeds give equal epochs.
      table: int32 [vocabulary of the student's tokenizer], maps subword token ids to the student's.
      kinds: kinds of targets to read, the logits first.
      share: the replicas to feed. The batches of a step follow in the order of replicas.

    Returns:
      A dataset of (inputs, {"logits", "mask", ...}) with one target a kind. Targets have time 1 if
      a sequence has one target; "attention" [batch, query, layers, key] has its own mask, and so
      have hidden states if they are known for other positions than logits.
    """
    generator = np.random.default_rng(seed)
    buckets: List[tf.data.Dataset] = []
    choices: List[int] = []
    for bucket, rows in store.bucket_rows().items():
        most = size.of(bucket) * share.replicas
        choices += [len(buckets)] * -(-rows // most)
        buckets.append(_bucket_batches(
            store, kinds, generator, bucket=bucket, rows=rows, most=most))
    choice = tf.data.Dataset.from_tensor_slices(generator.permutation(choices).astype(np.int64))
    table = tf.constant(table, tf.int32)

    def decode(*records: tf.Tensor) -> Batch:
        return _decode(records, store, kinds, table)

    batches = tf.data.Dataset.choose_from_datasets(buckets, choice, stop_on_empty_dataset=False)
    if share.replicas > 1:
        batches = _split_over_replicas(batches, share)
    else:
        batches = batches.map(lambda *records: (*records, True))
    return batches.map(decode, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
