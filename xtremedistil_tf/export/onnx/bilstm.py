"""The BiLSTM student as an ONNX model, node by node.

It uses no converter, since converters turn the masked BiLSTM into loops or lose its lengths.
"""

import math
from typing import Any, Dict, List, Optional

import numpy as np

from xtremedistil_tf.export.common.arrays import BiLstm, StudentArrays
from xtremedistil_tf.export.onnx import bilstm_int8, bilstm_padding, bilstm_pairs
from xtremedistil_tf.export.onnx.files import import_onnx
from xtremedistil_tf.inference.runtimes.onnx import UNITS

# Old versions, so that every runtime of recent years reads the models.
_OPSET, _IR_VERSION = 13, 8


def _is_direct(arrays: StudentArrays) -> bool:
    """True if the logits are computed from the LSTM's output, [time, 2, batch, units].

    To bring so many numbers into the order of the batch takes longer than to compute the logits.
    """
    return arrays.projection is None and arrays.pooling is None


def _gates(array: np.ndarray) -> np.ndarray:
    """Reorders gates on the last axis from Keras (i, f, c, o) to ONNX (i, o, f, c)."""
    i, f, c, o = np.split(array, 4, axis=-1)
    return np.concatenate([i, o, f, c], axis=-1)


def _suffix(layer: int) -> str:
    """Ends the names of a BiLSTM layer's weights and states; the first has none."""
    return f"_{layer + 1}" if layer else ""


def _lstm_weights(both: BiLstm, suffix: str) -> Dict[str, np.ndarray]:
    return {
        f"lstm_w{suffix}": np.stack([_gates(kernel).T for kernel, _, _ in both]),
        f"lstm_r{suffix}": np.stack([_gates(recurrent).T for _, recurrent, _ in both]),
        # ONNX has a second bias for the recurrent part; it is 0.
        f"lstm_b{suffix}": np.stack(
            [np.concatenate([_gates(bias), np.zeros_like(bias)]) for _, _, bias in both]),
    }


def _weights(arrays: StudentArrays) -> Dict[str, np.ndarray]:
    """Returns the initializers by name."""
    weights = {
        "embedding": arrays.embedding,
        "logits_w": arrays.logits[0], "logits_b": arrays.logits[1],
        "root_two": np.float32(math.sqrt(2.0)), "one": np.float32(1.0), "half": np.float32(0.5),
        "time_axis": np.array([1], np.int64),
        "joined": np.array([0, 0, -1], np.int64), "joined_row": np.array([0, -1], np.int64),
        "last_axis": np.array([2], np.int64), "lowest": np.finfo(np.float32).min,
        "ahead": np.array([0], np.int64), "back": np.array([1], np.int64),
    }
    for layer, both in enumerate(arrays.bilstms):
        weights.update(_lstm_weights(both, _suffix(layer)))
    if arrays.projection is not None:
        weights["projection_w"], weights["projection_b"] = arrays.projection
    if _is_direct(arrays):
        weights["logits_w"] = np.concatenate(np.split(arrays.logits[0], 2), axis=1)
    return {name: np.ascontiguousarray(array) for name, array in weights.items()}


def _activation(node: Any, name: str) -> List[Any]:
    """Returns the nodes from "projected" to "representation"."""
    if name == "gelu":  # The exact gelu, as in Keras.
        return [node("Div", ["projected", "root_two"], ["scaled"]),
                node("Erf", ["scaled"], ["erf"]),
                node("Add", ["erf", "one"], ["raised"]),
                node("Mul", ["projected", "raised"], ["doubled"]),
                node("Mul", ["doubled", "half"], ["representation"])]
    operation = {"linear": "Identity", "relu": "Relu", "tanh": "Tanh"}[name]
    return [node(operation, ["projected"], ["representation"])]


def _head(node: Any, arrays: StudentArrays, hidden: str) -> List[Any]:
    """Returns the nodes from `hidden` to "logits"."""
    if _is_direct(arrays):
        # Both directions by both parts of the kernel, then its own part of each. A product a
        # direction would give a single row other last digits than a row among others.
        return [node("MatMul", ["states", "logits_w"], ["products"], name="logits"),
                node("Split", ["products"], ["by_first", "by_second"], axis=3),
                node("Gather", ["by_first", "ahead"], ["logits_ahead"], axis=1),
                node("Gather", ["by_second", "back"], ["logits_back"], axis=1),
                node("Add", ["logits_ahead", "logits_back"], ["summed"]),
                node("Squeeze", ["summed", "time_axis"], ["last"]),
                node("Add", ["last", "logits_b"], ["logits_by_time"]),
                node("Transpose", ["logits_by_time"], ["logits"], perm=[1, 0, 2])]
    below: List[Any] = []
    if arrays.projection is not None:
        below = [node("MatMul", [hidden, "projection_w"], ["product"], name="projection"),
                 node("Add", ["product", "projection_b"], ["projected"]),
                 *_activation(node, arrays.activation)]
        hidden = "representation"
    return [*below, node("MatMul", [hidden, "logits_w"], ["last"], name="logits"),
            node("Add", ["last", "logits_b"], ["logits"])]


def _bilstms(node: Any, arrays: StudentArrays, for_int8: bool) -> List[Any]:
    """Returns the nodes from "by_time" to "states" [time, 2, batch, units] of the top layer.

    With int8 and the pooling "last" they end in "final" [2, batch, units], its final states.
    """
    limits = ["lengths", "", "initial_c"] if for_int8 else []
    top = len(arrays.bilstms) - 1
    nodes, read = bilstm_padding.mark(node), "by_time"
    for layer, (forward, _) in enumerate(arrays.bilstms):
        end = _suffix(layer)
        states = [f"lower{end}"]
        if layer == top:
            states = ["", "final"] if for_int8 and arrays.pooling == "last" else ["states"]
        nodes.append(node("LSTM", [read, *(f"lstm_{part}{end}" for part in "wrb"), *limits], states,
                          name=f"bilstm{end}", direction="bidirectional",
                          hidden_size=forward[1].shape[0]))
        if layer < top:  # What the layer above reads, [time, batch, 2 * units].
            nodes += [node("Transpose", states, [f"turned{end}"], perm=[0, 2, 1, 3]),
                      node("Reshape", [f"turned{end}", "joined"], [f"joined{end}_states"])]
            read = f"joined{end}_states"
            if not for_int8:
                nodes.append(node("Concat", [read, "mark"], [f"marked{end}"], axis=2))
                read = f"marked{end}"
    return nodes


def _hidden(node: Any, pooling: Optional[str], for_int8: bool) -> List[Any]:
    """Returns the nodes from the LSTM to "hidden", which joins both directions."""
    if pooling == "last" and for_int8:  # The second output: final states of both directions.
        return [node("Transpose", ["final"], ["by_row"], perm=[1, 0, 2]),
                node("Reshape", ["by_row", "joined_row"], ["hidden"])]
    by_row = node("Transpose", ["states"], ["by_row"], perm=[2, 0, 1, 3])
    if pooling == "last":
        return [by_row, *bilstm_padding.final_states(node)]
    joined = [by_row, node("Reshape", ["by_row", "joined"], ["all" if pooling else "hidden"])]
    if pooling is None:
        return joined
    return [*joined,
            node("Unsqueeze", ["real", "last_axis"], ["real_units"]),
            node("Where", ["real_units", "all", "lowest"], ["candidates"]),
            node("ReduceMax", ["candidates"], ["hidden"], axes=[1], keepdims=0)]


def _used(nodes: List[Any]) -> List[Any]:
    """Returns the nodes that the logits depend on, in order."""
    wanted, kept = {"logits"}, []
    for one in reversed(nodes):
        if wanted & set(one.output):
            kept.append(one)
            wanted |= set(one.input)
    return kept[::-1]


def build_model(arrays: StudentArrays, *, for_int8: bool = False) -> Any:
    """Builds the BiLSTM student as an ONNX model.

    Args:
      arrays: weights of the student.
      for_int8: the model to quantize. Its activations have a fixed range, see `bilstm_int8`. Its
        LSTM takes the sequences' lengths, which ONNX Runtime respects; no other runtime reads the
        quantized LSTM.

    Returns:
      An onnx.ModelProto that maps int32 input_ids [batch, time], the student's ids padded on the
      right with 0, to float32 logits [batch, time, classes], or [batch, classes] if the student
      pools.

    Raises:
      UserError: if onnx is not installed.
    """
    onnx = import_onnx()
    node, tensor = onnx.helper.make_node, onnx.TensorProto
    units = arrays.forward[1].shape[0]
    bounds: List[Any] = []
    weights: Dict[str, np.ndarray] = {}
    siamese = arrays.pairs is not None and arrays.pairs.siamese
    joint = arrays.pairs is not None and not siamese
    if siamese:
        arrays = arrays.with_lowest(bilstm_pairs.halved)
    if for_int8:
        arrays = bilstm_int8.with_bounds(arrays)
        bounds, weights = bilstm_int8.bounds(node, arrays)
    else:
        arrays, weights = bilstm_padding.with_padding_mark(arrays), bilstm_padding.weights()
    weights.update(_weights(arrays))
    if arrays.pairs is not None:
        weights.update(bilstm_pairs.weights(arrays.pairs))
    rows = "texts" if siamese else "input_ids"
    nodes = [
        *(bilstm_pairs.split_nodes(node) if siamese else []),
        node("Gather", ["embedding", rows], ["words" if joint else "embedded"]),
        *(bilstm_pairs.joint_nodes(node) if joint else []),
        node("Cast", [rows], ["real"], to=tensor.BOOL),
        node("Cast", ["real"], ["counted"], to=tensor.INT32),
        node("ReduceSum", ["counted", "time_axis"], ["lengths"], keepdims=0),
        *bounds,
        node("Transpose", ["bounded" if for_int8 else "embedded"], ["by_time"], perm=[1, 0, 2]),
        *_bilstms(node, arrays, for_int8),
        *_hidden(node, arrays.pooling, for_int8),
        *(bilstm_pairs.interaction_nodes(node) if siamese else []),
        *_head(node, arrays, "pair" if siamese else "hidden"),
    ]
    nodes = _used(nodes)
    used = {name for one in nodes for name in one.input}
    graph = onnx.helper.make_graph(
        nodes, "student",
        [onnx.helper.make_tensor_value_info("input_ids", tensor.INT32, ["batch", "time"])],
        [onnx.helper.make_tensor_value_info(
            "logits", tensor.FLOAT,
            ["batch", *(["time"] if arrays.pooling is None else []), len(arrays.logits[1])])],
        [onnx.numpy_helper.from_array(array, name)
         for name, array in weights.items() if name in used],
    )
    model = onnx.helper.make_model(
        graph, producer_name="xtremedistil_tf",
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)])
    model.ir_version = _IR_VERSION
    onnx.helper.set_model_props(model, {UNITS: str(units)})
    onnx.checker.check_model(model)
    return model
