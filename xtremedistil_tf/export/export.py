"""Exports a student folder as SavedModel, ONNX, TFLite and a checkpoint of transformers."""

import importlib.util
import logging
import pathlib
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import WRITTEN_FORMATS, StudentConfig, require
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.export.common.check import report_check
from xtremedistil_tf.export.huggingface.export import export_huggingface
from xtremedistil_tf.export.onnx.files import export_onnx
from xtremedistil_tf.export.savedmodel.export import export_saved_model
from xtremedistil_tf.export.student_forms import student_forms
from xtremedistil_tf.export.tflite import export_tflite
from xtremedistil_tf.export.triton.export import export_triton
from xtremedistil_tf.inference.assets import FORMAT_FOLDERS, RECORD_FILE, made_elsewhere
from xtremedistil_tf.inference.student_folder import load_student, student_path

log = logging.getLogger("absl")

# Default export formats. TFLite takes longer and is for phones.
_DEFAULT = ("savedmodel", "onnx")
# File of each export format that marks it as finished.
FILES = {"savedmodel": "export/1/saved_model.pb", "onnx": "onnx/model.onnx",
         "tflite": "tflite/model.tflite", "huggingface": "huggingface/model.safetensors"}


def _missing_library(form: str) -> Optional[str]:
    """Returns the package extra that an export format needs; None if it is installed."""
    there = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))
    return "xtremedistil-tf[onnx]" if form in ("onnx", "triton") and not there else None


def export_formats(
    settings: StudentConfig, task_kind: str, *, asked: Optional[Sequence[str]] = None
) -> Tuple[str, ...]:
    """Returns the export formats of a student; needs no trained student.

    Args:
      settings: the student's settings.
      task_kind: name of the kind of task.
      asked: some of WRITTEN_FORMATS. None means savedmodel and onnx, as far as the student has them
        and their libraries are installed; a log line names those left out.

    Raises:
      UserError: if the student does not have a format in `asked`, or its library is missing.
    """
    has = settings.kind.export_formats(settings, task_kind)
    has = (*has, "triton") if "onnx" in has else has
    if asked is not None:
        for form in asked:
            why = settings.kind.lacks(settings, task_kind, form)
            require(form in has, f"--forms has {form}, which a {settings.student} student of "
                                 f"{task_kind} has not{why and f' ({why})'}; allowed: "
                                 f"{', '.join(has)}")
            require(_missing_library(form) is None,
                    f"--forms has {form}, whose libraries are missing; install "
                    f"{_missing_library(form)}")
        return tuple(form for form in WRITTEN_FORMATS if form in asked)
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
    dev: Optional[Sequence[Example]] = None, onnx_float16: bool = False,
) -> Dict[str, pathlib.Path]:
    """Exports a student to `export/<version>`, `onnx`, `tflite` and `huggingface` beside it.

    Args:
      model_dir: the run folder or the student folder.
      forms: export formats; see `asked` of `export_formats`.
      version: version of the SavedModel; default: the next free one.
      keep_whole: the SavedModel's text signature splits at white space only.
      dev: labelled examples that measure the loss of int8.
      onnx_float16: the ONNX export has a float16 model for GPUs, too.

    Returns:
      The folder of each export format.

    Raises:
      UserError: if the folder holds no student, the student does not have a format, or a library
        is missing.
    """
    folder = student_path(model_dir)
    bundle = load_student(folder)
    forms = export_formats(bundle.settings, bundle.labels.kind, asked=forms)
    onnx = folder.parent / FORMAT_FOLDERS["onnx"]
    if "triton" in forms and (not (onnx / RECORD_FILE).is_file() or made_elsewhere(onnx, folder)):
        forms = tuple(form for form in WRITTEN_FORMATS if form in (*forms, "onnx"))
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
        report_check("ONNX", export_onnx(built, logits, folder, made["onnx"], dev=dev,
                                         float16=onnx_float16), bundle.labels.kind)
    if "tflite" in forms:
        made["tflite"] = folder.parent / "tflite"
        report_check("TFLite", export_tflite(
            built, logits, bundle, folder, folder=made["tflite"], dev=dev), bundle.labels.kind)
    if "huggingface" in forms:
        assert built.huggingface is not None, "`export_formats` has checked it"
        made["huggingface"] = folder.parent / FORMAT_FOLDERS["huggingface"]
        export_huggingface(built.huggingface, logits, bundle, folder, made["huggingface"])
    if "triton" in forms:
        made["triton"] = folder.parent / FORMAT_FOLDERS["triton"]
        export_triton(onnx, made["triton"])
    for form in WRITTEN_FORMATS:
        beside = folder.parent / FORMAT_FOLDERS[form]
        if form not in made and made_elsewhere(beside, folder):
            log.warning("%s was exported from another student than %s; export it again with "
                        "--forms=%s, or remove it", beside, folder, form)
    return made
