"""Loading a student in any runtime: Keras, SavedModel, ONNX or TFLite."""

import importlib.util
import logging
import pathlib
from typing import Optional, Sequence, Union

from xtremedistil_tf.environment import check_path
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.hub.folders import student_on_hub
from xtremedistil_tf.inference.assets import FORMAT_FOLDERS, made_elsewhere
from xtremedistil_tf.inference.runtimes.onnx import FLOAT_FILE, INT8_FILE
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.screen import quiet_libraries

log = logging.getLogger("absl")

# Points of the dev score that int8 may lose to be the default.
INT8_LOSS = 0.3
CHECK_FILE = "check.json"
RUNTIMES = ("keras", "savedmodel", "onnx", "onnx_int8", "onnx_float16", "tflite", "tflite_int8")


def runtime_of(folder: Union[str, pathlib.Path]) -> str:
    """Returns the runtime of a folder's own format; for a run folder, keras."""
    folder = pathlib.Path(folder)
    if (folder / "saved_model.pb").is_file():
        return "savedmodel"
    if (folder / FLOAT_FILE).is_file():
        return "onnx"
    if (folder / "model.tflite").is_file():
        return "tflite"
    return "keras"


def fastest_runtime(folder: Union[str, pathlib.Path]) -> str:
    """Returns the fastest runtime of a folder: for a run folder ONNX, where it can be used.

    int8 is taken if its loss was measured and is at most `INT8_LOSS` points of the dev score; a log
    line names the loss.
    """
    folder = pathlib.Path(folder)
    runtime = runtime_of(folder)
    onnx = folder if runtime == "onnx" else folder / FORMAT_FOLDERS["onnx"]
    usable = (runtime in ("keras", "onnx") and (onnx / FLOAT_FILE).is_file()
              and importlib.util.find_spec("onnxruntime") is not None
              and (onnx == folder or not made_elsewhere(onnx, folder / "student")))
    if not usable:
        return runtime
    lost = int8_loss(onnx)
    if lost is None or lost > INT8_LOSS or not (onnx / INT8_FILE).is_file():
        return "onnx"
    log.info("runtime: onnx_int8, whose dev score is %.2f points %s float32's (at most %.1f lower "
             "are taken; --runtime chooses another)", abs(lost), "below" if lost > 0 else "above",
             INT8_LOSS)
    return "onnx_int8"


def int8_loss(onnx: pathlib.Path) -> Optional[float]:
    """Returns the points that int8 loses on dev; None if that was not measured.

    Args:
      onnx: folder of an ONNX export.
    """
    path = onnx / CHECK_FILE
    found = read_json(path) if path.is_file() else {}
    float32, int8 = found.get("float32") or {}, found.get("int8") or {}
    losses = [float32[name] - int8[name] for name in int8
              if name.startswith("dev_") and name in float32]
    return max(losses) if losses else None


def load(
    folder: Union[str, pathlib.Path], runtime: Optional[str] = None, *, keep_whole: bool = False,
    verify: bool = True, onnx_providers: Sequence[str] = (),
) -> TextModel:
    """Loads a student; each runtime imports its own libraries only.

    Args:
      folder: a run folder, its `student`, `onnx` or `tflite` folder, or a version folder of
        `export`; or `user/name` or `user/name@revision` on the model hub, see `hub.folders`.
      runtime: one of RUNTIMES; by default the fastest of the folder, see `fastest_runtime`.
      keep_whole: split running text at white space only.
      verify: check the folder's files against its manifest. Older folders have none.
      onnx_providers: what computes an ONNX student: some of cpu, cuda, tensorrt, rocm, coreml,
        directml and openvino, the first that can run an operation runs it. Default: cpu.

    Returns:
      The student: a TextTagger, TextClassifier or TextAnswerer, depending on its kind of task.

    Raises:
      UserError: if the runtime is unknown, the folder lacks that export, the export was made
        from another student, or the hub does not have it.

    Example:
      tagger = xtremedistil_tf.load("runs/demo")
      tagger("Anna Keller visited the University of Alderton.")
      small = xtremedistil_tf.load("runs/demo/onnx", "onnx_int8")
      shared = xtremedistil_tf.load("user/name@main")
    """
    folder = student_on_hub(folder, runtime=runtime)
    if not log.isEnabledFor(logging.DEBUG):  # As the commands do without --verbose.
        quiet_libraries()
    runtime = runtime or fastest_runtime(folder)
    if runtime not in RUNTIMES:
        raise UserError(f"runtime is {runtime!r}; allowed: {', '.join(RUNTIMES)}")
    check_path(folder)
    form, _, precision = runtime.partition("_")
    precision = precision or "float32"
    if onnx_providers and form != "onnx":
        raise UserError(f"providers of ONNX ({', '.join(onnx_providers)}) are for ONNX students; "
                        f"the runtime is {runtime}")
    if form in FORMAT_FOLDERS and made_elsewhere(folder / FORMAT_FOLDERS[form], folder / "student"):
        raise UserError(f"{folder / FORMAT_FOLDERS[form]} was exported from another student than "
                        f"{folder / 'student'}; export this one with xtremedistil-export "
                        f"--forms={form}")
    if runtime == "keras":
        from xtremedistil_tf.inference.runtimes.keras import load_keras

        return load_keras(folder, keep_whole=keep_whole, verify=verify)
    if runtime == "savedmodel":
        from xtremedistil_tf.inference.runtimes.savedmodel import load_saved

        return load_saved(folder, keep_whole=keep_whole, verify=verify)
    if runtime.startswith("tflite"):
        from xtremedistil_tf.inference.runtimes.tflite import load_tflite

        return load_tflite(folder, precision=precision, keep_whole=keep_whole, verify=verify)
    from xtremedistil_tf.inference.runtimes.onnx import load_onnx

    return load_onnx(folder, precision=precision, keep_whole=keep_whole, verify=verify,
                     providers=onnx_providers)
