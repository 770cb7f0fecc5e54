"""The ONNX runtime: imports neither TensorFlow nor transformers."""

import pathlib
from typing import Any, Callable

import numpy as np

from xtremedistil_tf.errors import UserError, is_out_of_memory
from xtremedistil_tf.inference.runtimes.exported import ModelFiles, load_exported
from xtremedistil_tf.inference.text_model import TextModel

FLOAT_FILE, INT8_FILE = "model.onnx", "model.int8.onnx"
FILES = ModelFiles("onnx", FLOAT_FILE, INT8_FILE)
# Property of the model with the BiLSTM's units of each direction.
UNITS = "units"
# For one sequence and an LSTM of at most this width, one thread is faster: waking a second one
# takes longer than its share of the work (benchmarks/serving.py).
_NARROW = 256
# Providers of GPUs, for large models.
_GPU = ("CUDAExecutionProvider", "ROCMExecutionProvider")


def open_session(path: pathlib.Path, *, threads: int = 0, gpu: bool = False) -> Any:
    """Opens an ONNX model as an `onnxruntime.InferenceSession`.

    Args:
      path: the model.
      threads: number of threads of one operation; 0 for one a core.
      gpu: use a GPU if onnxruntime has one; False for the CPU.

    Raises:
      UserError: if the file is missing or damaged, or onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise UserError(
            "ONNX models need onnxruntime; install xtremedistil-tf[onnx]"
        ) from None
    FILES.require(path)
    # In addition to the variables of `environment`, in case onnxruntime was imported before them.
    getattr(onnxruntime, "disable_telemetry_events", lambda: None)()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # Errors are raised as exceptions anyway.
    options.intra_op_num_threads = threads
    # Spinning threads slow down the rest of the process, such as the tokenizer.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        there = onnxruntime.get_available_providers() if gpu else []
        return onnxruntime.InferenceSession(
            str(path), options, providers=[*(one for one in _GPU if one in there),
                                           "CPUExecutionProvider"])
    except Exception as error:  # The exception depends on the kind of damage.
        if is_out_of_memory(error):
            raise
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
    units = loaded.get_modelmeta().custom_metadata_map.get(UNITS)
    for_one = open_session(path, threads=1) if units and int(units) <= _NARROW else loaded

    def run(ids: np.ndarray) -> np.ndarray:
        return (for_one if len(ids) == 1 else loaded).run(["logits"], {"input_ids": ids})[0]

    return run


def load_onnx(
    folder: pathlib.Path, *, int8: bool = False, keep_whole: bool = False, verify: bool = True
) -> TextModel:
    """Loads the ONNX student.

    Args:
      folder: the `onnx` folder or the run folder.
      int8: load the int8 model, which is smaller and faster.
      keep_whole: split running text at white space only.
      verify: check the files against the folder's manifest.

    Raises:
      UserError: if the ONNX student is missing or damaged.
    """
    return load_exported(folder, FILES, session, int8=int8, keep_whole=keep_whole, verify=verify)
