"""Padding of the BiLSTM's ONNX model: the weights themselves make it harmless.

ONNX's LSTM has an input of sequence lengths, but a runtime may ignore it: OpenVINO's backward
direction then starts in the padding. So the lengths are not used. Instead a feature marks padding
and closes the gates: all states stay 0 until the first subword token, in any runtime.
"""

import dataclasses
from typing import Any, Dict, List

import numpy as np

from xtremedistil_tf.export.common.arrays import Lstm, StudentArrays

# Sigmoid of minus this value is 0, in float16 too.
_CLOSED = 1e4


def with_padding_mark(arrays: StudentArrays) -> StudentArrays:
    """Adds a feature to the embedding: 1 in the row of padding, 0 in all others.

    It closes the input, forget and output gate, whatever else is in the sequence. Upper layers have
    it behind the states below, see `mark`.
    """
    size = arrays.embedding.shape[1]
    embedding = np.pad(arrays.embedding, [(0, 0), (0, 1)])
    embedding[0] = 0.0
    embedding[0, size] = 1.0

    def closing(lstm: Lstm, *, behind: int) -> Lstm:
        kernel, recurrent, bias = lstm
        row = np.full([4, len(recurrent)], -_CLOSED, np.float32)
        row[2] = 0.0  # Keras' order: input, forget, cell, output.
        return np.insert(kernel, behind, row.reshape(-1), axis=0), recurrent, bias

    # Behind the words' features: pairs have one more feature after it.
    return dataclasses.replace(
        arrays, embedding=embedding, forward=closing(arrays.forward, behind=size),
        backward=closing(arrays.backward, behind=size),
        upper=tuple((closing(forward, behind=len(forward[0])),
                     closing(backward, behind=len(backward[0])))
                    for forward, backward in arrays.upper))


def mark(node: Any) -> List[Any]:
    """Returns the nodes from "real" to "mark" [time, batch, 1], the feature for upper layers."""
    return [node("Not", ["real"], ["unreal"]),
            node("Cast", ["unreal"], ["padding"], to=1),
            node("Transpose", ["padding"], ["padding_by_time"], perm=[1, 0]),
            node("Unsqueeze", ["padding_by_time", "last_axis"], ["mark"])]


def final_states(node: Any) -> List[Any]:
    """Returns the nodes from "by_row" [batch, time, 2, units] to "hidden" [batch, 2 * units].

    The forward direction ends at a row's last token, the backward direction at its first.
    """
    return [node("Sub", ["lengths", "one_row"], ["last_token"]),
            node("Max", ["last_token", "first_place"], ["final_place"]),
            node("Unsqueeze", ["final_place", "time_axis"], ["final_places"]),
            node("Cast", ["final_places"], ["final_places64"], to=7),
            node("GatherND", ["by_row", "final_places64"], ["at_last"], batch_dims=1),
            node("Gather", ["by_row", "first_place"], ["at_first"], axis=1),
            node("Gather", ["at_last", "first_place"], ["forward_final"], axis=1),
            node("Gather", ["at_first", "one_row"], ["backward_final"], axis=1),
            node("Concat", ["forward_final", "backward_final"], ["hidden"], axis=1)]


def weights() -> Dict[str, np.ndarray]:
    """Returns the initializers of `final_states` by name."""
    return {"one_row": np.array(1, np.int32), "first_place": np.array(0, np.int32)}
