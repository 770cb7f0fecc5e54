"""The two texts of a pair inside a model: found by the separator, in teacher and student alike.

Rows travel as ids alone. What tells the texts apart is the separator between them, so that neither
stored targets nor exported models need a second input.
"""

from typing import Any, Tuple

from xtremedistil_tf.keras2 import tf


def segment_ids(input_ids: Any, separator: Any) -> Any:
    """int32 [batch, time]: 0 up to a row's first separator, 1 behind it.

    Args:
      input_ids: int32 [batch, time].
      separator: its id.
    """
    found = tf.cast(tf.equal(input_ids, separator), tf.int32)
    # No tf.minimum: Keras 2.15.0 cannot lay it into a second functional model of a process.
    return tf.cast(tf.cumsum(found, axis=1, exclusive=True) > 0, tf.int32)


def split_pairs(input_ids: Any, separator: int) -> Tuple[Any, Any]:
    """Rows of two texts as rows of one.

    Each text keeps the separator between them, as its end or its beginning: no row is ever empty.

    Args:
      input_ids: int32 [batch, time], padded on the right with 0.
      separator: its id.

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
    """What is known of a pair: [2 * batch, dim] of both texts to [batch, 4 * dim].

    Both vectors u and v, the size of their difference, and their product.

    Source: Conneau et al. (2017), Figure 1.
    """
    u, v = tf.split(hidden, 2)
    return tf.concat([u, v, tf.abs(u - v), u * v], -1)


class PairSplit(tf.keras.layers.Layer):
    """`split_pairs` as a layer, without the lengths.

    Args:
      separator: its id.
    """

    def __init__(self, separator: Any, **options: Any):
        super().__init__(**options)
        self._separator = separator

    def call(self, inputs: Any) -> Any:
        """int32 [batch, time] to [2 * batch, longest]."""
        return split_pairs(inputs, self._separator)[0]
