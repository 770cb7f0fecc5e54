"""tf.data pipelines: shuffled rows, bucketed by length, with targets and a mask."""

from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.inputs.alignment import Features
from xtremedistil_tf.keras2 import tf

# Width of a length bucket in pieces: small enough that little padding is computed.
BUCKET_WIDTH = 4
# Bytes of rows that are shuffled in memory; longer sets are shuffled by shard and by window.
_SHUFFLE_BYTES = 512 << 20


def bucket_boundaries(longest: int) -> Sequence[int]:
    """Upper bounds (exclusive) of the length buckets."""
    return list(range(BUCKET_WIDTH + 1, longest + 1, BUCKET_WIDTH))


def count_steps(lengths: np.ndarray, batch_size: int) -> int:
    """Optimizer steps of an epoch: full batches of each bucket and its remainder."""
    boundaries = bucket_boundaries(int(lengths.max()))
    rows = np.bincount(np.searchsorted(boundaries, lengths, side="right"))
    return int(np.ceil(rows / batch_size).sum())


def _bucketed(rows: Any, longest: int, batch_size: int) -> Any:
    """Batches rows (dicts with "input_ids") of similar length, padded to the longest of them."""
    boundaries = bucket_boundaries(longest)
    return rows.bucket_by_sequence_length(
        lambda row: tf.shape(row["input_ids"])[0],
        boundaries,
        [batch_size] * (len(boundaries) + 1),
        drop_remainder=False,
    )


def _finish(batches: Any, with_attention: bool, pad_id: int) -> Any:
    """Splits padded batches into (inputs, targets); the mask comes from the row lengths."""

    def split(row: Dict[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        targets = {name: value for name, value in row.items() if name != "input_ids"}
        inputs = {"input_ids": row["input_ids"]}
        if with_attention:
            mask = targets["mask"]
            inputs["attention_mask"] = tf.cast(mask, tf.int32)
            inputs["input_ids"] = tf.where(mask > 0, row["input_ids"], pad_id)
        return inputs, targets

    return batches.map(split, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def labelled_batches(
    features: Features, batch_size: int, seed: int, table: Optional[np.ndarray] = None,
    pad_id: int = 0,
) -> Any:
    """One shuffled epoch of labelled rows.

    Args:
      features: rows with label ids.
      batch_size: rows a batch.
      seed: of the order; equal seeds give equal epochs.
      table: maps piece ids to the student's; None for the teacher, which gets an attention mask.
      pad_id: the teacher's padding id.

    Returns:
      A dataset of (inputs, {"labels", "mask"}).
    """
    values = tf.constant(features.input_ids.values if table is None
                         else table[features.input_ids.values], tf.int32)
    labels = tf.constant(features.label_ids.values, tf.int32)
    starts = tf.constant(features.input_ids.starts, tf.int64)

    def row(index: Any) -> Dict[str, Any]:
        begin, end = starts[index], starts[index + 1]
        ids = values[begin:end]
        return {"input_ids": ids, "labels": labels[begin:end],
                "mask": tf.ones_like(ids, tf.float32)}

    indices = tf.data.Dataset.range(len(features)).shuffle(len(features), seed=seed)
    rows = indices.map(row, num_parallel_calls=tf.data.AUTOTUNE)
    longest = int(features.input_ids.lengths.max())
    return _finish(_bucketed(rows, longest, batch_size), table is None, pad_id)


def _decode_logits(record: Any, classes: int, table: Any) -> Dict[str, Any]:
    fields = {name: tf.io.FixedLenFeature([], tf.string) for name in ("ids", "logits")}
    parsed = tf.io.parse_single_example(record, fields)
    ids = tf.gather(table, tf.io.decode_raw(parsed["ids"], tf.int32))
    logits = tf.reshape(tf.io.decode_raw(parsed["logits"], tf.float32), [-1, classes])
    return {"input_ids": ids, "logits": logits, "mask": tf.ones_like(ids, tf.float32)}


def _decode_representation(record: Any, width: int) -> Any:
    parsed = tf.io.parse_single_example(
        record, {"representation": tf.io.FixedLenFeature([], tf.string)}
    )
    return tf.reshape(tf.io.decode_raw(parsed["representation"], tf.float16), [-1, width])


def transfer_batches(
    store: Any, batch_size: int, seed: int, table: np.ndarray, with_representation: bool
) -> Any:
    """One shuffled epoch of transfer rows with the teacher's outputs, read from its shards.

    Shards are visited in a random order, and rows are shuffled within a window of 512 MB, so that
    memory does not grow with the transfer set.

    Args:
      store: a `distill.targets.TargetStore`.
      batch_size: rows a batch.
      seed: of the order; equal seeds give equal epochs.
      table: int32, maps piece ids to the student's.
      with_representation: whether a stage needs the representation beside the logits.

    Returns:
      A dataset of (inputs, {"logits", "mask"[, "representation"]}).
    """
    order = np.random.default_rng(seed).permutation(store.shards)
    table = tf.constant(table, tf.int32)

    def records(kind: str) -> Any:
        files = store.files(kind)
        return tf.data.TFRecordDataset([files[index] for index in order])

    row_bytes = int(store.lengths.mean() * 4 * store.classes) + 256
    rows = records("logits")
    if with_representation:
        rows = tf.data.Dataset.zip((rows, records("representation")))
        row_bytes += int(store.lengths.mean() * 2 * store.width)
    # Shuffled as undecoded strings: cheap to move, and decoded in parallel afterwards.
    rows = rows.shuffle(max(1, min(len(store), _SHUFFLE_BYTES // row_bytes)), seed=seed)

    def decode(logits: Any, representation: Any = None) -> Dict[str, Any]:
        row = _decode_logits(logits, store.classes, table)
        if representation is not None:
            row["representation"] = _decode_representation(representation, store.width)
        return row

    rows = rows.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    return _finish(_bucketed(rows, int(store.lengths.max()), batch_size), False, 0)
