"""The TFLite runtime for taggers: one sequence at a time, as on a phone."""

import pathlib
import threading
import warnings
from typing import Any, Callable

import numpy as np

from xtremedistil_tf.compat import lite_interpreter
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.errors import UserError, first_line, is_out_of_memory
from xtremedistil_tf.inference.assets import (
    RECORD_FILE,
    form_path,
    labels_of,
    load_assets,
    student_path,
)
from xtremedistil_tf.inference.student_record import check_agreement, read_student_record
from xtremedistil_tf.inference.text_model import TextModel, text_model

FLOAT_FILE, INT8_FILE = "model.tflite", "model.int8.tflite"
# Lengths are rounded up to a multiple of this, since every new length allocates memory again.
_STEP = 16


def _interpreter() -> Any:
    """Returns the interpreter class of ai-edge-litert if installed, else that of TensorFlow."""
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
    """Returns advice for a folder without a TFLite model; not every student has this format."""
    student = student_path(folder)
    if (student / RECORD_FILE).is_file():
        record = read_student_record(student)
        settings, kind = StudentConfig(**record["student"]), labels_of(record).kind
        formats = settings.kind.export_formats(settings, kind)
        if "tflite" not in formats:
            return (f"a {settings.student} student for {kind} has no TFLite format; allowed: "
                    f"keras, {', '.join(formats)}")
    return "xtremedistil-export --forms=tflite writes it"


def _require_file(path: pathlib.Path) -> None:
    if not path.is_file():
        raise UserError(f"file not found: {path} ({_way_out(path.parent)})")


def lite_session(path: pathlib.Path) -> Callable[[np.ndarray], np.ndarray]:
    """Opens a TFLite student.

    Returns:
      A function from int32 ids [batch, time], padded with 0 on the right, to float32 logits
      [batch, time, classes].

    Raises:
      UserError: if the file is missing or damaged, or there is no interpreter.
    """
    _require_file(pathlib.Path(path))
    kind = _interpreter()
    try:
        with warnings.catch_warnings():
            # Newer TensorFlow versions recommend ai-edge-litert, which is optional here.
            warnings.filterwarnings("ignore", message="(?s).*tf.lite.Interpreter is deprecated")
            interpreter = kind(model_path=str(path))
        entry = interpreter.get_input_details()[0]["index"]
        result = interpreter.get_output_details()[0]["index"]
    except Exception as error:  # The exception depends on the kind of damage.
        if is_out_of_memory(error):
            raise
        raise UserError(f"{path} is not a TFLite model: {first_line(error)}") from None
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
        # The fused LSTM keeps its state between calls; every sequence starts from zero.
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


def load_tflite(
    folder: pathlib.Path, *, int8: bool = False, keep_whole: bool = False, verify: bool = True
) -> TextModel:
    """Loads the TFLite student.

    Args:
      folder: the `tflite` folder or the run folder.
      int8: load the int8 model, which is smaller.
      keep_whole: split running text at white space only.
      verify: check the files against the folder's manifest.

    Raises:
      UserError: if the TFLite student is missing or damaged.
    """
    folder = form_path(folder, "tflite", FLOAT_FILE)
    name, other = (INT8_FILE, FLOAT_FILE) if int8 else (FLOAT_FILE, INT8_FILE)
    _require_file(folder / name)
    assets = load_assets(folder, verify=verify, reads=(name,), skip=(other,))
    run = lite_session(folder / name)
    check_agreement(folder / name, run, len(assets.vocabulary), assets.labels.size)
    return text_model(assets, run, keep_whole=keep_whole)
