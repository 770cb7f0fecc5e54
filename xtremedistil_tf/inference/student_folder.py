"""The student folder: everything that a student needs, and nothing of its teacher."""

import dataclasses
import pathlib
from typing import Any, Dict, Optional

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.files.fingerprints import file_fingerprint
from xtremedistil_tf.inference.assets import (
    RECORD_FILE,
    TOKENIZER_FILE,
    VOCABULARY_FILE,
    Assets,
    load_assets,
    student_path,
)
from xtremedistil_tf.inference.student_record import check_weights
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import Student, build_student
from xtremedistil_tf.models.weights import load_weights, save_weights
from xtremedistil_tf.runtime import precision
from xtremedistil_tf.validation.manifest import write_manifest

_WEIGHTS_FILE = "weights.safetensors"


@dataclasses.dataclass(frozen=True)
class StudentBundle(Assets):
    """A student ready for use.

    Attributes:
      student: the model and its registry.
    """

    student: Student


def save_student(
    folder: pathlib.Path,
    student: Student,
    *, config: StudentConfig,
    vocabulary: StudentVocabulary,
    tokenizer: Any,
    labels: Labels,
    record: Dict[str, Any],
) -> None:
    """Writes a student folder, atomically.

    Args:
      folder: target folder. It is replaced as a whole.
      student: the trained student.
      config: its settings.
      vocabulary: its vocabulary.
      tokenizer: its fast transformers tokenizer (the teacher's, whole or cut, or its own).
      labels: the label set.
      record: further JSON values to save: seq_len, strategy, scores.
    """
    with atomic_folder(folder) as temporary:
        save_weights(student.model, temporary / _WEIGHTS_FILE)
        vocabulary.save(temporary / VOCABULARY_FILE)
        tokenizer.save_pretrained(temporary)
        # Again without line breaks and indentation, which are half of the file.
        tokenizer.backend_tokenizer.save(str(temporary / TOKENIZER_FILE), pretty=False)
        (temporary / "labels.tsv").write_text("\n".join(labels.tags) + "\n", "utf-8")
        width = int(student.model.output_shape["representation"][-1])
        write_json(
            temporary / RECORD_FILE,
            {"student": dataclasses.asdict(config), "width": width, "kind": labels.kind,
             "tags": list(labels.tags), **record,
             # Exports have a copy of this record, which identifies the weights they come from.
             "weights": file_fingerprint(temporary / _WEIGHTS_FILE)},
        )
        write_manifest(temporary)


def load_student(
    folder: pathlib.Path, *, settings: Optional[StudentConfig] = None, policy: str = "float32",
    verify: bool = True,
) -> StudentBundle:
    """Loads a student folder; needs no teacher, no hub and no training data.

    Args:
      folder: the student folder or the run folder.
      settings: settings that replace the student's own. They must fit the weights.
      policy: Keras' precision policy. Use and export take float32, for any policy of the training.
      verify: check the files against the folder's manifest.

    Raises:
      UserError: if the student is missing or incomplete.
    """
    folder = student_path(folder)
    assets = load_assets(folder, verify=verify, reads=(_WEIGHTS_FILE,))
    record, labels, vocabulary = assets.record, assets.labels, assets.vocabulary
    check_weights(folder / _WEIGHTS_FILE, record, len(vocabulary))
    with precision(policy):
        width = record["width"] if assets.settings.projects else None
        shape = Shape(len(vocabulary), labels.pooled, record["seq_len"], separator=assets.separator)
        student = build_student(settings or assets.settings, shape, width, labels.size,
                                competing=labels.competing)
    load_weights(student.model, folder / _WEIGHTS_FILE)
    return StudentBundle(vocabulary, assets.tokenizer, labels, record, student)
