"""A student as plain arrays, which every export is built from."""

import dataclasses
from typing import Any, Optional, Tuple

import numpy as np

Lstm = Tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class StudentArrays:
    """The weights, all float32; gates in Keras' order: input, forget, cell, output.

    Attributes:
      embedding: [V, E]; row 0 is padding.
      forward, backward: (kernel [E, 4 H], recurrent kernel [H, 4 H], bias [4 H]).
      projection: (kernel [2 H, width], bias [width]).
      activation: of the projection: gelu, linear, relu or tanh.
      logits: (kernel [width, classes], bias [classes]).
      pooling: what stands for a row, "last" or "max" (see `StudentConfig`); None where each piece
        stands for itself.
    """

    embedding: np.ndarray
    forward: Lstm
    backward: Lstm
    projection: Tuple[np.ndarray, np.ndarray]
    activation: str
    logits: Tuple[np.ndarray, np.ndarray]
    pooling: Optional[str] = None


def student_arrays(
    student: Any, activation: str, pooling: Optional[str] = None
) -> StudentArrays:
    """Copies the weights out of a Keras student, whatever its dropout and precision.

    Args:
      student: a `models.student.Student`.
      activation: the projection's.
      pooling: see StudentArrays.
    """
    def layer(name):
        return [np.asarray(weight, np.float32)
                for weight in student.model.get_layer(name).get_weights()]

    lstm = layer("bilstm")
    return StudentArrays(
        layer("word_embedding")[0], tuple(lstm[:3]), tuple(lstm[3:]), tuple(layer("projection")),
        activation, tuple(layer("logits")), pooling,
    )
