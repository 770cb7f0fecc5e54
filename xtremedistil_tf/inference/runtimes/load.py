"""Loading a student in any runtime: Keras, SavedModel, ONNX or TFLite."""

import pathlib
from typing import Optional, Union

from xtremedistil_tf.environment import check_path
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.assets import FORMAT_FOLDERS, made_elsewhere
from xtremedistil_tf.inference.text_model import TextModel

RUNTIMES = ("keras", "savedmodel", "onnx", "onnx_int8", "tflite", "tflite_int8")


def runtime_of(folder: Union[str, pathlib.Path]) -> str:
    """Returns the default runtime of a folder; for a run folder, keras."""
    folder = pathlib.Path(folder)
    if (folder / "saved_model.pb").is_file():
        return "savedmodel"
    if (folder / "model.onnx").is_file():
        return "onnx"
    if (folder / "model.tflite").is_file():
        return "tflite"
    return "keras"


def load(
    folder: Union[str, pathlib.Path], runtime: Optional[str] = None, *, keep_whole: bool = False,
    verify: bool = True,
) -> TextModel:
    """Loads a student; each runtime imports its own libraries only.

    Args:
      folder: a run folder, its `student`, `onnx` or `tflite` folder, or a version folder of
        `export`.
      runtime: one of RUNTIMES; default: that of the folder, keras for a run folder.
      keep_whole: split running text at white space only.
      verify: check the folder's files against its manifest. Older folders have none.

    Returns:
      The student: a TextTagger, TextClassifier or TextAnswerer, depending on its kind of task.

    Raises:
      UserError: if the runtime is unknown, the folder lacks that export, or the export was made
        from another student.

    Example:
      tagger = xtremedistil_tf.load("runs/demo")
      tagger("Anna Keller visited the University of Alderton.")
      small = xtremedistil_tf.load("runs/demo/onnx", "onnx_int8")
    """
    folder = pathlib.Path(folder)
    runtime = runtime or runtime_of(folder)
    if runtime not in RUNTIMES:
        raise UserError(f"runtime is {runtime!r}; allowed: {', '.join(RUNTIMES)}")
    check_path(folder)
    form = runtime.split("_")[0]
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

        return load_tflite(folder, int8=runtime == "tflite_int8", keep_whole=keep_whole,
                           verify=verify)
    from xtremedistil_tf.inference.runtimes.onnx import load_onnx

    return load_onnx(folder, int8=runtime == "onnx_int8", keep_whole=keep_whole, verify=verify)
