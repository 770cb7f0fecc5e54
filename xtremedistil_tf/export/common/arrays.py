"""A student as plain arrays, which every export is built from."""

import dataclasses
from typing import Any, Optional, Tuple

import numpy as np

Lstm = Tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Pairs:
    """How a BiLSTM reads two texts.

    Attributes:
      separator: id of what parts them.
      step: of a joint row, the value of the LSTM's last input feature in the second text, 0 in the
        first; None where each text is read alone.
    """

    separator: int
    step: Optional[float]

    @property
    def siamese(self) -> bool:
        """Whether each text is read alone."""
        return self.step is None


@dataclasses.dataclass(frozen=True)
class StudentArrays:
    """The weights, all float32; gates in Keras' order: input, forget, cell, output.

    Attributes:
      embedding: [V, E]; row 0 is padding.
      forward, backward: (kernel [E, 4 H], recurrent kernel [H, 4 H], bias [4 H]); of joint pairs
        the kernel is [E + 1, 4 H].
      projection: (kernel [2 H, width], bias [width]); of siamese pairs the kernel is [8 H, width].
      activation: of the projection: gelu, linear, relu or tanh.
      logits: (kernel [width, classes], bias [classes]).
      pooling: what stands for a row, "last" or "max" (see `StudentConfig`); None where each piece
        stands for itself.
      pairs: how two texts are read; None where a row has one.
    """

    embedding: np.ndarray
    forward: Lstm
    backward: Lstm
    projection: Tuple[np.ndarray, np.ndarray]
    activation: str
    logits: Tuple[np.ndarray, np.ndarray]
    pooling: Optional[str] = None
    pairs: Optional[Pairs] = None


def _with_segments(lstm: Lstm, segments: np.ndarray, step: float) -> Lstm:
    """An LSTM that reads the segment as one feature more instead of having an embedding added.

    Args:
      lstm: over words with the embedding of their segment added.
      segments: [2, E], that embedding.
      step: the feature's value in the second text; in the first it is 0.
    """
    kernel, recurrent, bias = lstm
    row = (segments[1] - segments[0]) @ kernel / step
    return np.concatenate([kernel, row[None]]), recurrent, bias + segments[0] @ kernel


def student_arrays(
    student: Any, activation: str, *, pooling: Optional[str] = None,
    separator: Optional[int] = None,
) -> StudentArrays:
    """Copies the weights out of a Keras student, whatever its dropout and precision.

    Args:
      student: a `models.student.Student`.
      activation: the projection's.
      pooling: see StudentArrays.
      separator: id of what parts two texts; None where a row has one.
    """
    def layer(name):
        return [np.asarray(weight, np.float32)
                for weight in student.model.get_layer(name).get_weights()]

    lstm, embedding = layer("bilstm"), layer("word_embedding")[0]
    both, pairs = [tuple(lstm[:3]), tuple(lstm[3:])], None
    if separator is not None:
        siamese = len(layer("projection")[0]) == 8 * len(lstm[1])
        # No larger than the words' own values: int8 has one range for all.
        pairs = Pairs(separator, None if siamese else max(1e-3, float(embedding.max())))
    if pairs is not None and pairs.step is not None:
        segments = layer("segment_embedding")[0]
        both = [_with_segments(one, segments, pairs.step) for one in both]
    return StudentArrays(embedding, both[0], both[1], tuple(layer("projection")), activation,
                         tuple(layer("logits")), pooling, pairs)
