"""A student folder in, everything that production needs out: SavedModel, ONNX and TFLite."""

import importlib.util
import logging
import pathlib
from typing import Dict, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import require
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.export.common.check import report_check
from xtremedistil_tf.export.onnx.bilstm import export_onnx
from xtremedistil_tf.export.savedmodel.export import export_saved_model
from xtremedistil_tf.export.student_forms import student_forms
from xtremedistil_tf.export.tflite import export_tflite
from xtremedistil_tf.inference.runtimes.load import DEFAULT_FORMS
from xtremedistil_tf.inference.student_folder import load_student, student_path

log = logging.getLogger("absl")


def export_student(
    model_dir: pathlib.Path, forms: Sequence[str] = DEFAULT_FORMS, version: Optional[int] = None,
    keep_whole: bool = False, dev: Optional[Sequence[Example]] = None,
) -> Dict[str, pathlib.Path]:
    """Exports the student of a run folder into `export/<version>`, `onnx` and `tflite` beside it.

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
    built = student_forms(bundle)
    for form in forms:
        require(form in built.names,
                f"--forms has {form}, which a {bundle.settings.student} student of "
                f"{bundle.labels.kind} has not; allowed: {', '.join(built.names)}")
    made: Dict[str, pathlib.Path] = {}
    if "savedmodel" in forms:
        made["savedmodel"] = export_saved_model(
            built, bundle, folder.parent / "export", version, keep_whole)

    def logits(ids: np.ndarray) -> np.ndarray:
        own = bundle.student.model({"input_ids": ids}, training=False)["logits"].numpy()
        return own[:, 0] if bundle.labels.pooled else own

    if "onnx" in forms:
        made["onnx"] = folder.parent / "onnx"
        report_check("ONNX", export_onnx(built, logits, folder, made["onnx"], dev))
    if "tflite" in forms:
        made["tflite"] = folder.parent / "tflite"
        report_check("TFLite", export_tflite(
            built, logits, bundle, folder, made["tflite"], dev))
    return made


def available_forms() -> Tuple[str, ...]:
    """The default forms whose libraries are installed; says which are left out."""
    if importlib.util.find_spec("onnx") and importlib.util.find_spec("onnxruntime"):
        return DEFAULT_FORMS
    log.info("no ONNX export: install xtremedistil-tf[onnx], then xtremedistil-export")
    return ("savedmodel",)
