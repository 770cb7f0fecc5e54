"""A Keras functional model that trains on any set of masked loss terms."""

import contextlib
import functools
from typing import Callable, Dict, Iterator, Mapping, Optional, Protocol, Sequence, Tuple

from xtremedistil_tf.compat import random_generators, without_gpu_kernels
from xtremedistil_tf.keras2 import tf

# Tensors of a batch by name; Keras passes None where a model has none.
Named = Optional[Dict[str, tf.Tensor]]
Batch = Tuple[Dict[str, tf.Tensor], Dict[str, tf.Tensor]]


class Term(Protocol):
    """A loss term as the model reads it; `training.stages.LossTerm` is one."""

    @property
    def output(self) -> str:
        """Name of the model's output."""

    @property
    def target(self) -> str:
        """Name of the target."""

    @property
    def loss(self) -> str:
        """Name of the loss function."""

    @property
    def weight(self) -> float:
        """Factor in the sum of the losses."""


def _filled_in(term: Term, losses: Mapping[str, Callable]) -> Callable[..., tf.Tensor]:
    """A term's loss function, its temperature or smoothing filled in where it has one."""
    options = {name: getattr(term, name)
               for name, none in (("temperature", 1), ("smoothing", 0))
               if getattr(term, name) != none}
    return functools.partial(losses[term.loss], **options)


def _share(mask: tf.Tensor) -> tf.Tensor:
    """This replica's share of the positions of a mask, over all replicas.

    Replicas' gradients are added up: each counts by its share, so that the sum is the gradient of
    the mean over the whole batch, however it was divided.
    """
    positions = tf.reduce_sum(mask)
    everywhere = tf.distribute.get_replica_context().all_reduce(
        tf.distribute.ReduceOp.SUM, positions)
    return tf.math.divide_no_nan(positions, everywhere)


class StageModel(tf.keras.Model):
    """Teacher and student alike: dict outputs "representation" and "logits", losses set by name.

    Only the loss terms of the current stage are computed, so an output that no term uses costs
    nothing. Targets come as a dict with the mask [batch, time] of the real positions beside them;
    where not every row has every target, "labels_mask" or another mask by a target's name says
    which positions have it.
    """

    def set_loss_terms(self, terms: Sequence[Term], losses: Mapping[str, Callable]) -> None:
        """Chooses the losses of the coming stage; compile the model afterwards.

        Args:
          terms: as `training.stages.LossTerm`.
          losses: loss functions (prediction, target, mask) -> scalar by the terms' names.
        """
        # Set past Keras' attribute tracking, which would count the metric among the weights.
        object.__setattr__(self, "_terms", [(term, _filled_in(term, losses)) for term in terms])
        object.__setattr__(self, "_loss_mean", tf.keras.metrics.Mean(name="loss"))

    def clear_loss_terms(self) -> None:
        """Ends training: the model only predicts, and an export has no metric to gather."""
        object.__setattr__(self, "_loss_mean", None)

    # AutoGraph would translate the source of every layer below, encoders above all: none has
    # control flow that hangs on a tensor, and it takes most of a short stage's time.
    @tf.autograph.experimental.do_not_convert
    def train_step(self, data: Batch) -> Dict[str, tf.Tensor]:
        """One step of gradient descent on the layers that are not frozen.

        Keras' own step watches every variable, and backward work is then laid out, and traced, down
        to the lowest layer of all, trained or not.
        """
        inputs, targets = data
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.trainable_variables)
            outputs = self(inputs, training=True)
            loss = self.compute_loss(inputs, targets, outputs)
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        return self.compute_metrics(inputs, targets, outputs, None)

    @tf.autograph.experimental.do_not_convert
    def test_step(self, data: Batch) -> Dict[str, tf.Tensor]:
        """The losses of a batch."""
        return super().test_step(data)

    def compute_loss(
        self, x: Named = None, y: Named = None, y_pred: Named = None,
        sample_weight: Optional[tf.Tensor] = None,
    ) -> tf.Tensor:
        """Weighted sum of the stage's masked losses; scalar float32.

        With several replicas it is the share of this one: the sum over them is the loss.
        """
        assert y is not None and y_pred is not None, "every stage has targets"
        masks = [y.get(f"{term.target}_mask", y["mask"]) for term, _ in self._terms]
        parts = [
            term.weight * loss(tf.cast(y_pred[term.output], tf.float32), y[term.target], mask)
            for (term, loss), mask in zip(self._terms, masks)
        ]
        self._loss_mean.update_state(tf.add_n(parts), sample_weight=tf.reduce_sum(y["mask"]))
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            parts = [part * _share(mask) for part, mask in zip(parts, masks)]
        return tf.add_n(parts)

    @property
    def metrics(self) -> list:
        """The mean loss over the real positions of an epoch; none in a model that only predicts."""
        mean = getattr(self, "_loss_mean", None)
        return [] if mean is None else [mean]

    def compute_metrics(
        self, x: Named, y: Named, y_pred: Named, sample_weight: Optional[tf.Tensor]
    ) -> Dict[str, tf.Tensor]:
        """Reports the running mean of the loss."""
        return {"loss": self._loss_mean.result()}


def reseed(model: tf.keras.Model, seed: int) -> None:
    """Sets every random generator of the model (dropout), so that an epoch can be repeated.

    With it the masks of an epoch depend on its seed alone, not on what ran before; a run that was
    killed and started again therefore draws the same ones.
    """
    for index, generator in enumerate(random_generators(model)):
        generator.reset_from_seed(seed + index)


@contextlib.contextmanager
def traced_for_cpu(model: tf.keras.Model) -> Iterator[None]:
    """Leaves the GPU's variant of LSTMs out of what is traced in the block, if there is no GPU.

    Keras traces both variants and their gradients; every stage compiles anew, and its start then
    takes half the time. What is traced after the block, an export above all, has both again.
    """
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    with contextlib.nullcontext() if has_gpu else without_gpu_kernels(model):
        yield
