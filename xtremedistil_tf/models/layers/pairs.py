"""Pairs of texts inside teacher and student, told apart by the separator token.

The input of a model is ids only. Because the separator marks the second text, neither stored
targets nor exported models need a second input.
"""

from typing import Any, Tuple

from xtremedistil_tf.keras2 import tf


def segment_ids(input_ids: Any, separator: Any) -> Any:
    """Returns int32 [batch, time]: 0 up to a sequence's first separator, 1 after it.

    Args:
      input_ids: int32 [batch, time].
      separator: id of the separator token.
    """
    found = tf.cast(tf.equal(input_ids, separator), tf.int32)
    # No tf.minimum: Keras 2.15.0 cannot lay it into a second functional model of a process.
    return tf.cast(tf.cumsum(found, axis=1, exclusive=True) > 0, tf.int32)


def embedded(table: Any, ids: Any, pairs: Any) -> Any:
    """Returns float [batch, time, E] of ids; joint pairs have the segment as one more feature.

    Args:
      table: float [vocabulary, E].
      ids: int [batch, time].
      pairs: `export.common.arrays.Pairs`; None for single texts.
    """
    words = tf.gather(table, ids)
    return words if pairs is None or pairs.siamese else with_segments(
        words, ids, pairs.separator, pairs.step)


def with_segments(vectors: Any, ids: Any, separator: int, step: Any) -> Any:
    """Adds the segment as one more feature of joint pairs.

    Args:
      vectors: float32 [batch, time, E].
      ids: int32 [batch, time].
      separator: id of the separator token.
      step: float, value of the feature in the second text; it is 0 in the first.

    Returns:
      float32 [batch, time, E + 1].
    """
    segments = tf.cast(segment_ids(ids, separator), tf.float32)
    return tf.concat([vectors, step * segments[:, :, None]], -1)


def split_pairs(input_ids: Any, separator: int) -> Tuple[Any, Any]:
    """Splits sequences of two texts into sequences of one text.

    Both texts keep the separator between them, as last or first token. So no sequence is empty.

    Args:
      input_ids: int32 [batch, time], padded on the right with 0.
      separator: id of the separator token.

    Returns:
      (int32 [2 * batch, longest], int32 [2 * batch]): all first texts, then all second ones,
      padded as before, and their lengths.
    """
    real = tf.not_equal(input_ids, 0)
    lengths = tf.reduce_sum(tf.cast(real, tf.int32), 1)
    first = tf.reduce_sum(
        tf.cast(real & tf.equal(segment_ids(input_ids, separator), 0), tf.int32), 1)
    start = tf.maximum(first - 1, 0)
    both = tf.concat([first, lengths - start], 0)
    at = tf.range(tf.reduce_max(both))[tf.newaxis]
    last = tf.shape(input_ids)[1] - 1
    behind = tf.gather(input_ids, tf.minimum(start[:, tf.newaxis] + at, last), batch_dims=1)
    rows = tf.concat([input_ids[:, : tf.shape(at)[1]], behind], 0)
    return tf.where(at < both[:, tf.newaxis], rows, 0), both


def interaction(hidden: Any) -> Any:
    """Combines the vectors of both texts: [2 * batch, dim] to [batch, 4 * dim].

    The result is (u, v, |u - v|, u * v) for the vectors u and v of the two texts.

    Source: Conneau et al. (2017), Figure 1.
    """
    u, v = tf.split(hidden, 2)
    return tf.concat([u, v, tf.abs(u - v), u * v], -1)


class PairSplit(tf.keras.layers.Layer):
    """A Keras layer of `split_pairs`; it returns no lengths.

    Args:
      separator: id of the separator token.
    """

    def __init__(self, separator: Any, **options: Any):
        super().__init__(**options)
        self._separator = separator

    def call(self, inputs: Any) -> Any:
        """Maps int32 [batch, time] to [2 * batch, longest]."""
        return split_pairs(inputs, self._separator)[0]
