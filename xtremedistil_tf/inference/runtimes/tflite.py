"""Tagging with TensorFlow Lite, one row at a time as on a phone."""

import pathlib
import threading
import warnings
from typing import Any, Callable

import numpy as np

from xtremedistil_tf.compat import lite_interpreter
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.assets import RECORD_FILE, form_path, load_assets, student_path
from xtremedistil_tf.inference.text_model import TextModel, text_model
from xtremedistil_tf.runs import read_json
from xtremedistil_tf.tasks import task_kind_of

FLOAT_FILE, INT8_FILE = "model.tflite", "model.int8.tflite"
# Rows are filled up to a multiple of this: memory is laid out anew for every new length.
_STEP = 16


def _interpreter() -> Any:
    """The interpreter's class: the small package's if it is installed, else TensorFlow's."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        try:
            return lite_interpreter()
        except ImportError:
            raise UserError(
                "TFLite students need ai-edge-litert or TensorFlow; install one of them") from None
    return Interpreter


def _way_out(folder: pathlib.Path) -> str:
    """What is told of a folder without a TFLite model; a student for texts has no such form."""
    record = student_path(folder) / RECORD_FILE
    kind = task_kind_of(read_json(record) if record.is_file() else {})
    return ("xtremedistil-export --forms=tflite writes it" if kind.tags_words else
            f"students for {kind.kind} have no TFLite format; another runtime opens them: keras, "
            "onnx")


def lite_session(path: pathlib.Path) -> Callable[[np.ndarray], np.ndarray]:
    """Opens a TFLite student.

    Returns:
      A function from int32 ids [batch, time], padded with 0 on the right, to float32 logits
      [batch, time, classes].

    Raises:
      UserError: if the file is missing or damaged, or there is no interpreter.
    """
    if not pathlib.Path(path).is_file():
        raise UserError(f"file not found: {path} ({_way_out(pathlib.Path(path).parent)})")
    kind = _interpreter()
    try:
        with warnings.catch_warnings():
            # Newer TensorFlow advises the small package, which nobody needs to have.
            warnings.filterwarnings("ignore", message="(?s).*tf.lite.Interpreter is deprecated")
            interpreter = kind(model_path=str(path))
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"{path} is not a TFLite model: {str(error).splitlines()[0]}") from None
    entry = interpreter.get_input_details()[0]["index"]
    result = interpreter.get_output_details()[0]["index"]
    laid_out, turn = 0, threading.Lock()  # An interpreter has one set of tensors.

    def run_row(ids: np.ndarray) -> np.ndarray:
        nonlocal laid_out
        time = -(-len(ids) // _STEP) * _STEP
        if time != laid_out:
            interpreter.resize_tensor_input(entry, [1, time], strict=True)
            interpreter.allocate_tensors()
            laid_out = time
        row = np.zeros([1, time], np.int32)
        row[0, : len(ids)] = ids
        # The fused LSTM keeps its state from one call to the next: a row starts from nothing.
        interpreter.reset_all_variables()
        interpreter.set_tensor(entry, row)
        interpreter.invoke()
        return interpreter.get_tensor(result)[0, : len(ids)]

    def run(ids: np.ndarray) -> np.ndarray:
        lengths = (ids > 0).sum(axis=1)
        with turn:
            rows = [run_row(row[:length]) for row, length in zip(ids, lengths)]
        logits = np.zeros([*ids.shape, rows[0].shape[-1]], np.float32)
        for position, row in enumerate(rows):
            logits[position, : len(row)] = row
        return logits

    return run


def load_tflite(folder: pathlib.Path, int8: bool = False, keep_whole: bool = False) -> TextModel:
    """Loads the `tflite` folder of a run, or the run folder around it.

    Args:
      folder: where the TFLite student is.
      int8: take the small form.
      keep_whole: split running text at white space only.

    Raises:
      UserError: if there is no such student.
    """
    folder = form_path(folder, "tflite", FLOAT_FILE)
    run = lite_session(folder / (INT8_FILE if int8 else FLOAT_FILE))
    return text_model(load_assets(folder), run, keep_whole)
