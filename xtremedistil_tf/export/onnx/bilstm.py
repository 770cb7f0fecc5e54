"""Export as ONNX, node by node: float32, and int8 by dynamic quantization.

It uses no converter, since converters turn the masked BiLSTM into loops or lose its lengths.
"""

import dataclasses
import math
import pathlib
import shutil
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.common.arrays import Lstm, StudentArrays
from xtremedistil_tf.export.common.check import check_equal, write_check
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.export.onnx import bilstm_pairs
from xtremedistil_tf.inference.assets import RECORD_FILE, TOKENIZER_FILE, VOCABULARY_FILE
from xtremedistil_tf.inference.runtimes.onnx import FLOAT_FILE, INT8_FILE, UNITS, load_onnx, session
from xtremedistil_tf.runs import atomic_folder
from xtremedistil_tf.validation.manifest import write_manifest

# Old versions, so that every runtime of recent years reads the models.
_OPSET, _IR_VERSION = 13, 8
# Sigmoid and tanh of this value are 1 in float32.
_SATURATED = 20.0


def import_onnx() -> Any:
    """The onnx module.

    Raises:
      UserError: if it or onnxruntime is not installed.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401  The export is checked by running it.
    except ImportError as error:
        raise UserError(
            f"the ONNX export needs {error.name}; install xtremedistil-tf[onnx]"
        ) from None
    return onnx


def _gates(array: np.ndarray) -> np.ndarray:
    """Reorders gates on the last axis from Keras (i, f, c, o) to ONNX (i, o, f, c)."""
    i, f, c, o = np.split(array, 4, axis=-1)
    return np.concatenate([i, o, f, c], axis=-1)


def _weights(arrays: StudentArrays) -> Dict[str, np.ndarray]:
    """Returns the initializers by name."""
    both = (arrays.forward, arrays.backward)
    weights = {
        "embedding": arrays.embedding,
        "lstm_w": np.stack([_gates(kernel).T for kernel, _, _ in both]),
        "lstm_r": np.stack([_gates(recurrent).T for _, recurrent, _ in both]),
        # ONNX has a second bias for the recurrent part; it is 0.
        "lstm_b": np.stack(
            [np.concatenate([_gates(bias), np.zeros_like(bias)]) for _, _, bias in both]),
        "projection_w": arrays.projection[0], "projection_b": arrays.projection[1],
        "logits_w": arrays.logits[0], "logits_b": arrays.logits[1],
        "root_two": np.float32(math.sqrt(2.0)), "one": np.float32(1.0), "half": np.float32(0.5),
        "time_axis": np.array([1], np.int64),
        "joined": np.array([0, 0, -1], np.int64), "joined_row": np.array([0, -1], np.int64),
        "last_axis": np.array([2], np.int64), "lowest": np.finfo(np.float32).min,
    }
    return {name: np.ascontiguousarray(array) for name, array in weights.items()}


def _with_bounds(arrays: StudentArrays) -> StudentArrays:
    """Adds two units to each direction; `_bounds` starts their states at -1 and 1.

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
        return (np.pad(two_more(kernel), [(1, 1), (0, 0)]),
                np.pad(two_more(recurrent), [(0, 2), (0, 0)]), wide.reshape(-1))

    kernel, bias = arrays.projection
    # One block of rows a direction: two blocks, or eight for siamese pairs.
    halves = [np.pad(half, [(0, 2), (0, 0)])
              for half in np.split(kernel, len(kernel) // len(arrays.forward[1]))]
    return dataclasses.replace(
        arrays, forward=unit(arrays.forward), backward=unit(arrays.backward),
        projection=(np.concatenate(halves), bias))


def _bounds(node: Any, arrays: StudentArrays) -> Tuple[List[Any], Dict[str, np.ndarray]]:
    """Returns nodes and weights that fix the range of quantized values in every batch.

    Dynamic quantization derives scale and zero point from the smallest and largest value of a whole
    batch. So a sequence's logits would depend on the other sequences of the batch. To prevent this,
    words get two more features, the bounds of the embedding, and the LSTM gets two more units, see
    `_with_bounds`.

    Args:
      node: `onnx.helper.make_node`.
      arrays: weights after `_with_bounds`.
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


def _hidden(node: Any, pooling: Optional[str]) -> List[Any]:
    """Returns the nodes from the LSTM to "hidden", which joins both directions."""
    if pooling == "last":  # The second output: final states of both directions.
        return [node("Transpose", ["final"], ["by_row"], perm=[1, 0, 2]),
                node("Reshape", ["by_row", "joined_row"], ["hidden"])]
    joined = [node("Transpose", ["states"], ["by_row"], perm=[2, 0, 1, 3]),
              node("Reshape", ["by_row", "joined"], ["all" if pooling else "hidden"])]
    if pooling is None:
        return joined
    return [*joined,
            node("Unsqueeze", ["real", "last_axis"], ["real_units"]),
            node("Where", ["real_units", "all", "lowest"], ["candidates"]),
            node("ReduceMax", ["candidates"], ["hidden"], axes=[1], keepdims=0)]


def build_model(arrays: StudentArrays, *, for_int8: bool = False) -> Any:
    """Builds the BiLSTM student as an ONNX model.

    Args:
      arrays: weights of the student.
      for_int8: add the nodes that fix the range of activations; see `_bounds`.

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
        kernel, bias = arrays.projection
        arrays = dataclasses.replace(arrays, projection=(bilstm_pairs.halved(kernel), bias))
    if for_int8:
        arrays = _with_bounds(arrays)
        bounds, weights = _bounds(node, arrays)
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
        node("LSTM", ["by_time", "lstm_w", "lstm_r", "lstm_b", "lengths",
                      *(["", "initial_c"] if for_int8 else [])],
             ["", "final"] if arrays.pooling == "last" else ["states"],
             name="bilstm", direction="bidirectional",
             hidden_size=arrays.forward[1].shape[0]),
        *_hidden(node, arrays.pooling),
        *(bilstm_pairs.interaction_nodes(node) if siamese else []),
        node("MatMul", ["pair" if siamese else "hidden", "projection_w"], ["product"],
             name="projection"),
        node("Add", ["product", "projection_b"], ["projected"]),
        *_activation(node, arrays.activation),
        node("MatMul", ["representation", "logits_w"], ["last"], name="logits"),
        node("Add", ["last", "logits_b"], ["logits"]),
    ]
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


def write_models(
    model: Any, for_int8: Any, float_path: pathlib.Path, int8_path: pathlib.Path
) -> None:
    """Writes a model in float32 and in int8.

    Weights and embedding are stored as int8; activations are quantized at run time. The node
    "logits" keeps float32 weights.

    Args:
      model: an onnx.ModelProto.
      for_int8: the onnx.ModelProto to quantize; it may equal `model`.
      float_path, int8_path: the two files.
    """
    import logging

    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    onnx.save(model, float_path)
    # quantize_dynamic recommends a pre-processing on the root logger, which this graph does not
    # need.
    logging.disable(logging.WARNING)
    try:
        # The logits layer is tiny and matters most, so it stays float32. reduce_range: seven bits,
        # since eight overflow in sums on processors without VNNI.
        quantize_dynamic(for_int8, int8_path, weight_type=QuantType.QInt8, per_channel=True,
                         reduce_range=True, nodes_to_exclude=["logits"])
    finally:
        logging.disable(logging.NOTSET)


def export_onnx(
    forms: Forms, logits: Any, student_folder: pathlib.Path, folder: pathlib.Path,
    *, dev: Optional[Sequence[Example]] = None,
) -> Dict[str, Any]:
    """Writes a folder that needs no TensorFlow, and checks it.

    Args:
      forms: export builders of the student, with ONNX.
      logits: forward pass of the Keras student, int32 [batch, time] to float32 logits.
      student_folder: source of tokenizer, vocabulary and record.
      folder: target folder, such as onnx. It is replaced as a whole.
      dev: labelled examples that measure the loss of int8; None skips this.

    Returns:
      The contents of check.json; see `check.write_check`.

    Raises:
      UserError: if onnx or onnxruntime is not installed.
    """
    assert forms.onnx is not None, "the caller checks export_formats"
    import_onnx()
    with atomic_folder(folder) as temporary:
        write_models(forms.onnx(), (forms.onnx_for_int8 or forms.onnx)(),
                     temporary / FLOAT_FILE, temporary / INT8_FILE)
        for name in (RECORD_FILE, VOCABULARY_FILE, TOKENIZER_FILE):
            shutil.copy(pathlib.Path(student_folder) / name, temporary / name)
        error = check_equal(
            FLOAT_FILE, session(temporary / FLOAT_FILE), logits, size=forms.vocabulary,
            seq_len_limit=forms.seq_len_limit, separator=forms.separator)
        record = write_check(temporary, {"float32": FLOAT_FILE, "int8": INT8_FILE}, error,
                             lambda form: load_onnx(temporary, int8=form == "int8"), dev)
        write_manifest(temporary)
    return record
