"""The weights of a BiLSTM student as NumPy arrays, the input of its exports."""

import dataclasses
from typing import Any, Callable, Optional, Tuple

import numpy as np

from xtremedistil_tf.config import PROJECTION

# Kernel, recurrent kernel and bias of one direction.
Lstm = Tuple[np.ndarray, np.ndarray, np.ndarray]
# The forward and the backward direction.
BiLstm = Tuple[Lstm, Lstm]
# Kernel and bias.
Dense = Tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Pairs:
    """The way in which a BiLSTM reads pairs of texts.

    Attributes:
      separator: id of the separator token ([SEP]).
      step: if both texts are one sequence, the value of the LSTM's last input feature in the second
        text (0 in the first); None if the LSTM reads each text alone.
    """

    separator: int
    step: Optional[float]

    @property
    def siamese(self) -> bool:
        """True if the LSTM reads each text alone."""
        return self.step is None


@dataclasses.dataclass(frozen=True)
class StudentArrays:
    """The weights, all float32. Gates are in Keras' order: input, forget, cell, output.

    Attributes:
      embedding: [V, E]; row 0 is padding.
      forward, backward: (kernel [E, 4 H], recurrent kernel [H, 4 H], bias [4 H]); for joint pairs
        the kernel is [E + 1, 4 H].
      projection: (kernel [2 H, width], bias [width]); for siamese pairs the kernel is [8 H, width].
        None if the logits are computed from the LSTM's states.
      activation: activation of the projection: gelu, linear, relu or tanh.
      logits: (kernel [width, classes], bias [classes]); without a projection its kernel is
        [2 H, classes], or [8 H, classes].
      pooling: "last" or "max" (see `StudentConfig`); None for one vector a subword token.
      pairs: the reading of pairs of texts; None for single texts.
      upper: the BiLSTM layers above the first, bottom to top, with kernels [2 H, 4 H].
    """

    embedding: np.ndarray
    forward: Lstm
    backward: Lstm
    projection: Optional[Dense]
    activation: str
    logits: Dense
    pooling: Optional[str] = None
    pairs: Optional[Pairs] = None
    upper: Tuple[BiLstm, ...] = ()

    @property
    def bilstms(self) -> Tuple[BiLstm, ...]:
        """All BiLSTM layers, bottom to top."""
        return ((self.forward, self.backward), *self.upper)

    @property
    def dense(self) -> Tuple[Tuple[Dense, str], ...]:
        """The layers on the LSTM's states with their activations, bottom to top."""
        head = ((self.logits, "linear"),)
        return head if self.projection is None else ((self.projection, self.activation), *head)

    def with_lowest(self, change: Callable[[np.ndarray], np.ndarray]) -> "StudentArrays":
        """Changes the kernel of the dense layer that reads the LSTM's states."""
        (kernel, bias), _ = self.dense[0]
        if self.projection is None:
            return dataclasses.replace(self, logits=(change(kernel), bias))
        return dataclasses.replace(self, projection=(change(kernel), bias))


def _with_segments(lstm: Lstm, segments: np.ndarray, step: float) -> Lstm:
    """Replaces the added segment embedding by one more input feature of the LSTM.

    Args:
      lstm: weights for word embeddings with the segment embedding added.
      segments: [2, E], the segment embedding.
      step: value of the feature in the second text; it is 0 in the first.
    """
    kernel, recurrent, bias = lstm
    row = (segments[1] - segments[0]) @ kernel / step
    return np.concatenate([kernel, row[None]]), recurrent, bias + segments[0] @ kernel


def student_arrays(
    student: Any, activation: str, *, pooling: Optional[str] = None,
    separator: Optional[int] = None,
) -> StudentArrays:
    """Copies the weights of a Keras student, for any dropout and precision.

    Args:
      student: a `models.student.Student`.
      activation: activation of the projection.
      pooling: see StudentArrays.
      separator: id of the separator token, for pairs of texts; None for single texts.
    """
    def layer(name):
        return [np.asarray(weight, np.float32)
                for weight in student.model.get_layer(name).get_weights()]

    projects = any(one.name == PROJECTION for one in student.model.layers)
    projection, logits = tuple(layer(PROJECTION)) if projects else None, tuple(layer("logits"))
    embedding, pairs = layer("word_embedding")[0], None
    weights = (np.asarray(one.numpy(), np.float32) for one in student.registry.weights("bilstm"))
    # In each layer the forward direction comes first.
    lstms = list(zip(weights, weights, weights))
    (forward, backward), *upper = zip(lstms[::2], lstms[1::2])
    if separator is not None:
        siamese = len((projection or logits)[0]) == 8 * len(forward[1])
        # No larger than the word embedding's values: int8 has one range for all features.
        pairs = Pairs(separator, None if siamese else max(1e-3, float(embedding.max())))
    if pairs is not None and pairs.step is not None:
        segments = layer("segment_embedding")[0]
        forward, backward = (_with_segments(one, segments, pairs.step)
                             for one in (forward, backward))
    return StudentArrays(embedding, forward, backward, projection, activation, logits, pooling,
                         pairs, tuple(upper))
