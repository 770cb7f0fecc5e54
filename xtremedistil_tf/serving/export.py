"""A student folder in, everything that production needs out: SavedModel and ONNX."""

import importlib.util
import logging
import pathlib
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.evaluation.measures import MEASURE_NAMES
from xtremedistil_tf.inputs.examples import Example
from xtremedistil_tf.serving.arrays import student_arrays
from xtremedistil_tf.serving.loading import EXPORT_FORMS
from xtremedistil_tf.serving.onnx_export import export_onnx
from xtremedistil_tf.serving.savedmodel import export_saved_model
from xtremedistil_tf.serving.student_folder import load_student, student_path

log = logging.getLogger("absl")

# Points of macro-F1 or accuracy that int8 may lose before we warn.
_INT8_LOSS = 0.3


def export_student(
    model_dir: pathlib.Path, forms: Sequence[str] = EXPORT_FORMS, version: Optional[int] = None,
    keep_whole: bool = False, dev: Optional[Sequence[Example]] = None,
) -> Dict[str, pathlib.Path]:
    """Exports the student of a run folder into `export/<version>` and `onnx` beside it.

    Args:
      model_dir: the run folder, or a student folder, whose exports then lie beside it.
      forms: some of EXPORT_FORMS.
      version: of the SavedModel; the next free one by default.
      keep_whole: whether the SavedModel's text signature splits at white space only.
      dev: labelled sentences or texts on which the loss through int8 is measured.

    Returns:
      The folder of each form.

    Raises:
      UserError: for a folder without a student, or a library that is missing.
    """
    folder = student_path(model_dir)
    bundle = load_student(folder)
    arrays = student_arrays(bundle.student, bundle.record["student"]["dense_act_func"],
                            bundle.pooling)
    made: Dict[str, pathlib.Path] = {}
    if "savedmodel" in forms:
        made["savedmodel"] = export_saved_model(
            arrays, bundle, folder.parent / "export", version, keep_whole)
    if "onnx" in forms:
        def logits(ids: np.ndarray) -> np.ndarray:
            own = bundle.student.model({"input_ids": ids}, training=False)["logits"].numpy()
            return own[:, 0] if bundle.labels.pooled else own

        target = folder.parent / "onnx"
        report_onnx(export_onnx(arrays, logits, folder, target, dev))
        made["onnx"] = target
    return made


def available_forms() -> Tuple[str, ...]:
    """The forms whose libraries are installed; says which are left out."""
    if importlib.util.find_spec("onnx") and importlib.util.find_spec("onnxruntime"):
        return EXPORT_FORMS
    log.info("no ONNX export: install xtremedistil-tf[onnx], then xtremedistil-export")
    return ("savedmodel",)


def report_onnx(record: Dict[str, Any]) -> None:
    """Tells sizes, error and, where it was measured, what int8 loses."""
    float32, int8 = record["float32"], record["int8"]
    log.info("ONNX: float32 %.2f MB, largest error %.1g; int8 %.2f MB", float32["bytes"] / 1e6,
             float32["error"], int8["bytes"] / 1e6)
    for key in (key for key in int8 if key.startswith("dev_")):
        lost = float32[key] - int8[key]
        level = logging.WARNING if lost > _INT8_LOSS else logging.INFO
        log.log(level, "ONNX int8 on dev: %s %.2f, float32 %.2f (%.2f lost)",
                MEASURE_NAMES[key[4:]], int8[key], float32[key], lost)
