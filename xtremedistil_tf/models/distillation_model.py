"""A Keras functional model that trains on any set of masked loss terms."""

import contextlib
import functools
from typing import Callable, Dict, Iterator, Mapping, Optional, Protocol, Sequence, Tuple

from xtremedistil_tf.compat import flatten_layers, random_generators, without_gpu_kernels
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.cpu_bilstm import with_cpu_kernels

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
    """Returns a term's loss function with its temperature or smoothing, if it has one."""
    options = {name: getattr(term, name)
               for name, none in (("temperature", 1), ("smoothing", 0))
               if getattr(term, name) != none}
    return functools.partial(losses[term.loss], **options)


def _share(mask: tf.Tensor) -> tf.Tensor:
    """Returns this replica's share of a mask's positions over all replicas.

    Keras adds up the gradients of replicas. Weighted by this share, their sum is the gradient of
    the mean over the whole batch, however the batch was divided.
    """
    positions = tf.reduce_sum(mask)
    everywhere = tf.distribute.get_replica_context().all_reduce(
        tf.distribute.ReduceOp.SUM, positions)
    return tf.math.divide_no_nan(positions, everywhere)


class StageModel(tf.keras.Model):
    """A teacher or student with the outputs "representation" and "logits", and losses by name.

    Only the loss terms of the current stage are computed, so unused outputs cost nothing. Targets
    are a dict with "mask" [batch, time] of the real positions. If only some sequences have a
    target, "<target>_mask", such as "labels_mask", marks the positions that have it.
    """

    def set_loss_terms(self, terms: Sequence[Term], losses: Mapping[str, Callable]) -> None:
        """Sets the losses of the next stage; compile the model afterwards.

        Args:
          terms: loss terms; see `training.stages.LossTerm`.
          losses: loss functions (prediction, target, mask) -> scalar, by name.
        """
        # Bypasses Keras' attribute tracking, which would count the metric among the weights.
        object.__setattr__(self, "_terms", [(term, _filled_in(term, losses)) for term in terms])
        object.__setattr__(self, "_loss_mean", tf.keras.metrics.Mean(name="loss"))

    def clear_loss_terms(self) -> None:
        """Removes the losses after training, so that an export contains no metric."""
        object.__setattr__(self, "_loss_mean", None)

    # Without AutoGraph: it would translate the source of every layer, which takes most of the time
    # of a short stage. No layer has control flow that depends on tensors.
    @tf.autograph.experimental.do_not_convert
    def train_step(self, data: Batch) -> Dict[str, tf.Tensor]:
        """Runs one step of gradient descent on the trainable layers.

        Keras' own step watches every variable. It then traces the backward pass down to the lowest
        layer, even if that layer is frozen.
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
        """Computes the losses of a batch."""
        return super().test_step(data)

    def compute_loss(
        self, x: Named = None, y: Named = None, y_pred: Named = None,
        sample_weight: Optional[tf.Tensor] = None,
    ) -> tf.Tensor:
        """Computes the weighted sum of the stage's masked losses; scalar float32.

        With several replicas it returns this replica's share; the sum over replicas is the loss.
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
        """The mean loss over the real positions of an epoch; empty after training."""
        mean = getattr(self, "_loss_mean", None)
        return [] if mean is None else [mean]

    def compute_metrics(
        self, x: Named, y: Named, y_pred: Named, sample_weight: Optional[tf.Tensor]
    ) -> Dict[str, tf.Tensor]:
        """Returns the running mean of the loss."""
        return {"loss": self._loss_mean.result()}


def reseed(model: tf.keras.Model, seed: int) -> None:
    """Seeds every random generator of the model (dropout), so that an epoch is reproducible.

    The dropout masks of an epoch then depend on its seed alone, not on earlier epochs. So a resumed
    run draws the same masks.
    """
    for index, generator in enumerate(random_generators(model)):
        generator.reset_from_seed(seed + index)


@contextlib.contextmanager
def traced_for_cpu(model: tf.keras.Model) -> Iterator[None]:
    """Omits the GPU variant of LSTMs from functions traced in the block, if there is no GPU.

    Keras traces both variants with their gradients in every stage and forward pass. Without one of
    them, a stage starts in half the time and a forward pass in a sixth. Functions traced after the
    block, such as exports, have both.
    """
    if tf.config.list_physical_devices("GPU"):
        yield
        return
    layers = flatten_layers(model)
    with without_gpu_kernels(layers), with_cpu_kernels(layers):
        yield
