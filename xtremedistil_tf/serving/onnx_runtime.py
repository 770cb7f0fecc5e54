"""Using a student with ONNX Runtime: imports neither TensorFlow nor transformers."""

import pathlib
from typing import Any, Callable

import numpy as np

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.serving.assets import form_path, load_assets
from xtremedistil_tf.serving.classifier import TextModel, text_model

FLOAT_FILE, INT8_FILE = "model.onnx", "model.int8.onnx"


def open_session(path: pathlib.Path) -> Any:
    """Opens an ONNX model as an `onnxruntime.InferenceSession` on the processor.

    Raises:
      UserError: if the file is missing or damaged, or onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise UserError(
            "ONNX students need onnxruntime; install xtremedistil-tf[onnx]"
        ) from None
    if not pathlib.Path(path).is_file():
        raise UserError(f"file not found: {path} (xtremedistil-export writes it)")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Threads that spin while they wait slow down all else in the process, the tokenizer first.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # The library has an exception for each kind of damage.
        raise UserError(f"{path} is not an ONNX model: {str(error).splitlines()[0]}") from None


def session(path: pathlib.Path) -> Callable[[np.ndarray], np.ndarray]:
    """Opens an ONNX student.

    Returns:
      A function from int32 ids [batch, time] to float32 logits [batch, time, classes], or
      [batch, classes] for texts.

    Raises:
      UserError: if the file is missing or damaged, or onnxruntime is not installed.
    """
    loaded = open_session(path)
    return lambda ids: loaded.run(["logits"], {"input_ids": ids})[0]


def load_onnx(folder: pathlib.Path, int8: bool = False, keep_whole: bool = False) -> TextModel:
    """Loads the `onnx` folder of a run, or the run folder around it.

    Args:
      folder: where the ONNX student is.
      int8: take the small and fast form.
      keep_whole: split running text at white space only.

    Raises:
      UserError: if there is no such student.
    """
    folder = form_path(folder, "onnx", FLOAT_FILE)
    run = session(folder / (INT8_FILE if int8 else FLOAT_FILE))
    return text_model(load_assets(folder), run, keep_whole)
