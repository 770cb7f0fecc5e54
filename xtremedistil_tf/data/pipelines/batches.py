"""tf.data pipelines: shuffled batches of sequences of similar length, with targets and a mask.

All work is done on whole batches. Work on single sequences inside tf.data would cost more than the
student's training step.
"""

import dataclasses
from typing import Dict, Optional, Tuple

import numpy as np

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.config.checks import require
from xtremedistil_tf.data.pipelines.buckets import plan_batches
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.shares import Share

# Inputs and targets of a batch by name.
Batch = Tuple[Dict[str, tf.Tensor], Dict[str, tf.Tensor]]


@dataclasses.dataclass(frozen=True)
class PieceMasking:
    """Random replacement of subword tokens by the mask token; labels stay.

    Without it, a teacher that starts from random weights memorises names.

    Attributes:
      rate: fraction of subword tokens that are replaced, 0 to 1; special tokens stay.
      mask_id: id of the mask token.
      separator: id of the separator token of a pair, which stays; None for single texts.
    """

    rate: float
    mask_id: int
    separator: Optional[int] = None

    def __post_init__(self):
        require(0 <= self.rate <= 1, f"a rate of masking is {self.rate}; allowed: 0 to 1")

    def __call__(self, ids: tf.Tensor, lengths: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Replaces subword tokens.

        Args:
          ids: int32 [batch, time].
          lengths: int32 [batch].
          seed: int64 [2]; equal seeds replace the same tokens.

        Returns:
          int32 [batch, time].
        """
        at = tf.range(tf.shape(ids)[1])[None, :]
        inner = (at > 0) & (at < lengths[:, None] - 1)
        chosen = tf.random.stateless_uniform(tf.shape(ids), seed) < self.rate
        if self.separator is not None:
            chosen &= ids != self.separator
        return tf.where(inner & chosen, self.mask_id, ids)


def labelled_batches(
    features: Features, size: BatchSize, seed: int, *, table: Optional[np.ndarray] = None,
    pad_id: int = 0, masking: Optional[PieceMasking] = None, share: Share = Share(),
    rows: Optional[np.ndarray] = None,
) -> tf.data.Dataset:
    """One shuffled epoch of labelled sequences.

    Args:
      features: sequences with label ids.
      size: batch size of each replica.
      seed: seed of the order; equal seeds give equal epochs.
      table: int32 [teacher's vocabulary], maps subword token ids to the student's; None for the
        teacher, which gets an attention mask.
      pad_id: the teacher's padding id.
      masking: random replacement of subword tokens, different in every epoch.
      share: the replicas to feed; the batches of one step follow in the order of the replicas.
      rows: int [epoch], indices of the epoch's sequences, repetitions allowed; by default each
        sequence once.

    Returns:
      A dataset of (inputs, {"labels", "mask"}), both [batch, time], or [batch, n] if a sequence has
      n labels.
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
            features.input_ids.lengths[chosen], size, seed, replicas=share.replicas)
        for replica in share.mine()
    ]
    numbered = tf.RaggedTensor.from_row_lengths(
        chosen[np.concatenate([batch for batch, _ in batches])].astype(np.int32),
        [len(batch) for batch, _ in batches],
    )

    def gather(
        number: tf.Tensor, row: tf.Tensor, counts: tf.Tensor
    ) -> Batch:
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
