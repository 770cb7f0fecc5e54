"""Export as ONNX, node by node: float32, and int8 by dynamic quantisation.

No converter is involved: the ones there are turn the masked BiLSTM into loops or drop its lengths.
"""

import math
import pathlib
import shutil
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.examples import Example
from xtremedistil_tf.runs import atomic_folder
from xtremedistil_tf.serving.arrays import StudentArrays
from xtremedistil_tf.serving.assets import RECORD_FILE, TOKENIZER_FILE, VOCABULARY_FILE
from xtremedistil_tf.serving.check import check_equal, write_check
from xtremedistil_tf.serving.forms import Forms
from xtremedistil_tf.serving.onnx_runtime import FLOAT_FILE, INT8_FILE, UNITS, load_onnx, session

# Old enough for every runtime of the last years.
_OPSET, _IR_VERSION = 13, 8


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
    """Keras' gates (input, forget, cell, output) on the last axis in ONNX' order (i, o, f, c)."""
    i, f, c, o = np.split(array, 4, axis=-1)
    return np.concatenate([i, o, f, c], axis=-1)


def _weights(arrays: StudentArrays) -> Dict[str, np.ndarray]:
    """The initializers by name."""
    both = (arrays.forward, arrays.backward)
    weights = {
        "embedding": arrays.embedding,
        "lstm_w": np.stack([_gates(kernel).T for kernel, _, _ in both]),
        "lstm_r": np.stack([_gates(recurrent).T for _, recurrent, _ in both]),
        # ONNX adds a second bias, of the recurrent part.
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


def _activation(node: Any, name: str) -> List[Any]:
    """Nodes from "projected" to "representation"."""
    if name == "gelu":  # Exact, as in Keras.
        return [node("Div", ["projected", "root_two"], ["scaled"]),
                node("Erf", ["scaled"], ["erf"]),
                node("Add", ["erf", "one"], ["raised"]),
                node("Mul", ["projected", "raised"], ["doubled"]),
                node("Mul", ["doubled", "half"], ["representation"])]
    operation = {"linear": "Identity", "relu": "Relu", "tanh": "Tanh"}[name]
    return [node(operation, ["projected"], ["representation"])]


def _hidden(node: Any, pooling: Optional[str]) -> List[Any]:
    """Nodes from the LSTM to "hidden", both directions joined."""
    if pooling == "last":  # The operation's second output, at each row's own ends.
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


def build_model(arrays: StudentArrays) -> Any:
    """The BiLSTM student as an ONNX model.

    Args:
      arrays: the student.

    Returns:
      An onnx.ModelProto: int32 input_ids [batch, time], the student's ids padded on the right with
      0, to float32 logits [batch, time, classes], or [batch, classes] where the student pools.

    Raises:
      UserError: if onnx is not installed.
    """
    onnx = import_onnx()
    node, tensor = onnx.helper.make_node, onnx.TensorProto
    nodes = [
        node("Gather", ["embedding", "input_ids"], ["embedded"]),
        node("Transpose", ["embedded"], ["by_time"], perm=[1, 0, 2]),
        node("Cast", ["input_ids"], ["real"], to=tensor.BOOL),
        node("Cast", ["real"], ["counted"], to=tensor.INT32),
        node("ReduceSum", ["counted", "time_axis"], ["lengths"], keepdims=0),
        node("LSTM", ["by_time", "lstm_w", "lstm_r", "lstm_b", "lengths"],
             ["", "final"] if arrays.pooling == "last" else ["states"],
             name="bilstm", direction="bidirectional",
             hidden_size=arrays.forward[1].shape[0]),
        *_hidden(node, arrays.pooling),
        node("MatMul", ["hidden", "projection_w"], ["product"], name="projection"),
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
            ["batch", *["time"] * (arrays.pooling is None), len(arrays.logits[1])])],
        [onnx.numpy_helper.from_array(array, name)
         for name, array in _weights(arrays).items() if name in used],
    )
    model = onnx.helper.make_model(
        graph, producer_name="xtremedistil_tf",
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)])
    model.ir_version = _IR_VERSION
    onnx.helper.set_model_props(model, {UNITS: str(arrays.forward[1].shape[0])})
    onnx.checker.check_model(model)
    return model


def quantize(source: pathlib.Path, target: pathlib.Path) -> None:
    """Stores weights and embedding as int8; activations are quantised while it runs.

    A node named "logits" keeps its weights.
    """
    import logging

    from onnxruntime.quantization import QuantType, quantize_dynamic

    # It advises, on the root logger, a pre-processing that is of no use to this graph.
    logging.disable(logging.WARNING)
    try:
        # The classes' own layer is tiny and decides: it stays as it is. Seven bits, since eight
        # overflow in the sums of processors without VNNI.
        quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True,
                         reduce_range=True, nodes_to_exclude=["logits"])
    finally:
        logging.disable(logging.NOTSET)


def export_onnx(
    forms: Forms, logits: Any, student_folder: pathlib.Path, folder: pathlib.Path,
    dev: Optional[Sequence[Example]] = None,
) -> Dict[str, Any]:
    """Writes a folder that tags text without TensorFlow, and checks it.

    Args:
      forms: of the student, ONNX among them.
      logits: the Keras student's forward pass, int32 [batch, time] to float32 logits.
      student_folder: tokenizer, vocabulary and record are copied from here.
      folder: e.g. onnx; replaced as a whole.
      dev: labelled sentences or texts on which the loss through int8 is measured; left out if None.

    Returns:
      What is written to check.json, see `check.write_check`.

    Raises:
      UserError: if onnx or onnxruntime is not installed.
    """
    assert forms.onnx is not None, "who calls this has asked for it"
    onnx = import_onnx()
    with atomic_folder(folder) as temporary:
        onnx.save(forms.onnx(), temporary / FLOAT_FILE)
        quantize(temporary / FLOAT_FILE, temporary / INT8_FILE)
        for name in (RECORD_FILE, VOCABULARY_FILE, TOKENIZER_FILE):
            shutil.copy(pathlib.Path(student_folder) / name, temporary / name)
        error = check_equal(
            FLOAT_FILE, session(temporary / FLOAT_FILE), logits, forms.vocabulary, forms.longest)
        return write_check(temporary, {"float32": FLOAT_FILE, "int8": INT8_FILE}, error,
                           lambda form: load_onnx(temporary, form == "int8"), dev)
