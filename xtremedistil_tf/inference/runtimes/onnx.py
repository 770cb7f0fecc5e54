"""The ONNX runtime: imports neither TensorFlow nor transformers."""

import functools
import pathlib
from typing import Any, List, Sequence

import numpy as np

from xtremedistil_tf.data.pipelines.length_batches import TOKENS_PER_BATCH
from xtremedistil_tf.errors import UserError, first_line, is_out_of_memory
from xtremedistil_tf.inference.runtimes.exported import ModelFiles, load_exported
from xtremedistil_tf.inference.streaming import cores, shares_cores
from xtremedistil_tf.inference.text_model import TextModel

FLOAT_FILE, INT8_FILE = "model.onnx", "model.int8.onnx"
FILES = ModelFiles("onnx", {"float32": FLOAT_FILE, "int8": INT8_FILE,
                            "float16": "model.float16.onnx"})
# Property of the model with the BiLSTM's units of each direction.
UNITS = "units"
# For one sequence and an LSTM of at most this width, one thread is faster: waking a second one
# takes longer than its share of the work (benchmarks/serving.py).
_NARROW = 256
# Python around the model takes a fifth of the time, and one thread at a time; more threads than
# this would wait for each other.
_MOST_THREADS = 4
# Positions of its batches: what they need stays in a core's cache (benchmarks/bulk.py).
_NARROW_BATCH = 1024
# ONNX Runtime's providers by their names here, and the package of each that PyPI has.
_CPU = "CPUExecutionProvider"
PROVIDERS = {"cpu": (_CPU, "onnxruntime"),
             "cuda": ("CUDAExecutionProvider", "onnxruntime-gpu"),
             "tensorrt": ("TensorrtExecutionProvider", "onnxruntime-gpu"),
             "rocm": ("ROCMExecutionProvider", "onnxruntime-rocm"),
             "coreml": ("CoreMLExecutionProvider", "onnxruntime"),
             "directml": ("DmlExecutionProvider", "onnxruntime-directml"),
             "openvino": ("OpenVINOExecutionProvider", "onnxruntime-openvino")}
# Providers of GPUs, for large models.
_GPU = ("cuda", "rocm")


def _installed() -> List[str]:
    import onnxruntime

    there = onnxruntime.get_available_providers()
    return [name for name, (provider, _) in PROVIDERS.items() if provider in there]


def gpu_providers() -> List[str]:
    """The providers of GPUs that the installed onnxruntime has; empty without any."""
    return [name for name in _installed() if name in _GPU]


def _chosen(providers: Sequence[str]) -> List[str]:
    """Returns ONNX Runtime's names of providers; the CPU is always the last.

    Raises:
      UserError: if a name is unknown, or the installed onnxruntime does not have it.
    """
    for name in providers:
        if name not in PROVIDERS:
            raise UserError(f"--onnx_providers has {name!r}; allowed: {', '.join(PROVIDERS)}")
        if name not in _installed():
            raise UserError(
                f"--onnx_providers has {name}, which the installed onnxruntime lacks (it has "
                f"{', '.join(_installed())}); install {PROVIDERS[name][1]} in its place")
    return list(dict.fromkeys([*(PROVIDERS[name][0] for name in providers), _CPU]))


def open_session(
    path: pathlib.Path, *, threads: int = 0, providers: Sequence[str] = ()
) -> Any:
    """Opens an ONNX model as an `onnxruntime.InferenceSession`.

    Args:
      path: the model.
      threads: number of threads of one operation; 0 for one a core.
      providers: some of PROVIDERS, the first that can run an operation runs it. Default: cpu.

    Raises:
      UserError: if the file is missing or damaged, onnxruntime is not installed, or a provider is
        missing or does not start.
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
    chosen = _chosen(providers)
    try:
        opened = onnxruntime.InferenceSession(str(path), options, providers=chosen)
    except Exception as error:  # The exception depends on the kind of damage.
        if is_out_of_memory(error):
            raise
        raise UserError(f"{path} is not an ONNX model: {first_line(error)}") from None
    # ONNX Runtime goes on without a provider whose libraries or device are missing.
    for name in providers:
        if PROVIDERS[name][0] not in opened.get_providers():
            raise UserError(f"--onnx_providers has {name}, which did not start: its device or its "
                            "libraries are missing")
    return opened


class Session:
    """An ONNX student's forward pass.

    Args:
      path: the model.
      providers: see `open_session`.

    Attributes:
      threads: number of threads that call it at once in bulk: for a narrow student one a core,
        since its matrices are too small to be shared out well.
      batch_tokens: number of positions of a batch in bulk.

    Raises:
      UserError: if the file is missing or damaged, or onnxruntime is not installed.
    """

    def __init__(self, path: pathlib.Path, *, providers: Sequence[str] = ()):
        self._wide = self._narrow = open_session(path, providers=providers)
        self.threads, self.batch_tokens = 1, TOKENS_PER_BATCH
        units = self._wide.get_modelmeta().custom_metadata_map.get(UNITS)
        if not providers and units and int(units) <= _NARROW:
            self._narrow = open_session(path, threads=1)
            self.threads, self.batch_tokens = min(cores(), _MOST_THREADS), _NARROW_BATCH

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """From int32 ids [batch, time] to float32 logits [batch, time or none, classes]."""
        chosen = self._narrow if len(ids) == 1 or shares_cores() else self._wide
        return chosen.run(["logits"], {"input_ids": ids})[0]


def load_onnx(
    folder: pathlib.Path, *, precision: str = "float32", keep_whole: bool = False,
    verify: bool = True, providers: Sequence[str] = (),
) -> TextModel:
    """Loads the ONNX student.

    Args:
      folder: the `onnx` folder or the run folder.
      precision: float32, int8, which is smaller and faster, or float16, which is for GPUs.
      keep_whole: split running text at white space only.
      verify: check the files against the folder's manifest.
      providers: see `open_session`.

    Raises:
      UserError: if the ONNX student is missing or damaged, or a provider is missing.
    """
    # Other providers than the CPU give some result for an id above the vocabulary.
    return load_exported(folder, FILES, functools.partial(Session, providers=providers),
                         precision=precision, keep_whole=keep_whole, verify=verify,
                         checked_by=Session if providers else None)
