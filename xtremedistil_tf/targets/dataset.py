"""Stored teacher outputs as batches of a tf.data.Dataset."""

from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.shares import Share

# Bytes of rows that are shuffled in memory. The rows lie in a random order on disk already, so a
# small window is enough, and memory does not grow with the transfer set.
_SHUFFLE_BYTES = 128 << 20



def _parse(records: Any, names: Tuple[str, ...]) -> Dict[str, Any]:
    return tf.io.parse_example(
        records, {name: tf.io.FixedLenFeature([], tf.string) for name in names}
    )


def _decode(raw: Any, dtype: Any, time: Any, width: int) -> Any:
    """Decodes byte strings [batch] of rows of different lengths into [batch, time, width]."""
    flat = tf.io.decode_raw(raw, dtype, fixed_length=time * width * dtype.size)
    return tf.reshape(flat, [-1, time, width])


def _split_over_replicas(batches: Any, share: Share) -> Any:
    """Cuts batches of records into one for each replica of the share, and whether it counts.

    Every step needs a batch for every replica; where a last batch has too few rows, a replica gets
    a row that does not count.
    """
    def split(*records: Any) -> Any:
        def take(replica: Any) -> Any:
            counts = replica < tf.shape(records[0], tf.int64)[0]
            return (*(tf.cond(counts, lambda part=part: part[replica :: share.replicas],
                              lambda part=part: part[:1]) for part in records), counts)

        return tf.data.Dataset.range(share.first, share.first + share.count).map(take)

    return batches.flat_map(split)


def _bucket_batches(
    store: Any, bucket: int, rows: int, most: int, kinds: Sequence[str],
    generator: np.random.Generator,
) -> Any:
    """Shuffled batches of a bucket's records, one a kind, each string [batch]."""
    order = generator.permutation(store.shards)
    records = tf.data.Dataset.zip(tuple(
        tf.data.TFRecordDataset(store.files(kind, bucket, order)) for kind in kinds))
    a_target = sum((4 if kind == "logits" else 2) * store.values(kind) for kind in kinds)
    pieces = store.lengths.mean()
    window = _SHUFFLE_BYTES // int(4 * pieces + a_target * (1 if store.pooled else pieces) + 256)
    window = max(most, int(window * rows / len(store)))
    return records.shuffle(min(rows, window), seed=int(generator.integers(2**31))).batch(most)


def _decode_attention(raw: Any, lengths: Any, layers: int) -> Any:
    """Decodes attention [batch] into float16 [batch, query, layers, key], see `TargetStore`."""
    time = tf.reduce_max(lengths)
    bound = tf.strings.length(raw)[0] // (2 * layers * lengths[0])
    flat = _decode(raw, tf.int16, time, layers * bound)
    wide = tf.reshape(flat, [-1, time, layers, bound])
    return tf.bitcast(wide[..., :time], tf.float16)


def transfer_batches(
    store: Any, size: BatchSize, seed: int, table: np.ndarray, kinds: Sequence[str],
    share: Share = Share(),
) -> Any:
    """One shuffled epoch of transfer rows with the teacher's outputs, read from its shards.

    Shards are visited in a random order and rows are shuffled within a window of 128 MB, so that
    memory does not grow with the transfer set.

    Args:
      store: a `distill.targets.TargetStore`.
      size: of a batch, for each replica.
      seed: of the order; equal seeds give equal epochs.
      table: int32, maps piece ids to the student's.
      kinds: what a stage needs, the logits first.
      share: the replicas that are fed; a step's batches follow one another in their order.

    Returns:
      A dataset of (inputs, {"logits", "mask", ...}), a target a kind; the targets' time is 1 where
      a row has one, but that of "attention" [batch, query, layers, key], which has its own mask.
    """
    generator = np.random.default_rng(seed)
    buckets: List[Any] = []
    choices: List[int] = []
    for bucket, rows in store.bucket_rows().items():
        most = size.of(bucket) * share.replicas
        choices += [len(buckets)] * -(-rows // most)
        buckets.append(
            _bucket_batches(store, bucket, rows, most, kinds, generator)
        )
    choice = tf.data.Dataset.from_tensor_slices(generator.permutation(choices).astype(np.int64))
    table = tf.constant(table, tf.int32)

    def decode(*records: Any) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        logits, counts = records[0], records[-1]
        parsed = _parse(logits, ("ids", "logits", *("known",) * store.partial))
        lengths = tf.strings.length(parsed["ids"]) // 4
        time = tf.reduce_max(lengths)
        real = tf.range(time)[None, :] < lengths[:, None]
        ids = _decode(parsed["ids"], tf.int32, time, 1)[:, :, 0]
        mask, places = (real[:, :1], 1) if store.pooled else (real, time)
        if store.partial:
            mask &= _decode(parsed["known"], tf.uint8, time, 1)[:, :, 0] > 0
        targets = {"logits": _decode(parsed["logits"], tf.float32, places, store.classes),
                   "mask": tf.cast(mask & counts, tf.float32)}
        for kind, record in zip(kinds[1:], records[1:-1]):
            raw = _parse(record, (kind,))[kind]
            if kind == "attention":
                targets[kind] = _decode_attention(raw, lengths, store.matched)
                targets["attention_mask"] = tf.cast(real & counts, tf.float32)
                continue
            # TensorFlow pads no float16 while decoding; as integers the bits are the same.
            bits = _decode(raw, tf.int16, places, store.values(kind))
            targets[kind] = tf.bitcast(bits, tf.float16)
        return {"input_ids": tf.where(real, tf.gather(table, ids), 0)}, targets

    batches = tf.data.Dataset.choose_from_datasets(buckets, choice, stop_on_empty_dataset=False)
    if share.replicas > 1:
        batches = _split_over_replicas(batches, share)
    else:
        batches = batches.map(lambda *records: (*records, True))
    return batches.map(decode, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
