"""The student's tokenizer: its teacher's, whole or cut, or that of its own checkpoint."""

import dataclasses
import itertools
import logging
import pathlib
from typing import Any, Dict, Iterable, Iterator, Optional

import numpy as np

from xtremedistil_tf.config import DataConfig, RunConfig, require
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.folders.task_features import features_of
from xtremedistil_tf.data.readers.rows import TextFile
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.cut import (
    Recount,
    check_cuttable,
    count_pieces,
    fit_tokenizer,
)
from xtremedistil_tf.data.tokenization.realign import Realigned, in_memory
from xtremedistil_tf.data.tokenization.token_store import (
    open_realigned,
    realign_texts,
    tokenise_texts,
)
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.files.fingerprints import fingerprint
from xtremedistil_tf.files.locks import one_at_a_time
from xtremedistil_tf.models.student_from_checkpoint import load_student_tokenizer
from xtremedistil_tf.models.tokenizers import definition
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.base import Teaches

log = logging.getLogger("absl")


@dataclasses.dataclass(frozen=True)
class StudentText:
    """A student's tokenizer and the extent of its vocabulary.

    Attributes:
      tokenizer: the student's tokenizer.
      differs: True if it splits text differently from the teacher's tokenizer.
      whole: True if the vocabulary has all its subword tokens, False if only those in the data.
      min_count: smallest count of the subword tokens that `fitted` keeps; None if the tokenizer is
        not to be cut, or is cut already.
      from_teacher: True if its subword tokens are some of the teacher's.
    """

    tokenizer: Any
    differs: bool
    whole: bool
    min_count: Optional[int] = None
    from_teacher: bool = False

    def fitted(self, counts: np.ndarray, recount: Recount) -> "StudentText":
        """Cuts the tokenizer if it is to be cut.

        Args:
          counts: int64 [teacher's ids], counts of its subword tokens in train and transfer set.
          recount: counts them as another tokenizer splits the text, int64 [its ids].
        """
        if self.min_count is None:
            return self
        cut = fit_tokenizer(self.tokenizer, counts, recount, min_count=self.min_count)
        return dataclasses.replace(self, tokenizer=cut, min_count=None)

    def vocabulary(self, counts: np.ndarray) -> StudentVocabulary:
        """Returns the student's vocabulary: the tokens of train and transfer set, or all.

        Args:
          counts: see `fitted`.
        """
        if self.whole:
            return whole_vocabulary(self.tokenizer)
        return StudentVocabulary.from_seen(
            [np.flatnonzero(counts)], self.tokenizer.pad_token_id, self.tokenizer.unk_token_id,
            len(counts))

    def own_ids(self, teacher: Teaches) -> Optional[np.ndarray]:
        """Returns the tokenizer's id of each of the teacher's subword tokens, -1 for none.

        None if its tokens are not the teacher's, so that equal texts are not equal tokens.
        """
        if not self.from_teacher:
            return None
        ids = np.full(len(teacher.tokenizer), -1, np.int64)
        ids[teacher_ids(self.tokenizer, teacher, np.arange(len(self.tokenizer)))] = \
            np.arange(len(self.tokenizer))
        return ids

    @property
    def fingerprint(self) -> Optional[str]:
        """Fingerprint of the tokenizer; None if it equals the teacher's."""
        return fingerprint(definition(self.tokenizer)) if self.differs else None


def teacher_ids(tokenizer: Any, teacher: Teaches, ids: np.ndarray) -> np.ndarray:
    """Returns the teacher's ids of a tokenizer's subword tokens, int [ids].

    Args:
      tokenizer: the teacher's own, whole or cut.
      teacher: the teacher.
      ids: int [ids] of `tokenizer`.
    """
    if tokenizer is teacher.tokenizer:
        return ids
    return np.array(teacher.tokenizer.convert_tokens_to_ids(
        tokenizer.convert_ids_to_tokens(ids.tolist())))


def whole_vocabulary(tokenizer: Any) -> StudentVocabulary:
    """Returns a vocabulary of all subword tokens of a tokenizer."""
    pieces = len(tokenizer)
    return StudentVocabulary.from_seen(
        [np.arange(pieces)], tokenizer.pad_token_id, tokenizer.unk_token_id, pieces)


def student_text(config: RunConfig, teacher: Teaches) -> StudentText:
    """Returns the tokenizer of a run's student. A tokenizer to cut is cut by `fitted`.

    Raises:
      UserError: if the checkpoint's tokenizer cannot be used, if the teacher's cannot be cut, or if
        --distil_attention would compare attention over different subword tokens.
    """
    student = config.student
    if student.vocabulary == "cut":
        check_cuttable(teacher.tokenizer)
        text = StudentText(teacher.tokenizer, differs=True, whole=True,
                           min_count=student.vocabulary_min_count, from_teacher=True)
    elif student.own_vocabulary:
        own = load_student_tokenizer(student)
        text = StudentText(
            own, differs=definition(own) != definition(teacher.tokenizer), whole=True)
    else:
        text = StudentText(teacher.tokenizer, differs=False, whole=False)
    others = "--vocabulary=cut" if text.from_teacher else student.pt_student_checkpoint
    require(not (text.differs and config.distil.attention),
            f"--distil_attention needs the teacher's subword tokens, and {others} has others; "
            "allowed with --vocabulary=teacher, for a checkpoint with --compress_word_embedding, "
            "which takes the teacher's tokenizer")
    return text


def transfer_of(task: Task) -> TextFile:
    """Returns the transfer set of a distillation's task."""
    assert task.transfer is not None, "the task was read with it"
    return task.transfer


def counted(
    config: RunConfig, task: Task, tokenizer: Any, transfer: Iterable[np.ndarray], *, size: int
) -> np.ndarray:
    """Counts the subword tokens of train and transfer set, int64 [size].

    Args:
      config, task: the run.
      tokenizer: splits the training set.
      transfer: token ids of the transfer set.
      size: number of ids.
    """
    train = [features_of(task, "train", tokenizer, config.data).input_ids.values] \
        if task.labelled else []
    return count_pieces(itertools.chain(train, transfer), size)


def fitted_text(
    config: RunConfig, task: Task, text: StudentText, counts: np.ndarray
) -> StudentText:
    """Cuts the student's tokenizer to the run's text, if it is to be cut."""
    def recount(tokenizer: Any) -> np.ndarray:
        with Progress(task.transfer_rows, "counting subword tokens", "sentences") as progress:
            def transfer() -> Iterator[np.ndarray]:
                pieces = task_kind(task.labels.kind).transfer.pieces
                for rows, counts in pieces(tokenizer, transfer_of(task), config.data):
                    progress.advance(counts["sentences"])
                    yield rows.values

            return counted(config, task, tokenizer, transfer(), size=len(tokenizer))

    fitted = text.fitted(counts, recount)
    if fitted is not text:
        log.info("the student's tokenizer is cut to %d of the teacher's %d subword tokens",
                 len(fitted.tokenizer), len(text.tokenizer))
    return fitted


def own_sequences(
    task: Task, teacher: Teaches, text: StudentText, dev: Features, *, data: DataConfig,
    folder: pathlib.Path, made: str,
) -> Dict[str, Realigned]:
    """Tokenizes transfer set and dev with a student's own tokenizer, aligned with its teacher's.

    Args:
      task, teacher, text: the run.
      dev: dev in the student's subword tokens.
      data: the settings of the data.
      folder: for the transfer set's token ids. It is written unless it is there.
      made: fingerprint of what the folder holds.
    """
    transfer, rows = task_kind(task.labels.kind).transfer, task.transfer_rows

    def realigned(texts: Iterable[Any]) -> Iterator[Any]:
        return transfer.realigned(teacher.tokenizer, text.tokenizer, texts, data,
                                  text.own_ids(teacher))

    with one_at_a_time(folder.with_name(".pieces.lock")):
        if task.labels.pooled:
            tokenise_texts(transfer.pieces(text.tokenizer, transfer_of(task), data), rows=rows,
                           folder=folder, fingerprint=made)
            own = Realigned(dev.input_ids)
        else:
            realign_texts(realigned(transfer_of(task)), rows=rows, folder=folder,
                          fingerprint=made)
            own = in_memory(realigned(task.examples["dev"]))
    return {"transfer": open_realigned(folder), "dev": own}
