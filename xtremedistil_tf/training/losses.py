"""Masked distillation losses: means over real positions, never over padding.

Padding may hold anything, infinities and NaN included: neither a loss nor its gradient sees it.
"""

from typing import Tuple

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.body import NEVER

# Lower bound of attention probabilities in logarithms; float16 can represent it.
_LEAST_SHARE = 1e-6


def _without_padding(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Replaces padding by zeros, since it may contain infinities and NaN.

    This must come before the loss. A tf.where() after the loss would repair its value only: the
    gradient of log_softmax at infinity is NaN, and NaN times zero is NaN.

    Args:
      values: float [batch, time, ...].
      mask: [batch, time], 1 at real positions.
    """
    real = tf.cast(mask, tf.bool)
    for _ in range(len(values.shape) - len(mask.shape)):
        real = real[..., tf.newaxis]
    return tf.where(real, values, tf.zeros_like(values))


def _masked_mean(per_position: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Computes sum(loss * mask) / sum(mask); zero if the mask is empty.

    Args:
      per_position: float [batch, time], finite at padding too.
      mask: [batch, time], 1 at real positions.
    """
    mask = tf.cast(mask, per_position.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(per_position * mask), tf.reduce_sum(mask))


def mean_squared_error(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Mean over real positions of the mean squared difference of a position.

    Args:
      prediction, target: float [batch, time, dim].
      mask: [batch, time], 1 at real positions.

    Returns:
      Scalar float32.

    Source: paper Eq. 4 for logits; the released code also uses it for representations.
    """
    difference = _without_padding(prediction - tf.cast(target, prediction.dtype), mask)
    return _masked_mean(tf.reduce_mean(tf.square(difference), axis=-1), mask)


def kl_divergence(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor, *, temperature: float = 1.0
) -> tf.Tensor:
    """Mean over real positions of KL(softmax(target / T) || softmax(prediction / T)) times T^2.

    Both are normalized over the last axis. Eq. 6 has the student first: `reverse_kl_divergence`.

    Args:
      prediction, target: float [batch, time, dim].
      mask: [batch, time], 1 at real positions.
      temperature: T; above 1 it softens both. The factor T^2 keeps the size of the gradients.

    Returns:
      Scalar float32.

    Source: Hinton et al. (2015), also for the temperature.
    """
    target = _without_padding(tf.cast(target, prediction.dtype), mask)
    log_target = tf.nn.log_softmax(target / temperature)
    log_prediction = tf.nn.log_softmax(_without_padding(prediction, mask) / temperature)
    divergence = tf.reduce_sum(tf.exp(log_target) * (log_target - log_prediction), axis=-1)
    return _masked_mean(divergence, mask) * temperature**2


def reverse_kl_divergence(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Mean over real positions of KL(softmax(prediction) || softmax(target)).

    Args:
      prediction, target: float [batch, time, dim].
      mask: [batch, time], 1 at real positions.

    Returns:
      Scalar float32.

    Source: paper Eq. 6, which has the student first and does not say how vectors are normalized.
    """
    return kl_divergence(tf.cast(target, prediction.dtype), prediction, mask)


def raw_kl_divergence(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Mean over real positions of Keras' KL divergence of the vectors themselves, teacher first.

    Nothing is normalized: Keras clips both vectors to 1e-7 and 1. So a negative value of the
    teacher weighs nearly nothing, and values above 1 are all alike.

    Args:
      prediction, target: float [batch, time, dim].
      mask: [batch, time], 1 at real positions.

    Returns:
      Scalar float32.

    Source: the authors' v1 code, --s1_loss=kld.
    """
    target = _without_padding(tf.cast(target, prediction.dtype), mask)
    return _masked_mean(
        tf.keras.losses.kl_divergence(target, _without_padding(prediction, mask)), mask)


def attention_divergence(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Mean over real positions and layers of KL(target || prediction) of attention.

    Args:
      prediction, target: float [batch, query, layers, key], probabilities.
      mask: [batch, query], 1 at real positions.

    Returns:
      Scalar float32.

    Source: Wang et al. (2020), MiniLM, Eq. 4; there for each head of the last layer.
    """
    def log(share: tf.Tensor) -> tf.Tensor:
        return tf.math.log(tf.maximum(share, _LEAST_SHARE))

    target = _without_padding(tf.cast(target, prediction.dtype), mask)
    prediction = _without_padding(prediction, mask)
    divergence = tf.reduce_sum(target * (log(target) - log(prediction)), axis=-1)
    return _masked_mean(tf.reduce_mean(divergence, axis=-1), mask)


def relation_divergence(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Mean over real positions and heads of KL(target || prediction) of self-attention relations.

    A relation of a position is the softmax over the sequence's real positions of the scaled dot
    products of its vector with theirs. The vectors are queries, keys or values; the divergences of
    these kinds are added up.

    Args:
      prediction, target: float [batch, time, kinds, heads, width]; the widths may differ.
      mask: [batch, time], 1 at real positions.

    Returns:
      Scalar float32.

    Source: Wang et al. (2021), MiniLMv2, Eq. 5 to 7.
    """
    real = tf.cast(mask, tf.bool)[:, tf.newaxis, tf.newaxis, tf.newaxis, :]

    def logs(vectors: tf.Tensor) -> tf.Tensor:
        vectors = _without_padding(tf.cast(vectors, prediction.dtype), mask)
        scale = tf.math.rsqrt(tf.cast(tf.shape(vectors)[-1], prediction.dtype))
        products = tf.einsum("bqrhd,bkrhd->brhqk", vectors, vectors) * scale
        return tf.nn.log_softmax(tf.where(real, products, NEVER))

    log_target, log_prediction = logs(target), logs(prediction)
    divergence = tf.reduce_sum(tf.exp(log_target) * (log_target - log_prediction), axis=-1)
    return _masked_mean(tf.reduce_sum(tf.reduce_mean(divergence, axis=2), axis=1), mask)


def cross_entropy(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor, *, smoothing: float = 0.0
) -> tf.Tensor:
    """Mean over real positions of the cross-entropy with class numbers.

    Args:
      prediction: float [batch, time, classes], logits.
      target: int [batch, time]; any valid class at padding.
      mask: [batch, time], 1 at real positions.
      smoothing: fraction of a label's probability that is spread evenly over all classes.

    Returns:
      Scalar float32.

    Source: paper Eq. 2; Szegedy et al. (2016), section 7, for the smoothing.
    """
    prediction = _without_padding(prediction, mask)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, prediction)
    if smoothing:
        even = -tf.reduce_mean(tf.nn.log_softmax(prediction), axis=-1)
        losses = (1.0 - smoothing) * losses + smoothing * even
    return _masked_mean(losses, mask)


def binary_cross_entropy(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor, *, smoothing: float = 0.0
) -> tf.Tensor:
    """Mean over texts and labels of the cross-entropy of each label's sigmoid.

    Args:
      prediction: float [batch, 1, labels], logits.
      target: int [batch, labels], 1 for the labels of a text.
      mask: [batch, labels], 1 for texts that count.
      smoothing: fraction of a label's probability that is spread evenly over yes and no.

    Returns:
      Scalar float32.
    """
    logits = _without_padding(prediction[:, 0], mask)
    target = tf.cast(target, logits.dtype) * (1.0 - smoothing) + 0.5 * smoothing
    return _masked_mean(tf.nn.sigmoid_cross_entropy_with_logits(target, logits), mask)


def sigmoid_divergence(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor, *, temperature: float = 1.0
) -> tf.Tensor:
    """Cross-entropy of each label's sigmoid with the teacher's, times T^2.

    For labels that do not exclude each other. The minimum is at the teacher's logits; it is not 0.

    Args:
      prediction, target: float [batch, time, labels], logits.
      mask: [batch, time], 1 at real positions.
      temperature: T, see `kl_divergence`.

    Returns:
      Scalar float32: the mean over real positions and labels.
    """
    target = _without_padding(tf.cast(target, prediction.dtype), mask) / temperature
    logits = _without_padding(prediction, mask) / temperature
    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.sigmoid(target), logits)
    return _masked_mean(tf.reduce_mean(each, axis=-1), mask) * temperature**2


def squared_error(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Mean over real positions of the squared difference from a number, for regression.

    Args:
      prediction: float [batch, time, 1].
      target: float [batch, time].
      mask: [batch, time], 1 at real positions.

    Returns:
      Scalar float32.
    """
    return mean_squared_error(prediction, target[:, :, tf.newaxis], mask)


def span_cross_entropy(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Mean over sequences and both ends of an answer of the cross-entropy over positions.

    Args:
      prediction: float [batch, time, 2], scores of an answer's begin and end at each position.
        Scores at padding must be far below all others.
      target: int [batch, 2], positions of the answer's first and last subword token; both 0 ([CLS])
        for no answer.
      mask: [batch, 2], 1 for sequences that count.

    Returns:
      Scalar float32.

    Source: Devlin et al. (2019), section 4.3.
    """
    # In joint batches both are padded to the time of the sequences.
    return cross_entropy(tf.transpose(prediction, [0, 2, 1]), target[:, :2], mask[:, :2])


def _over_positions(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> Tuple[tf.Tensor, ...]:
    """Turns logits of positions into distributions over them, of which each sequence has two.

    Args:
      prediction, target: float [batch, time, 2], scores of an answer's begin and end.
      mask: [batch, time], 1 at real positions; others get probability 0.

    Returns:
      (prediction, target, mask): float [batch, 2, time] twice, and [batch, 2], 1 for sequences
      with a real position.
    """
    real = tf.cast(mask, tf.bool)[:, :, tf.newaxis]
    values = (tf.transpose(tf.where(real, tf.cast(part, prediction.dtype), NEVER), [0, 2, 1])
              for part in (prediction, target))
    counts = tf.cast(tf.reduce_max(mask, axis=1, keepdims=True), prediction.dtype)
    return (*values, counts * tf.ones_like(prediction[:, 0]))


def position_divergence(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor, *, temperature: float = 1.0
) -> tf.Tensor:
    """As `kl_divergence`, with the softmax over the positions of a sequence.

    Args:
      prediction, target, mask: see `_over_positions`.
      temperature: T; above 1 it softens both.

    Returns:
      Scalar float32: the mean over sequences and both ends of an answer.
    """
    return kl_divergence(*_over_positions(prediction, target, mask), temperature=temperature)


def position_pseudo_labels(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Cross-entropy with the teacher's best begin and best end of an answer.

    Args:
      prediction, target, mask: see `_over_positions`.

    Returns:
      Scalar float32: the mean over sequences and both ends.
    """
    return pseudo_labels(*_over_positions(prediction, target, mask))


def pseudo_labels(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Cross-entropy with the teacher's most probable class: hard targets instead of soft ones.

    Args:
      prediction, target: float [batch, time, classes], logits.
      mask: [batch, time], 1 at real positions.

    Returns:
      Scalar float32: the mean over real positions.
    """
    return cross_entropy(prediction, tf.argmax(target, axis=-1, output_type=tf.int32), mask)
