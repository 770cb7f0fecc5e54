"""Loads the students of export formats that are model files: ONNX and TFLite."""

import dataclasses
import pathlib
from typing import Callable, Mapping, Optional

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
      names: names of the models by their precision: float32, int8 and perhaps float16.
    """

    form: str
    names: Mapping[str, str]

    def require(self, path: pathlib.Path) -> None:
        """Checks that a model exists.

        Raises:
          UserError: if it is missing. The message names the command that writes it, or the
            formats of a student that does not have this one.
        """
        path = pathlib.Path(path)
        if not path.is_file():
            raise UserError(f"file not found: {path} ({self._way_out(path)})")

    def _way_out(self, path: pathlib.Path) -> str:
        student = student_path(path.parent)
        if (student / RECORD_FILE).is_file():
            record = read_student_record(student)
            settings, kind = StudentConfig(**record["student"]), labels_of(record).kind
            formats = settings.kind.export_formats(settings, kind)
            if self.form not in formats:
                return (f"a {settings.student} student for {kind} has no format {self.form}; "
                        f"allowed: keras, {', '.join(formats)}")
        more = " --onnx_float16" if path.name == self.names.get("float16") else ""
        return f"xtremedistil-export --forms={self.form}{more} writes it"


def load_exported(
    folder: pathlib.Path, files: ModelFiles, session: Callable[[pathlib.Path], Session], *,
    precision: str = "float32", keep_whole: bool = False, verify: bool = True,
    checked_by: Optional[Callable[[pathlib.Path], Session]] = None,
) -> TextModel:
    """Loads a student from a model file and the student's other files beside it.

    Args:
      folder: folder of the export format, or the run folder.
      files: the format and its files.
      session: opens a model file.
      precision: the model to load, one of `files.names`.
      keep_whole: split running text at white space only.
      verify: check the files against the folder's manifest.
      checked_by: opens the model for the check that it belongs to the files beside it; default:
        `session`. It must refuse ids above the vocabulary.

    Raises:
      UserError: if the student is missing or damaged.
    """
    folder = form_path(folder, files.form, files.names["float32"])
    name = files.names[precision]
    files.require(folder / name)
    assets = load_assets(folder, verify=verify, reads=(name,),
                         skip=[other for other in files.names.values() if other != name])
    run = session(folder / name)
    check_agreement(folder / name, checked_by(folder / name) if checked_by else run,
                    len(assets.vocabulary), assets.labels.size)
    return text_model(assets, run, keep_whole=keep_whole)
