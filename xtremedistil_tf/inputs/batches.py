"""tf.data pipelines: shuffled batches of rows of similar length, with targets and a mask.

Everything is done a batch at a time: work on single rows inside tf.data costs more than the
student's own step.
"""

import dataclasses
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.inputs.alignment import Features
from xtremedistil_tf.keras2 import tf

# Bytes of rows that are shuffled in memory. The rows lie in a random order on disk already, so a
# small window is enough, and memory does not grow with the transfer set.
_SHUFFLE_BYTES = 128 << 20


def bucket_bounds(longest: int) -> List[int]:
    """Longest row of each length bucket, the last one at least `longest`.

    Steps of 4 pieces up to 32, of 8 up to 64, and so on: little padding, and few buckets.
    """
    bounds, step = [4], 4
    while bounds[-1] < longest:
        if bounds[-1] >= 8 * step:
            step *= 2
        bounds.append(bounds[-1] + step)
    return bounds


def bucket_of(lengths: np.ndarray, bounds: List[int]) -> np.ndarray:
    """Bucket number of each length."""
    return np.searchsorted(bounds, lengths)


def bucket_numbers(lengths: np.ndarray) -> np.ndarray:
    """Bucket number of each row of a set."""
    return bucket_of(lengths, bucket_bounds(int(lengths.max())))


@dataclasses.dataclass(frozen=True)
class Share:
    """The part of every batch that one input pipeline feeds.

    Attributes:
      replicas: devices that train together; a batch has rows for all of them.
      first, count: the replicas of this pipeline.
    """

    replicas: int = 1
    first: int = 0
    count: int = 1

    def mine(self) -> range:
        """Numbers of this pipeline's replicas."""
        return range(self.first, self.first + self.count)


def _rows_by_bucket(lengths: np.ndarray) -> List[Tuple[int, np.ndarray]]:
    """(longest row allowed, row numbers) of each bucket that has rows."""
    bounds = bucket_bounds(int(lengths.max()))
    buckets = bucket_of(lengths, bounds)
    return [(bounds[bucket], np.flatnonzero(buckets == bucket)) for bucket in np.unique(buckets)]


def count_steps(lengths: np.ndarray, size: BatchSize, replicas: int = 1) -> int:
    """Optimizer steps of an epoch: full batches of each bucket and its remainder."""
    bounds = bucket_bounds(int(lengths.max()))
    rows = np.bincount(bucket_of(lengths, bounds), minlength=len(bounds))
    return sum(-(-int(count) // (size.of(bound) * replicas))
               for bound, count in zip(bounds, rows))


def plan_batches(
    lengths: np.ndarray, size: BatchSize, seed: int, replicas: int = 1
) -> List[np.ndarray]:
    """Row numbers of the batches of a shuffled epoch, each within one bucket."""
    generator = np.random.default_rng(seed)
    batches: List[np.ndarray] = []
    for bound, members in _rows_by_bucket(lengths):
        rows, most = generator.permutation(members), size.of(bound) * replicas
        batches += [rows[at : at + most] for at in range(0, len(rows), most)]
    generator.shuffle(batches)
    return batches


@dataclasses.dataclass(frozen=True)
class PieceMasking:
    """Random replacement of pieces by the mask piece; labels stay.

    A teacher that starts from random weights otherwise learns names by heart.

    Attributes:
      rate: share of the pieces between the markers that is replaced, 0 to 1.
      mask_id: id of the mask piece.
      separator: of the two texts of a pair, which stays; None elsewhere.
    """

    rate: float
    mask_id: int
    separator: Optional[int] = None

    def __call__(self, ids: Any, lengths: Any, seed: Any) -> Any:
        """Replaces pieces of int32 [batch, time]; equal seeds (int [2]) replace the same."""
        at = tf.range(tf.shape(ids)[1])[None, :]
        inner = (at > 0) & (at < lengths[:, None] - 1)
        chosen = tf.random.stateless_uniform(tf.shape(ids), seed) < self.rate
        if self.separator is not None:
            chosen &= ids != self.separator
        return tf.where(inner & chosen, self.mask_id, ids)


def labelled_batches(
    features: Features, size: BatchSize, seed: int, table: Optional[np.ndarray] = None,
    pad_id: int = 0, masking: Optional[PieceMasking] = None, share: Share = Share(),
    rows: Optional[np.ndarray] = None,
) -> Any:
    """One shuffled epoch of labelled rows.

    Args:
      features: rows with label ids.
      size: of a batch, for each replica.
      seed: of the order; equal seeds give equal epochs.
      table: maps piece ids to the student's; None for the teacher, which gets an attention mask.
      pad_id: the teacher's padding id.
      masking: replaces pieces at random, anew in every epoch.
      share: the replicas that are fed; a step's batches follow one another in their order.
      rows: numbers of the epoch's rows, some perhaps more than once; by default all, once.

    Returns:
      A dataset of (inputs, {"labels", "mask"}), both [batch, time], or [batch, n] where a row has n
      labels instead.
    """
    source = features.input_ids.values
    values = tf.constant(source if table is None else table[source], tf.int32)
    labels = tf.constant(features.label_ids.values)
    if features.pooled:
        labels = tf.reshape(labels, [len(features), -1])
    starts = tf.constant(features.input_ids.starts[:-1], tf.int32)
    all_lengths = tf.constant(features.input_ids.lengths, tf.int32)
    chosen = np.arange(len(features)) if rows is None else rows
    batches = [
        (batch[replica :: share.replicas], True) if replica < len(batch) else (batch[:1], False)
        for batch in plan_batches(
            features.input_ids.lengths[chosen], size, seed, share.replicas)
        for replica in share.mine()
    ]
    numbered = tf.RaggedTensor.from_row_lengths(
        chosen[np.concatenate([batch for batch, _ in batches])].astype(np.int32),
        [len(batch) for batch, _ in batches],
    )

    def gather(
        number: Any, row: Any, counts: Any
    ) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        lengths = tf.gather(all_lengths, row)
        at = tf.range(tf.reduce_max(lengths))[None, :]
        real = at < lengths[:, None]
        index = tf.gather(starts, row)[:, None] + tf.minimum(at, lengths[:, None] - 1)
        ids = tf.gather(values, index)
        if masking is not None:
            ids = masking(ids, lengths, tf.stack([tf.constant(seed, tf.int64), number]))
        inputs = {"input_ids": tf.where(real, ids, 0 if table is not None else pad_id)}
        if table is None:
            inputs["attention_mask"] = tf.cast(real, tf.int32)
        if features.pooled:
            targets = tf.gather(labels, row)
            return inputs, {"labels": targets, "mask": tf.ones_like(targets, tf.float32)
                            * tf.cast(counts, tf.float32)}
        return inputs, {"labels": tf.gather(labels, index),
                        "mask": tf.cast(real & counts, tf.float32)}

    numbers = np.arange(len(batches), dtype=np.int64) * share.replicas + share.first
    counts = np.array([counts for _, counts in batches])
    dataset = tf.data.Dataset.from_tensor_slices((numbers, numbered, counts))
    return dataset.map(gather, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


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
