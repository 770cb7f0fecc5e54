"""Masked distillation losses: means over real positions, never over padding.

Padding may hold anything, infinities and NaN included: neither a loss nor its gradient sees it.
"""

from xtremedistil_tf.keras2 import tf

# Smallest share of attention that is told from none; a float16 still holds it.
_LEAST_SHARE = 1e-6


def _without_padding(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Zeros in the place of padding, which may hold anything, infinities and NaN included.

    It comes before a loss is computed. A where() behind it would mend the value only: the gradient
    of log_softmax at an infinity is NaN, and NaN times zero is NaN.

    Args:
      values: float [batch, time, ...].
      mask: [batch, time], 1 at real positions.
    """
    real = tf.cast(mask, tf.bool)
    for _ in range(len(values.shape) - len(mask.shape)):
        real = real[..., tf.newaxis]
    return tf.where(real, values, tf.zeros_like(values))


def _masked_mean(per_position: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """sum(loss * mask) / sum(mask); zero where nothing is real.

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

    Both are normalised over the last axis; the authors' v1 took Keras' KLD of raw hidden vectors,
    which clips every negative value away.

    Args:
      prediction, target: float [batch, time, dim].
      mask: [batch, time], 1 at real positions.
      temperature: T; above 1 it softens both, and T^2 keeps the size of the gradients.

    Returns:
      Scalar float32.

    Source: paper Eq. 6; Hinton et al. (2015) for the temperature.
    """
    target = _without_padding(tf.cast(target, prediction.dtype), mask)
    log_target = tf.nn.log_softmax(target / temperature)
    log_prediction = tf.nn.log_softmax(_without_padding(prediction, mask) / temperature)
    divergence = tf.reduce_sum(tf.exp(log_target) * (log_target - log_prediction), axis=-1)
    return _masked_mean(divergence, mask) * temperature**2


def attention_divergence(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Mean over real positions and layers of KL(target || prediction) of where they look.

    Args:
      prediction, target: float [batch, query, layers, key], probabilities.
      mask: [batch, query], 1 at real positions.

    Returns:
      Scalar float32.

    Source: Wang et al. (2020), MiniLM, Eq. 4, there for each head of the last layer.
    """
    def log(share: tf.Tensor) -> tf.Tensor:
        return tf.math.log(tf.maximum(share, _LEAST_SHARE))

    target = _without_padding(tf.cast(target, prediction.dtype), mask)
    prediction = _without_padding(prediction, mask)
    divergence = tf.reduce_sum(target * (log(target) - log(prediction)), axis=-1)
    return _masked_mean(tf.reduce_mean(divergence, axis=-1), mask)


def cross_entropy(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor, *, smoothing: float = 0.0
) -> tf.Tensor:
    """Mean over real positions of the cross-entropy with class numbers.

    Args:
      prediction: float [batch, time, classes], logits.
      target: int [batch, time]; any valid class at padding.
      mask: [batch, time], 1 at real positions.
      smoothing: share of a label's probability that is spread evenly over all classes.

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
    """Mean over rows, and over both ends of an answer, of the cross-entropy over positions.

    Args:
      prediction: float [batch, time, 2], how well an answer begins and ends at each position; what
        padding has must be far below all else.
      target: int [batch, 2], the positions of its first and last subword token; both 0, the opening
        special token, where a row has none.
      mask: [batch, 2], 1 at rows that count.

    Returns:
      Scalar float32.

    Source: Devlin et al. (2019), section 4.3.
    """
    return cross_entropy(tf.transpose(prediction, [0, 2, 1]), target, mask)


def pseudo_labels(
    prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Cross-entropy with the teacher's most probable class; shapes as in `kl_divergence`.

    The hard-target variant: what is lost against it is what the soft targets are worth.
    """
    return cross_entropy(prediction, tf.argmax(target, axis=-1, output_type=tf.int32), mask)
