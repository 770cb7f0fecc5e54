"""Teachers that this package fine-tuned: an encoder with a logits layer and a record."""

import pathlib
from typing import Any, Tuple

import transformers

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.models.pretrained_encoders import (
    check_configuration,
    embedding_width,
    peek_checkpoint,
)
from xtremedistil_tf.models.teacher import has_teacher, load_teacher, read_record
from xtremedistil_tf.models.weights import WEIGHT_ENDINGS
from xtremedistil_tf.runs import file_fingerprint, fingerprint
from xtremedistil_tf.tasks import task_kind_of
from xtremedistil_tf.teachers.base import Sizes, TeacherKind, Wanted


def folder_fingerprint(folder: pathlib.Path) -> str:
    """Hashes the weights, tokenizer and configuration files of a checkpoint folder."""
    files = sorted(
        path for path in pathlib.Path(folder).iterdir()
        if path.suffix in (*WEIGHT_ENDINGS, ".json", ".txt", ".model", ".onnx", ".onnx_data")
    )
    return fingerprint([[path.name, file_fingerprint(path)] for path in files])


def content_fingerprint(path: pathlib.Path) -> str:
    """Hashes a file, or the files of a checkpoint folder."""
    return folder_fingerprint(path) if path.is_dir() else file_fingerprint(path)


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
    record = read_record(folder, whole=True)
    return task_kind_of(record).kind, tuple(record["tags"])


def _name(folder: pathlib.Path) -> str:
    return read_record(folder, whole=True)["name"]


def _load(folder: pathlib.Path, wanted: Wanted) -> Any:
    return load_teacher(folder, wanted.layer, matched=wanted.matched)


FINE_TUNED = TeacherKind("fine_tuned", has_teacher, _sizes, _labels, _name, _load,
                         folder_fingerprint, tuned_here=True)
