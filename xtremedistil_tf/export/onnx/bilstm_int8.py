"""The BiLSTM's ONNX model for int8: its range of activations is the same in every batch."""

import dataclasses
from typing import Any, Dict, List, Tuple

import numpy as np

from xtremedistil_tf.export.common.arrays import Lstm, StudentArrays

# Sigmoid and tanh of this value are 1 in float32.
_SATURATED = 20.0


def with_bounds(arrays: StudentArrays) -> StudentArrays:
    """Adds two units to each direction; `bounds` starts their states at -1 and 1.

    They change no result: their outgoing weights are zero.
    """
    def two_more(array: np.ndarray) -> np.ndarray:
        """Appends two columns of zeros to each gate."""
        gates = array.reshape(*array.shape[:-1], 4, -1)
        return np.pad(gates, [(0, 0)] * array.ndim + [(0, 2)]).reshape(*array.shape[:-1], -1)

    def unit(lstm: Lstm) -> Lstm:
        kernel, recurrent, bias = lstm
        wide = two_more(bias).reshape(4, -1)
        # They keep their state (input gate closed, forget gate open) and output it (gate open).
        wide[:, -2:] = _SATURATED * np.array([[-1.0], [1.0], [0.0], [1.0]])
        return (two_more(kernel), np.pad(two_more(recurrent), [(0, 2), (0, 0)]), wide.reshape(-1))

    def beside(lstm: Lstm) -> Lstm:
        """The lowest layer, whose words have one more feature on either side."""
        kernel, recurrent, bias = unit(lstm)
        return np.pad(kernel, [(1, 1), (0, 0)]), recurrent, bias

    def unread(kernel: np.ndarray) -> np.ndarray:
        """Adds two rows of zeros a direction: to two blocks, or eight for siamese pairs."""
        return np.concatenate([np.pad(half, [(0, 2), (0, 0)])
                               for half in np.split(kernel, len(kernel) // len(arrays.forward[1]))])

    def above(lstm: Lstm) -> Lstm:
        """An upper layer. The two units of the layer below are the range of its input."""
        kernel, recurrent, bias = lstm
        return unit((unread(kernel), recurrent, bias))

    return dataclasses.replace(
        arrays.with_lowest(unread), forward=beside(arrays.forward),
        backward=beside(arrays.backward),
        upper=tuple((above(forward), above(backward)) for forward, backward in arrays.upper))


def bounds(node: Any, arrays: StudentArrays) -> Tuple[List[Any], Dict[str, np.ndarray]]:
    """Returns nodes and weights that fix the range of quantized values in every batch.

    Dynamic quantization derives scale and zero point from the smallest and largest value of a whole
    batch. So a sequence's logits would depend on the other sequences of the batch. To prevent this,
    words get two more features, the bounds of the embedding, and the LSTM gets two more units, see
    `with_bounds`.

    Args:
      node: `onnx.helper.make_node`.
      arrays: weights after `with_bounds`.
    """
    # Rounding to int8 may move embedding values slightly beyond the bounds.
    least = np.float32(min(1.01 * arrays.embedding.min(), 0.0))
    greatest = np.float32(max(1.01 * arrays.embedding.max(), 0.0))
    units = arrays.forward[1].shape[0]
    start = np.zeros((2, 1, units), np.float32)
    start[..., -2:] = -_SATURATED, _SATURATED
    weights: Dict[str, Any] = {
        "before": np.array([0, 0, 1, 0, 0, 0], np.int64), "least": least,
        "behind": np.array([0, 0, 0, 0, 0, 1], np.int64), "greatest": greatest,
        "start": start, "ones": np.array([1], np.int64),
    }
    return [node("Pad", ["embedded", "before", "least"], ["bounded_below"]),
            node("Pad", ["bounded_below", "behind", "greatest"], ["bounded"]),
            node("Shape", ["lengths"], ["rows"]),
            node("Concat", ["ones", "rows", "ones"], ["start_shape"], axis=0),
            node("Expand", ["start", "start_shape"], ["initial_c"])], weights
