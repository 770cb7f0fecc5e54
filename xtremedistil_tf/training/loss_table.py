"""The table of losses. It needs no TensorFlow: a loss function is imported on its first call."""

import dataclasses
import functools
import pkgutil
from typing import Any, Callable, Tuple, Union

from xtremedistil_tf.plugins import Registry

_HERE = "xtremedistil_tf.training.losses:"
# The teacher's outputs at every position. --representation_loss and --logits_loss choose losses.
SOFT = ("representation", "logits")


@dataclasses.dataclass(frozen=True)
class Loss:
    """A masked loss.

    Attributes:
      function: (prediction, target, mask) -> scalar, or its location as "module:name".
      against: the targets that it accepts: "labels", or outputs of the teacher. "positions" are
        logits that compete over the positions of a sequence; see `TaskKind.own_losses`.
    """

    function: Union[str, Callable[..., Any]]
    against: Tuple[str, ...] = SOFT

    @functools.cached_property
    def _imported(self) -> Callable[..., Any]:
        return (pkgutil.resolve_name(self.function) if isinstance(self.function, str)
                else self.function)

    def __call__(self, prediction: Any, target: Any, mask: Any, **options: Any) -> Any:
        """Computes the loss of a batch; scalar float32.

        Args:
          prediction: float [batch, time, dim].
          target: float [batch, time, dim], or labels of the kind of task.
          mask: [batch, time], 1 at real positions.
          options: temperature or smoothing, if set.
        """
        return self._imported(prediction, target, mask, **options)


LOSSES: Registry[Loss] = Registry(
    "loss", "xtremedistil_tf.losses",
    made_of=lambda own: own if isinstance(own, Loss) else Loss(own))
for _name, _loss in {
    "mse": Loss(_HERE + "mean_squared_error", (*SOFT, "hidden_states")),
    "kld": Loss(_HERE + "kl_divergence"),
    "kld_student_first": Loss(_HERE + "reverse_kl_divergence", ("representation",)),
    "kld_raw": Loss(_HERE + "raw_kl_divergence", ("representation",)),
    "bce": Loss(_HERE + "sigmoid_divergence", ("logits",)),
    "binary_cross_entropy": Loss(_HERE + "binary_cross_entropy", ("labels",)),
    "pseudo_labels": Loss(_HERE + "pseudo_labels", ("logits",)),
    "position_kld": Loss(_HERE + "position_divergence", ("positions",)),
    "position_pseudo_labels": Loss(_HERE + "position_pseudo_labels", ("positions",)),
    "attention_kld": Loss(_HERE + "attention_divergence", ("attention",)),
    "relation_kld": Loss(_HERE + "relation_divergence", ("relations",)),
    "cross_entropy": Loss(_HERE + "cross_entropy", ("labels",)),
    "squared_error": Loss(_HERE + "squared_error", ("labels",)),
    "span_cross_entropy": Loss(_HERE + "span_cross_entropy", ("labels",)),
}.items():
    LOSSES.register(_name)(_loss)


def register_loss(
    name: str, *, against: Tuple[str, ...] = SOFT
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Returns a decorator that adds a loss; `--logits_loss` or `--representation_loss` name it.

    Args:
      name: name of the loss.
      against: the teacher's outputs that it accepts as targets: "logits", "representation" or both.

    Raises:
      UserError: from the decorator, if the name is taken.

    Example:
      @xtremedistil_tf.register_loss("mae", against=("logits",))
      def mean_absolute_error(prediction, target, mask):
          mask = tf.cast(mask, prediction.dtype)
          apart = prediction - tf.cast(target, prediction.dtype)
          # Padding may hold NaN: it goes first, since NaN times 0 is NaN, in gradients too.
          apart = tf.where(mask[:, :, tf.newaxis] > 0, apart, tf.zeros_like(apart))
          return tf.math.divide_no_nan(
              tf.reduce_sum(tf.reduce_mean(tf.abs(apart), axis=-1)), tf.reduce_sum(mask))
    """
    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        LOSSES.register(name)(Loss(function, against))
        return function

    return add


def losses_against(target: str) -> Tuple[str, ...]:
    """Returns the names of the losses that accept a target, including those of installed packages.

    Losses of packages are always included, since checking their targets would import them.
    """
    known = LOSSES.registered
    return tuple(name for name in LOSSES.names()
                 if name not in known or target in known[name].against)
