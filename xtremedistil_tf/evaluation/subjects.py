"""The subjects of an evaluation: a student in a runtime, a teacher, or a file of predictions."""

import dataclasses
import pathlib
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Union

from xtremedistil_tf.config import DECODINGS, DataConfig
from xtremedistil_tf.data.folders.labelled import LABELS_FILE, seen_classes
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.hub.folders import student_on_hub
from xtremedistil_tf.inference.assets import (
    RECORD_FILE,
    form_path,
    given_name,
    labels_of,
    student_path,
)
from xtremedistil_tf.inference.runtimes.load import load, runtime_of
from xtremedistil_tf.inference.student_record import read_student_record
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.validation.run_files import has_teacher, read_teacher_record


@dataclasses.dataclass(frozen=True)
class Subject:
    """A model, or a file of predictions, to score.

    Attributes:
      name: name for tables and figures.
      labels: its label set.
      pairs: True if it reads pairs of texts.
      glue_task: the GLUE task that it was made for; None for other tasks.
      model: the model; None for a file of predictions.
      predictions: the file of predictions; None for a model.
    """

    name: str
    labels: Labels
    pairs: bool = False
    glue_task: Optional[str] = None
    model: Optional[TextModel] = None
    predictions: Optional[pathlib.Path] = None

    def predict(self, rows: Sequence[Any]) -> Tuple[List[Any], Optional[List[Any]]]:
        """Returns (answers, probabilities or None) of labelled rows, as deployed.

        Raises:
          UserError: for a file of predictions that cannot be read, or does not fit the rows.
        """
        if self.model is not None:
            return self.model.predict_scored(rows)
        judging = task_kind(self.labels.kind).judging
        if judging is None:
            raise UserError(f"{self.labels.kind} has no files of predictions that can be read; "
                            "allowed: its models")
        return judging.read_predictions(self.predictions, rows, self.labels)


def _teacher(folder: pathlib.Path, keep_whole: bool) -> Subject:
    record = read_teacher_record(folder)
    from xtremedistil_tf.inference.runtimes.teacher import load_teacher_model

    return Subject(f"{folder.name} ({record.get('name', 'teacher')})", labels_of(record),
                   bool(record.get("pairs")), None,
                   load_teacher_model(folder, keep_whole=keep_whole))


def subject_of_folder(
    folder: Union[str, pathlib.Path], runtime: Optional[str] = None, *, keep_whole: bool = False,
    verify: bool = True,
) -> Subject:
    """Loads a student in a runtime, or a fine-tuned teacher.

    Args:
      folder: a run folder, the folder of one of its exports, or a teacher's folder; as a string
        also a name on the model hub, see `hub.folders`.
      runtime, keep_whole, verify: see `inference.runtimes.load.load`.

    Raises:
      UserError: if the folder holds neither.
    """
    folder = student_on_hub(folder, runtime=runtime)
    if has_teacher(folder):
        if runtime is not None:
            raise UserError(f"{folder} holds a teacher, which has no runtime {runtime!r}; allowed: "
                            "none")
        return _teacher(folder, keep_whole)
    # Scores are those of the student itself, not of a rounded copy, unless a runtime is named.
    runtime = runtime or runtime_of(folder)
    model = load(folder, runtime, keep_whole=keep_whole, verify=verify)
    own = next((place for place in (student_path(folder), form_path(folder, "onnx", RECORD_FILE),
                                    form_path(folder, "tflite", RECORD_FILE))
                if (place / RECORD_FILE).is_file()), None)
    if own is None:
        raise UserError(f"{folder} does not say which labels its student has; give the run folder, "
                        "and runtime='savedmodel'")
    record = read_student_record(own)
    name = f"{given_name(folder)} ({runtime})"
    return Subject(name, labels_of(record), record.get("separator") is not None,
                   record.get("glue_task"), model)


def subject_of_predictions(
    path: pathlib.Path, data: pathlib.Path, settings: Mapping[str, Any],
    *, like: Optional[Subject] = None,
) -> Subject:
    """Returns the subject of a file of predictions.

    Args:
      path: the file.
      data: the labelled file or task folder. A labels.tsv in the folder names the labels.
      settings: settings of DataConfig that name the kind of task; not needed with `like`.
      like: a model on the same data; the predictions have its labels.

    Raises:
      UserError: if the file is missing, or nothing names the labels.
    """
    if not path.is_file():
        raise UserError(f"file not found: {path} (--predictions)")
    if like is not None:
        return Subject(path.name, like.labels, like.pairs, like.glue_task, None, path)
    folder = data if data.is_dir() else data.parent
    config = DataConfig(str(folder), **settings)
    kind = task_kind(config.kind)
    labelled = (folder / LABELS_FILE).is_file() or not data.is_file()
    labels = kind.read_labels(config, folder) if labelled or not kind.by_class \
        else seen_classes(data, config)
    return Subject(path.name, labels, config.do_pairwise, config.glue_task, None, path)


def subject_of_model(model: TextModel) -> Subject:
    """Returns the subject of a loaded student.

    Raises:
      UserError: if the student does not know its labels.
    """
    if not model.labels:
        raise UserError("this student does not know its labels; give the run folder instead, and "
                        "runtime='savedmodel'")
    labels = task_kind(model.kind).label_set(model.labels, DECODINGS[0])
    return Subject("student", labels, model.pairs, None, model)


def subject_of(
    student: Union[TextModel, str, pathlib.Path], runtime: Optional[str] = None
) -> Subject:
    """Returns the subject of a loaded student, of a folder, or of a name on the model hub.

    Raises:
      UserError: if the folder holds neither student nor teacher, or a loaded one is to have another
        runtime.
    """
    if isinstance(student, (str, pathlib.Path)):
        return subject_of_folder(student, runtime)
    if runtime is not None:
        raise UserError(f"runtime is {runtime!r}, and the student is loaded already; name its "
                        "folder, or give xtremedistil_tf.load the runtime")
    return subject_of_model(student)
