"""A student folder in, everything that production needs out: SavedModel, ONNX and TFLite."""

import importlib.util
import logging
import pathlib
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import EXPORT_FORMATS, StudentConfig, require
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.export.common.check import report_check
from xtremedistil_tf.export.onnx.bilstm import export_onnx
from xtremedistil_tf.export.savedmodel.export import export_saved_model
from xtremedistil_tf.export.student_forms import student_forms
from xtremedistil_tf.export.tflite import export_tflite
from xtremedistil_tf.inference.assets import FORMAT_FOLDERS, made_elsewhere
from xtremedistil_tf.inference.student_folder import load_student, student_path

log = logging.getLogger("absl")

# What is made if nothing is said; TFLite takes longer, and is for phones.
_DEFAULT = ("savedmodel", "onnx")
# The file of each format that tells that it is whole.
FILES = {"savedmodel": "export/1/saved_model.pb", "onnx": "onnx/model.onnx",
         "tflite": "tflite/model.tflite"}


def _missing_library(form: str) -> Optional[str]:
    """How to install what a format needs; None where that is installed."""
    there = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))
    return "xtremedistil-tf[onnx]" if form == "onnx" and not there else None


def export_formats(
    settings: StudentConfig, task_kind: str, *, asked: Optional[Sequence[str]] = None
) -> Tuple[str, ...]:
    """The formats that a student is exported in, known before it is trained.

    Args:
      settings: the student's.
      task_kind: kind of its task.
      asked: some of EXPORT_FORMATS; None for those of savedmodel and onnx that it has and whose
        libraries are installed. A log line names what is left out.

    Raises:
      UserError: for a format that is asked for and that it has not, or whose library is missing.
    """
    has = settings.kind.export_formats(settings, task_kind)
    if asked is not None:
        for form in asked:
            require(form in has, f"--forms has {form}, which a {settings.student} student of "
                                 f"{task_kind} has not; allowed: {', '.join(has)}")
            require(_missing_library(form) is None,
                    f"--forms has {form}, whose libraries are missing; install "
                    f"{_missing_library(form)}")
        return tuple(form for form in EXPORT_FORMATS if form in asked)
    made: List[str] = []
    for form in _DEFAULT:
        needed = _missing_library(form)
        if form not in has:
            log.info("no %s export: a %s student of %s has none", form, settings.student, task_kind)
        elif needed:
            log.info("no %s export: install %s, then xtremedistil-export", form, needed)
        else:
            made.append(form)
    return tuple(made)


def export_student(
    model_dir: pathlib.Path, *, forms: Optional[Sequence[str]] = None,
    version: Optional[int] = None, keep_whole: bool = False,
    dev: Optional[Sequence[Example]] = None,
) -> Dict[str, pathlib.Path]:
    """Exports the student of a run folder into `export/<version>`, `onnx` and `tflite` beside it.

    Args:
      model_dir: the run folder, or a student folder, whose exports then lie beside it.
      forms: see `asked` of `export_formats`.
      version: of the SavedModel; the next free one by default.
      keep_whole: whether the SavedModel's text signature splits at white space only.
      dev: labelled sentences or texts on which the loss through int8 is measured.

    Returns:
      The folder of each form.

    Raises:
      UserError: for a folder without a student, a format that it has not, or a library that is
        missing.
    """
    folder = student_path(model_dir)
    bundle = load_student(folder)
    forms = export_formats(bundle.settings, bundle.labels.kind, asked=forms)
    built = student_forms(bundle)
    made: Dict[str, pathlib.Path] = {}
    if "savedmodel" in forms:
        made["savedmodel"] = export_saved_model(
            built, bundle, folder.parent / "export", version=version, keep_whole=keep_whole)

    def logits(ids: np.ndarray) -> np.ndarray:
        own = bundle.student.model({"input_ids": ids}, training=False)["logits"].numpy()
        return own[:, 0] if bundle.labels.pooled else own

    if "onnx" in forms:
        made["onnx"] = folder.parent / "onnx"
        report_check("ONNX", export_onnx(built, logits, folder, made["onnx"], dev=dev),
                     bundle.labels.kind)
    if "tflite" in forms:
        made["tflite"] = folder.parent / "tflite"
        report_check("TFLite", export_tflite(
            built, logits, bundle, folder, folder=made["tflite"], dev=dev), bundle.labels.kind)
    for form in EXPORT_FORMATS:
        beside = folder.parent / FORMAT_FOLDERS[form]
        if form not in made and made_elsewhere(beside, folder):
            log.warning("%s was exported from another student than %s; export it again with "
                        "--forms=%s, or remove it", beside, folder, form)
    return made
