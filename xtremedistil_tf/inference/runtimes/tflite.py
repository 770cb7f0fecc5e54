"""The TFLite runtime: one sequence at a time, as on a phone."""

import os
import pathlib
import subprocess
import sys
import threading
import warnings
from typing import Any

import numpy as np

from xtremedistil_tf.compat import lite_interpreter
from xtremedistil_tf.errors import UserError, first_line, is_out_of_memory
from xtremedistil_tf.inference.runtimes.exported import ModelFiles, Session, load_exported
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.validation.manifest import MANIFEST_FILE

FLOAT_FILE, INT8_FILE = "model.tflite", "model.int8.tflite"
FILES = ModelFiles("tflite", {"float32": FLOAT_FILE, "int8": INT8_FILE})
_ANEW = "xtremedistil-export --forms=tflite writes it anew"
# Seconds; most of them are for the start of TensorFlow on a busy machine.
_LONGEST_TRIAL = 120
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
                "TFLite students need ai-edge-litert or TensorFlow; install "
                "xtremedistil-tf[tflite]") from None
    return Interpreter


def lite_session(path: pathlib.Path) -> Session:
    """Opens a TFLite student.

    Returns:
      A function from int32 ids [batch, time], padded with 0 on the right, to float32 logits
      [batch, time, classes], or [batch, classes] if the student pools.

    Raises:
      UserError: if the file is missing or damaged, or there is no interpreter.
    """
    FILES.require(path)
    kind = _interpreter()
    try:
        with warnings.catch_warnings():
            # Newer TensorFlow versions recommend ai-edge-litert, which is optional here.
            warnings.filterwarnings("ignore", message="(?s).*tf.lite.Interpreter is deprecated")
            interpreter = kind(model_path=str(path))
        entry = interpreter.get_input_details()[0]["index"]
        output = interpreter.get_output_details()[0]
        result, pooled = output["index"], len(output["shape"]) == 2
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
        found = interpreter.get_tensor(result)[0]
        return found if pooled else found[: len(ids)]

    def run(ids: np.ndarray) -> np.ndarray:
        lengths = (ids > 0).sum(axis=1)
        with turn:
            rows = [run_row(row[:length]) for row, length in zip(ids, lengths)]
        if pooled:
            return np.stack(rows)
        logits = np.zeros([*ids.shape, rows[0].shape[-1]], np.float32)
        for position, row in enumerate(rows):
            logits[position, : len(row)] = row
        return logits

    return run


def try_model(path: str) -> None:
    """Opens a TFLite student and runs it on a short and a long sequence.

    Raises:
      UserError: if it is damaged. A damaged file may also end the process.
    """
    run = lite_session(pathlib.Path(path))
    for time in (2, 40):
        run(np.ones([1, time], np.int32))


def _try_apart(path: pathlib.Path) -> None:
    """Tries a model without checksum in a process of its own.

    TFLite checks neither a file's tables nor its operations, so a damaged file can end the process
    that opens it.

    Raises:
      UserError: if the other process dies or does not end.
    """
    program = f"from {__name__} import try_model; import sys; try_model(sys.argv[1])"
    try:
        result = subprocess.run([sys.executable, "-c", program, str(path)], check=False,
                                timeout=_LONGEST_TRIAL, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        ended = result.returncode
    except subprocess.TimeoutExpired:
        raise UserError(f"{path} is damaged: it does not run to its end; {_ANEW}") from None
    # A Python error has code 1; this process will meet the same error and tell it.
    if ended not in (0, 1):
        raise UserError(f"{path} is damaged: it ends the process that runs it (code {ended}); "
                        f"{_ANEW}")


def load_tflite(
    folder: pathlib.Path, *, precision: str = "float32", keep_whole: bool = False,
    verify: bool = True,
) -> TextModel:
    """Loads the TFLite student.

    Args:
      folder: the `tflite` folder or the run folder.
      precision: float32, or int8, which is smaller.
      keep_whole: split running text at white space only.
      verify: check the files against the folder's manifest.

    Raises:
      UserError: if the TFLite student is missing or damaged.
    """
    def opened(path: pathlib.Path) -> Session:
        if not (verify and (path.parent / MANIFEST_FILE).is_file()):
            _try_apart(path)
        return lite_session(path)

    return load_exported(folder, FILES, opened, precision=precision, keep_whole=keep_whole,
                         verify=verify)
