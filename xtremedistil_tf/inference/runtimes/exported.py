"""Loads the students of export formats that are model files: ONNX and TFLite."""

import dataclasses
import pathlib
from typing import Callable

import numpy as np

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.assets import RECORD_FILE, form_path, load_assets, student_path
from xtremedistil_tf.inference.student_record import (
    check_agreement,
    labels_of,
    read_student_record,
)
from xtremedistil_tf.inference.text_model import TextModel, text_model

# From int32 ids [batch, time] to float32 logits [batch, time, classes] or [batch, classes].
Session = Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class ModelFiles:
    """Model files of an export format.

    Attributes:
      form: name of the format, and of its folder in a run folder.
      float32, int8: names of the two models.
    """

    form: str
    float32: str
    int8: str

    def require(self, path: pathlib.Path) -> None:
        """Checks that a model exists.

        Raises:
          UserError: if it is missing. The message names the command that writes it, or the
            formats of a student that does not have this one.
        """
        path = pathlib.Path(path)
        if not path.is_file():
            raise UserError(f"file not found: {path} ({self._way_out(path.parent)})")

    def _way_out(self, folder: pathlib.Path) -> str:
        student = student_path(folder)
        if (student / RECORD_FILE).is_file():
            record = read_student_record(student)
            settings, kind = StudentConfig(**record["student"]), labels_of(record).kind
            formats = settings.kind.export_formats(settings, kind)
            if self.form not in formats:
                return (f"a {settings.student} student for {kind} has no format {self.form}; "
                        f"allowed: keras, {', '.join(formats)}")
        return f"xtremedistil-export --forms={self.form} writes it"


def load_exported(
    folder: pathlib.Path, files: ModelFiles, session: Callable[[pathlib.Path], Session], *,
    int8: bool = False, keep_whole: bool = False, verify: bool = True,
) -> TextModel:
    """Loads a student from a model file and the student's other files beside it.

    Args:
      folder: folder of the export format, or the run folder.
      files: the format and its files.
      session: opens a model file.
      int8: load the int8 model, which is smaller.
      keep_whole: split running text at white space only.
      verify: check the files against the folder's manifest.

    Raises:
      UserError: if the student is missing or damaged.
    """
    folder = form_path(folder, files.form, files.float32)
    name, other = (files.int8, files.float32) if int8 else (files.float32, files.int8)
    files.require(folder / name)
    assets = load_assets(folder, verify=verify, reads=(name,), skip=(other,))
    run = session(folder / name)
    check_agreement(folder / name, run, len(assets.vocabulary), assets.labels.size)
    return text_model(assets, run, keep_whole=keep_whole)
