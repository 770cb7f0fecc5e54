"""Teachers that this package fine-tuned: an encoder with a logits layer and a record."""

import pathlib
from typing import Any, Tuple

import transformers

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.files.fingerprints import folder_fingerprint
from xtremedistil_tf.models.pretrained_encoders import (
    check_configuration,
    embedding_width,
    peek_checkpoint,
)
from xtremedistil_tf.models.teacher import load_teacher
from xtremedistil_tf.tasks import task_kind_of
from xtremedistil_tf.teachers.base import Sizes, TeacherKind, Wanted
from xtremedistil_tf.validation.run_files import has_teacher, read_teacher_record


def sizes_of(found: transformers.PretrainedConfig, seq_len: int, layer: int) -> Sizes:
    """Returns the sizes of an encoder.

    Raises:
      UserError: if it lacks the layer or the positions.
    """
    check_configuration(found, layer, seq_len)
    return Sizes(int(found.hidden_size), int(found.num_hidden_layers), embedding_width(found))


def _sizes(folder: pathlib.Path, data: DataConfig, layer: int) -> Sizes:
    return sizes_of(peek_checkpoint(transformers.TFAutoModel, str(folder), "--pt_teacher"),
                    data.seq_len, layer)


def _labels(folder: pathlib.Path, data: DataConfig) -> Tuple[str, Tuple[str, ...]]:
    record = read_teacher_record(folder, whole=True)
    return task_kind_of(record).kind, tuple(record["tags"])


def _name(folder: pathlib.Path) -> str:
    return read_teacher_record(folder, whole=True)["name"]


def _load(folder: pathlib.Path, wanted: Wanted) -> Any:
    return load_teacher(folder, wanted.layer, matched=wanted.matched)


FINE_TUNED = TeacherKind("fine_tuned", has_teacher, _sizes, _labels, _name, _load,
                         folder_fingerprint, tuned_here=True)
