"""What goes with a student's weights: tokenizer, vocabulary, labels; read without TensorFlow."""

import dataclasses
import pathlib
from typing import Any, Dict, Optional

from tokenizers import Tokenizer

from xtremedistil_tf.config import DECODINGS, PAIR_ENCODINGS, StudentConfig
from xtremedistil_tf.data.labels import Labels, label_set
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.runs import read_json
from xtremedistil_tf.tasks import task_kind_of

RECORD_FILE = "student.json"
VOCABULARY_FILE = "vocabulary.npy"
TOKENIZER_FILE = "tokenizer.json"
# Where the student's record lies in a SavedModel.
SAVED_RECORD = pathlib.Path("assets.extra", RECORD_FILE)
# The folder of each export format beside the student folder.
FORMAT_FOLDERS = {"savedmodel": "export", "onnx": "onnx", "tflite": "tflite"}


@dataclasses.dataclass(frozen=True)
class Assets:
    """What turns text into a student's ids and its classes into tags.

    Attributes:
      vocabulary: maps the tokenizer's piece ids to the student's.
      tokenizer: a `tokenizers.Tokenizer`, without truncation and padding.
      labels: the label set, which knows the kind of task.
      record: what was saved beside: sizes, seq_len, scores, where it came from.
    """

    vocabulary: StudentVocabulary
    tokenizer: Tokenizer
    labels: Labels
    record: Dict[str, Any]

    @property
    def pooling(self) -> Optional[str]:
        """What stands for a row in classification; None for a tagger."""
        return self.settings.pools if self.labels.pooled else None

    @property
    def separator(self) -> Optional[int]:
        """The student's id of what parts the two texts of a pair; None where a row has one."""
        return self.record.get("separator")

    @property
    def settings(self) -> StudentConfig:
        """Kind and sizes of the student."""
        # Records from before there were two ways say nothing.
        return StudentConfig(**{"pair_encoding": PAIR_ENCODINGS[0], **self.record["student"]})

    @property
    def segmentation(self) -> Optional[str]:
        """How scripts without spaces are split, one of `data.words.SEGMENTATIONS`."""
        return self.record.get("segmentation")

    @property
    def longest(self) -> Optional[int]:
        """Longest row that the student takes, markers included; None if nothing bounds it."""
        return self.record["seq_len"] if self.settings.kind.fixed_length else None


def form_path(folder: pathlib.Path, form: str, file: str) -> pathlib.Path:
    """The folder of one of a student's forms itself, where the run folder may be given too.

    Args:
      folder: either of them.
      form: the form's folder in a run folder.
      file: what tells a folder of this form.
    """
    folder = pathlib.Path(folder)
    outside = not (folder / file).is_file()
    return folder / form if outside and (folder / form).is_dir() else folder


def student_path(folder: pathlib.Path) -> pathlib.Path:
    """The student folder itself, where a run folder may be given too."""
    return form_path(folder, "student", RECORD_FILE)


def newest_version(base: pathlib.Path) -> Optional[pathlib.Path]:
    """The SavedModel of the highest version in an export folder; None where there is none."""
    versions = [path for path in pathlib.Path(base).glob("*/") if path.name.isdigit()]
    return max(versions, key=lambda path: int(path.name), default=None)


def made_elsewhere(exported: pathlib.Path, student: pathlib.Path) -> bool:
    """Whether an export folder is known to be of another student than the one beside it.

    Args:
      exported: one of FORMAT_FOLDERS in a run folder; need not be there.
      student: the student folder.
    """
    own = student / RECORD_FILE
    for record in (exported / RECORD_FILE, (newest_version(exported) or exported) / SAVED_RECORD):
        if record.is_file() and own.is_file():
            return read_json(record) != read_json(own)
    return False


def load_assets(folder: pathlib.Path) -> Assets:
    """Reads a student folder but its weights.

    A marker such as "[MASK]" that stands in a text is text, not a marker.

    Raises:
      UserError: if a file is missing or damaged.
    """
    folder = pathlib.Path(folder)
    if not (folder / RECORD_FILE).is_file():
        raise UserError(f"{folder} holds no student ({RECORD_FILE} is missing)")
    record = read_json(folder / RECORD_FILE)
    vocabulary = StudentVocabulary.load(folder / VOCABULARY_FILE)
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    except Exception as error:  # The library raises a bare Exception.
        raise UserError(f"{folder / TOKENIZER_FILE} cannot be read: {error}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return Assets(vocabulary, tokenizer, labels_of(record), record)


def labels_of(record: Dict[str, Any]) -> Labels:
    """The label set that a student's or teacher's record describes."""
    # Older folders name no decoding.
    return label_set(task_kind_of(record).kind, record["tags"],
                     record.get("decoding", DECODINGS[0]))
