"""Nodes of the BiLSTM's ONNX model for pairs of texts; see `models.layers.pairs`."""

from typing import Any, Dict, List

import numpy as np

from xtremedistil_tf.export.common.arrays import Pairs

_INT32, _FLOAT, _BOOL = 6, 1, 9  # Type numbers of onnx.TensorProto.


def weights(pairs: Pairs) -> Dict[str, np.ndarray]:
    """Returns the initializers by name."""
    return {"separator": np.array(pairs.separator, np.int32), "none32": np.array(0, np.int32),
            "one32": np.array(1, np.int32), "along_time": np.array(1, np.int64),
            "step": np.array(pairs.step or 0.0, np.float32)}


def _passed(node: Any) -> List[Any]:
    """Returns the nodes to "passed", int32 [batch, time]: separators before each position."""
    return [node("Equal", ["input_ids", "separator"], ["is_separator"]),
            node("Cast", ["is_separator"], ["separators"], to=_INT32),
            node("CumSum", ["separators", "along_time"], ["passed"], exclusive=1)]


def joint_nodes(node: Any) -> List[Any]:
    """Returns the nodes from "words" to "embedded", which add the segment as a feature."""
    return [*_passed(node),
            node("Min", ["passed", "one32"], ["segments"]),
            node("Cast", ["segments"], ["segments_float"], to=_FLOAT),
            node("Mul", ["segments_float", "step"], ["stepped"]),
            node("Unsqueeze", ["stepped", "last_axis"], ["feature"]),
            node("Concat", ["words", "feature"], ["embedded"], axis=2)]


def split_nodes(node: Any) -> List[Any]:
    """Returns the nodes from "input_ids" to "texts", int32 [2 * batch, longest], one text a row."""
    return [
        *_passed(node),
        node("Equal", ["passed", "none32"], ["in_first"]),
        node("Cast", ["input_ids"], ["present"], to=_BOOL),
        node("And", ["in_first", "present"], ["first_there"]),
        node("Cast", ["first_there"], ["first_counted"], to=_INT32),
        node("ReduceSum", ["first_counted", "time_axis"], ["first_length"], keepdims=1),
        node("Cast", ["present"], ["all_counted"], to=_INT32),
        node("ReduceSum", ["all_counted", "time_axis"], ["all_length"], keepdims=1),
        node("Sub", ["first_length", "one32"], ["before_start"]),
        node("Max", ["before_start", "none32"], ["second_start"]),
        node("Sub", ["all_length", "second_start"], ["second_length"]),
        node("Concat", ["first_length", "second_length"], ["text_lengths"], axis=0),
        node("ReduceMax", ["text_lengths"], ["longest"], keepdims=0),
        node("Range", ["none32", "longest", "one32"], ["places"]),
        node("Shape", ["input_ids"], ["shape"]),
        node("Gather", ["shape", "along_time"], ["time"]),
        node("Cast", ["time"], ["time32"], to=_INT32),
        node("Sub", ["time32", "one32"], ["last_place"]),
        node("Mul", ["second_start", "none32"], ["first_start"]),
        node("Concat", ["first_start", "second_start"], ["starts"], axis=0),
        node("Add", ["starts", "places"], ["wanted"]),
        node("Min", ["wanted", "last_place"], ["taken"]),
        node("Concat", ["input_ids", "input_ids"], ["twice"], axis=0),
        node("GatherElements", ["twice", "taken"], ["laid"], axis=1),
        node("Less", ["places", "text_lengths"], ["inside"]),
        node("Where", ["inside", "laid", "none32"], ["texts"]),
    ]


def interaction_nodes(node: Any) -> List[Any]:
    """Returns the nodes from "hidden" [2 * batch, dim] to "pair" [batch, 4 * dim].

    The difference is halved, so that all values lie between -1 and 1 for int8. `halved` doubles the
    weights to compensate.
    """
    return [node("Split", ["hidden"], ["u", "v"], axis=0),
            node("Sub", ["u", "v"], ["difference"]),
            node("Abs", ["difference"], ["distance"]),
            node("Mul", ["distance", "half"], ["half_distance"]),
            node("Mul", ["u", "v"], ["agreement"]),
            node("Concat", ["u", "v", "half_distance", "agreement"], ["pair"], axis=1)]


def halved(kernel: np.ndarray) -> np.ndarray:
    """Returns the projection's kernel for the halved difference."""
    u, v, difference, product = np.split(kernel, 4)
    return np.concatenate([u, v, 2 * difference, product])
