"""The student folder: all that is needed to use a student, and nothing of its teacher."""

import dataclasses
import pathlib
from typing import Any, Dict

from tokenizers import Tokenizer

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.labels import LabelSet
from xtremedistil_tf.inputs.vocabulary import StudentVocabulary
from xtremedistil_tf.models.student import Student, build_student
from xtremedistil_tf.models.weights import load_weights, save_weights
from xtremedistil_tf.runs import atomic_folder, read_json, write_json

_RECORD_FILE = "student.json"
_WEIGHTS_FILE = "weights.safetensors"
_VOCABULARY_FILE = "vocabulary.npy"
_TOKENIZER_FILE = "tokenizer.json"


@dataclasses.dataclass(frozen=True)
class StudentBundle:
    """A student ready for use.

    Attributes:
      student: the model and its registry.
      vocabulary: maps the tokenizer's piece ids to the student's.
      tokenizer: a `tokenizers.Tokenizer`, without truncation and padding.
      labels: the label set.
      record: what was saved beside: sizes, seq_len, scores, where it came from.
    """

    student: Student
    vocabulary: StudentVocabulary
    tokenizer: Tokenizer
    labels: LabelSet
    record: Dict[str, Any]


def save_student(
    folder: pathlib.Path,
    student: Student,
    config: StudentConfig,
    vocabulary: StudentVocabulary,
    tokenizer: Any,
    labels: LabelSet,
    record: Dict[str, Any],
) -> None:
    """Writes a student folder, atomically.

    Args:
      folder: is replaced as a whole.
      student: the trained student.
      config: its sizes.
      vocabulary: its vocabulary.
      tokenizer: the teacher's fast transformers tokenizer, which is kept with the student.
      labels: the label set.
      record: further JSON values to keep: seq_len, strategy, scores.
    """
    with atomic_folder(folder) as temporary:
        save_weights(student.model, temporary / _WEIGHTS_FILE)
        vocabulary.save(temporary / _VOCABULARY_FILE)
        tokenizer.save_pretrained(temporary)
        (temporary / "labels.tsv").write_text("\n".join(labels.tags) + "\n", "utf-8")
        width = int(student.model.output_shape["representation"][-1])
        write_json(
            temporary / _RECORD_FILE,
            {"student": dataclasses.asdict(config), "width": width, "tags": list(labels.tags),
             **record},
        )


def load_student(folder: pathlib.Path) -> StudentBundle:
    """Loads a student folder; needs no teacher, no hub and no training data.

    Args:
      folder: the `student` folder, or the run folder around it.

    Raises:
      UserError: if there is no whole student.
    """
    folder = pathlib.Path(folder)
    if not (folder / _RECORD_FILE).is_file() and (folder / "student" / _RECORD_FILE).is_file():
        folder = folder / "student"
    if not (folder / _RECORD_FILE).is_file():
        raise UserError(f"{folder} holds no student ({_RECORD_FILE} is missing)")
    record = read_json(folder / _RECORD_FILE)
    labels = LabelSet(record["tags"])
    vocabulary = StudentVocabulary.load(folder / _VOCABULARY_FILE)
    config = StudentConfig(**record["student"])
    student = build_student(config, len(vocabulary), record["width"], labels.size)
    load_weights(student.model, folder / _WEIGHTS_FILE)
    try:
        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER_FILE))
    except Exception as error:  # The library raises a bare Exception.
        raise UserError(f"{folder / _TOKENIZER_FILE} cannot be read: {error}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return StudentBundle(student, vocabulary, tokenizer, labels, record)
