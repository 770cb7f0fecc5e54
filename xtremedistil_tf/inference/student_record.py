"""Checks of student.json and of the agreement of a folder's files; imports no TensorFlow."""

import pathlib
from typing import Any, Callable, Dict

import numpy as np

from xtremedistil_tf.config import DECODINGS, SquadConfig, StudentConfig
from xtremedistil_tf.data.labels import Labels, label_set
from xtremedistil_tf.data.words import SEGMENTATIONS
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind_of
from xtremedistil_tf.validation.arrays import weight_shapes
from xtremedistil_tf.validation.records import Field, read_record, settings_of

RECORD_FILE = "student.json"
LABELS_FILE = "labels.tsv"
# Folders that tell a run which has begun.
_BEGUN = ("teacher_training", "targets", "stages")
# Far above every size of a real student.
_MOST_SIZE = 1 << 20
_FIELDS = {
    "student": Field(dict), "width": Field(int, least=1, most=_MOST_SIZE),
    "tags": Field(list, least=1, most=1 << 16, each=Field(str, least=1, most=1000)),
    "seq_len": Field(int, least=3, most=_MOST_SIZE),
    # Older folders name no kind and no decoding.
    "kind": Field(str, needed=False),
    "decoding": Field(str, needed=False, allowed=DECODINGS),
    "segmentation": Field(str, needed=False, allowed=SEGMENTATIONS),
    "separator": Field(int, needed=False, least=0), "squad": Field(dict, needed=False),
    "temperature": Field(float, needed=False, least=1e-3, most=1e3),
    "thresholds": Field(list, needed=False, each=Field(float, least=0, most=1)),
    "transitions": Field(list, needed=False, each=Field(
        list, each=Field(float, least=-1e6, most=1e6))),
    "glue_task": Field(str, needed=False), "strategy": Field(str, needed=False),
    "version": Field(str, needed=False),
}


def labels_of(record: Dict[str, Any]) -> Labels:
    """Returns the label set of a student's or teacher's record."""
    return label_set(task_kind_of(record).kind, record["tags"],
                     record.get("decoding") or DECODINGS[0]).adjusted(record)


def read_student_record(folder: pathlib.Path) -> Dict[str, Any]:
    """Reads student.json.

    Raises:
      UserError: if it is missing or has a value that no student can have.
    """
    path = pathlib.Path(folder) / RECORD_FILE
    if not path.is_file():
        begun = any((pathlib.Path(folder) / name).is_dir() for name in _BEGUN)
        raise UserError(f"{folder} holds no student ({RECORD_FILE} is missing)" + (
            "; its run is not finished, start its command again" if begun else ""))
    record = read_record(path, _FIELDS)
    settings_of(path, "student", StudentConfig, record["student"], most=_MOST_SIZE)
    if record.get("squad") is not None:
        settings_of(path, "squad", SquadConfig, record["squad"], most=_MOST_SIZE)
    try:
        labels_of(record)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    return record


def check_labels_file(folder: pathlib.Path, record: Dict[str, Any]) -> None:
    """Refuses a labels.tsv that names other labels than student.json.

    Raises:
      UserError: if the labels differ. The message names both files.
    """
    path = pathlib.Path(folder) / LABELS_FILE
    if not path.is_file():
        return
    try:
        # Only a line feed ends a line: a class may contain other line separators.
        lines = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").split("\n")
        found = [line for line in lines if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if found != list(record["tags"]):
        raise UserError(f"{path} has the labels {', '.join(found):.80}; {RECORD_FILE} has "
                        f"{', '.join(record['tags']):.80}; both were written with the same")


def check_weights(path: pathlib.Path, record: Dict[str, Any], rows: int) -> None:
    """Checks the sizes in student.json against the weights' header, before building a model.

    Args:
      path: the weights.
      record: record of the student.
      rows: rows of its vocabulary.

    Raises:
      UserError: if the weights belong to another student or vocabulary.
    """
    shapes = weight_shapes(path)
    sizes = {size for shape in shapes.values() for size in shape}
    student = StudentConfig(**record["student"])
    claimed = {"width": record["width"], "the vocabulary's rows": rows}
    for name, times in student.kind.dimensions.items():
        claimed[name] = times * getattr(student, name)
    for name, size in claimed.items():
        if size not in sizes:
            raise UserError(f"{path} belongs to another student: no array in it has the size "
                            f"{size} ({name})")
    most = max(sizes)
    deep = {name: getattr(student, name) for name in student.kind.depths}
    inside = {name: value for name, value in (student.architecture or {}).items()
              if isinstance(value, int) and name != "vocab_size"}
    for name, value in {**inside, **deep}.items():
        if value > max(most, len(shapes)):
            raise UserError(f"{path} belongs to another student: {RECORD_FILE} says {name} "
                            f"{value}, and no array in it has more than {most} rows")


def check_agreement(
    path: pathlib.Path, run: Callable[[np.ndarray], np.ndarray], rows: int, classes: int
) -> None:
    """Checks that a model accepts the first and last id of a vocabulary, and no higher id.

    Args:
      path: the model, for messages.
      run: its forward pass, int32 [batch, time] to logits [..., classes].
      rows: rows of the vocabulary beside it.
      classes: number of labels beside it.

    Raises:
      UserError: if the model was made for another vocabulary or other labels.
    """
    wrong = f"{path} belongs to another student than {RECORD_FILE} and the vocabulary beside it: "
    try:
        found = run(np.array([[1, rows - 1]], np.int32)).shape[-1]
    except Exception as error:  # The exception depends on the runtime.
        why = f"it does not take the subword token {rows - 1} ({str(error):.80})"
        raise UserError(f"{wrong}{' '.join(why.split())}") from None
    if found != classes:
        raise UserError(f"{wrong}it gives {found} classes, and the labels have {classes}")
    try:
        run(np.array([[1, rows]], np.int32))
    except Exception:  # As expected.
        return
    raise UserError(f"{wrong}it takes more subword tokens than the {rows} of the vocabulary")
