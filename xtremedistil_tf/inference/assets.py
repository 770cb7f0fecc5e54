"""The files of a student except its weights: tokenizer, vocabulary, labels; needs no TensorFlow."""

import dataclasses
import pathlib
from typing import Any, Dict, Optional, Sequence

from tokenizers import Tokenizer

from xtremedistil_tf.config import PAIR_ENCODINGS, StudentConfig
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.data.lines import is_count
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.student_record import (
    RECORD_FILE,
    check_labels_file,
    labels_of,
    read_student_record,
)
from xtremedistil_tf.validation.manifest import check_manifest
from xtremedistil_tf.validation.run_files import check_run
from xtremedistil_tf.validation.tokenizer_file import load_tokenizer_file

__all__ = ["FORMAT_FOLDERS", "RECORD_FILE", "SAVED_RECORD", "TOKENIZER_FILE", "VOCABULARY_FILE",
           "Assets", "form_path", "given_name", "labels_of", "load_assets", "made_elsewhere",
           "newest_version", "student_path"]

VOCABULARY_FILE = "vocabulary.npy"
TOKENIZER_FILE = "tokenizer.json"
# Path of the student's record in a SavedModel.
SAVED_RECORD = pathlib.Path("assets.extra", RECORD_FILE)
# The folder of each export format beside the student folder.
FORMAT_FOLDERS = {"savedmodel": "export", "onnx": "onnx", "tflite": "tflite",
                  "huggingface": "huggingface", "triton": "triton"}


@dataclasses.dataclass(frozen=True)
class Assets:
    """Tokenizer, vocabulary, labels and record of a student.

    Attributes:
      vocabulary: maps the tokenizer's ids to the student's ids.
      tokenizer: a `tokenizers.Tokenizer` without truncation and padding.
      labels: the label set, which knows the kind of task.
      record: contents of student.json: sizes, seq_len, scores, origin.
    """

    vocabulary: StudentVocabulary
    tokenizer: Tokenizer
    labels: Labels
    record: Dict[str, Any]

    @property
    def pooling(self) -> Optional[str]:
        """Pooling of a student with one vector a sequence; None for one vector a subword token."""
        return self.settings.pools if self.labels.pooled else None

    @property
    def separator(self) -> Optional[int]:
        """The student's id of the separator token, for pairs of texts; None for single texts."""
        return self.record.get("separator")

    @property
    def settings(self) -> StudentConfig:
        """Kind and sizes of the student."""
        # Old records have no pair_encoding.
        return StudentConfig(**{"pair_encoding": PAIR_ENCODINGS[0], **self.record["student"]})

    @property
    def segmentation(self) -> Optional[str]:
        """Rule for scripts without spaces, one of `data.words.SEGMENTATIONS`."""
        return self.record.get("segmentation")

    @property
    def temperature(self) -> float:
        """Divisor of the logits, fitted on dev; 1 in records before 0.2."""
        return float(self.record.get("temperature") or 1.0)

    @property
    def seq_len_limit(self) -> Optional[int]:
        """Length of the longest sequence that the student takes; None if nothing limits it."""
        return self.record["seq_len"] if self.settings.kind.fixed_length else None


def form_path(folder: pathlib.Path, form: str, file: str) -> pathlib.Path:
    """Returns the folder of one export format, given that folder or the run folder.

    Args:
      folder: either of them.
      form: name of the format's folder in a run folder.
      file: file that identifies the format's folder.
    """
    folder = pathlib.Path(folder)
    outside = not (folder / file).is_file()
    return folder / form if outside and (folder / form).is_dir() else folder


def given_name(folder: pathlib.Path) -> str:
    """Name that a user gave a student: that of its run folder, or of a folder that stands alone."""
    folder = pathlib.Path(folder).resolve()
    if folder.parent.name == FORMAT_FOLDERS["savedmodel"]:
        folder = folder.parent  # A version.
    return folder.parent.name if folder.name in ("student", *FORMAT_FOLDERS.values()) else (
        folder.name)


def student_path(folder: pathlib.Path) -> pathlib.Path:
    """Returns the student folder, given that folder or the run folder."""
    return form_path(folder, "student", RECORD_FILE)


def newest_version(base: pathlib.Path) -> Optional[pathlib.Path]:
    """Returns the highest version in an export folder; None without one."""
    versions = [path for path in pathlib.Path(base).glob("*/") if is_count(path.name)]
    return max(versions, key=lambda path: int(path.name), default=None)


def made_elsewhere(exported: pathlib.Path, student: pathlib.Path) -> bool:
    """Returns True if an export folder was made from another student than the given one.

    Args:
      exported: one of FORMAT_FOLDERS in a run folder. It may be missing.
      student: the student folder.
    """
    own = student / RECORD_FILE
    for record in (exported / RECORD_FILE, (newest_version(exported) or exported) / SAVED_RECORD):
        if record.is_file() and own.is_file():
            return read_json(record) != read_json(own)
    return False


def check_parts(run: pathlib.Path) -> None:
    """Refuses an unfinished run, and one with damaged files or exports of another student.

    Args:
      run: the run folder.

    Raises:
      UserError: with the folder or file.
    """
    if not (run / "metrics.json").is_file():
        raise UserError(f"{run} is no finished run: metrics.json is missing")
    check_run(run)
    for part in ("student", *FORMAT_FOLDERS.values()):
        folder = run / part
        check_manifest(newest_version(folder) or folder)
        if made_elsewhere(folder, run / "student"):
            raise UserError(f"{folder} was exported from another student than {run / 'student'}; "
                            "xtremedistil-export makes it anew")


def load_assets(
    folder: pathlib.Path, *, verify: bool = True, reads: Sequence[str] = (),
    skip: Sequence[str] = (),
) -> Assets:
    """Reads a student folder without its weights.

    The tokenizer treats "[MASK]" and the like in a text as text, not as special tokens.

    Args:
      folder: folder of the student or of one of its export formats.
      verify: check the files against the folder's manifest.
      reads: further files that the caller reads.
      skip: files that nobody reads.

    Raises:
      UserError: if a file is missing or damaged, or belongs to another student.
    """
    folder = pathlib.Path(folder)
    record_path = folder / RECORD_FILE
    if verify and record_path.is_file():
        check_manifest(folder, reads=(RECORD_FILE, VOCABULARY_FILE, TOKENIZER_FILE, *reads),
                       skip=skip)
    record = read_student_record(folder)
    check_labels_file(folder, record)
    vocabulary = StudentVocabulary.load(folder / VOCABULARY_FILE)
    tokenizer = load_tokenizer_file(folder / TOKENIZER_FILE)
    _check_pieces(folder, tokenizer, vocabulary, record)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return Assets(vocabulary, tokenizer, labels_of(record), record)


def _check_pieces(
    folder: pathlib.Path, tokenizer: Tokenizer, vocabulary: StudentVocabulary,
    record: Dict[str, Any],
) -> None:
    """Refuses a tokenizer with subword tokens that are not in the vocabulary."""
    size = len(vocabulary.table)
    # The usual tokenizer has the ids from 0 on, without gaps; to list them all takes longer.
    usual = (tokenizer.get_vocab_size(with_added_tokens=True) == size
             and tokenizer.id_to_token(size) is None)
    most = size - 1 if usual else max(
        tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
    if not 0 <= most < size:
        raise UserError(f"{folder / TOKENIZER_FILE} has ids up to {most}, but {VOCABULARY_FILE} "
                        f"was made for a tokenizer of {size} tokens: they belong to different "
                        "students")
    separator = record.get("separator")
    if separator is not None and separator >= len(vocabulary):
        raise UserError(f"{folder / RECORD_FILE}: separator is {separator}; allowed: below the "
                        f"{len(vocabulary)} rows of {VOCABULARY_FILE}")
