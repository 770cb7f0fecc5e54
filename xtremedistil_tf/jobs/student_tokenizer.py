"""How a student reads: with its teacher's tokenizer, or with that of its own checkpoint."""

import dataclasses
import itertools
from typing import Any, Iterator, Optional

import numpy as np

from xtremedistil_tf.config import RunConfig, require
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.models.student_from_checkpoint import load_student_tokenizer
from xtremedistil_tf.models.teacher import Teacher
from xtremedistil_tf.models.tokenizers import definition
from xtremedistil_tf.runs import fingerprint


@dataclasses.dataclass(frozen=True)
class StudentText:
    """How a student reads.

    Attributes:
      tokenizer: its tokenizer.
      differs: whether that cuts otherwise than the teacher's.
      whole: whether it knows all pieces of it, or only those that were seen.
    """

    tokenizer: Any
    differs: bool
    whole: bool

    def vocabulary(
        self, teacher: Teacher, train: np.ndarray, transfer: Iterator[np.ndarray]
    ) -> StudentVocabulary:
        """Its pieces: those seen in train and transfer, or all.

        Args:
          teacher: whose pieces they are where it has no tokenizer of its own.
          train, transfer: piece ids that were seen.
        """
        if self.whole:
            return whole_vocabulary(self.tokenizer)
        return StudentVocabulary.from_seen(
            itertools.chain([train], transfer), self.tokenizer.pad_token_id,
            self.tokenizer.unk_token_id, len(teacher.word_embeddings()))

    @property
    def fingerprint(self) -> Optional[str]:
        """Of the tokenizer, where it differs from the teacher's."""
        return fingerprint(definition(self.tokenizer)) if self.differs else None


def whole_vocabulary(tokenizer: Any) -> StudentVocabulary:
    """All pieces of a tokenizer."""
    pieces = len(tokenizer)
    return StudentVocabulary.from_seen(
        [np.arange(pieces)], tokenizer.pad_token_id, tokenizer.unk_token_id, pieces)


def student_text(config: RunConfig, teacher: Teacher) -> StudentText:
    """How a run's student reads.

    Raises:
      UserError: if the tokenizer of its checkpoint cannot be used, or attention is to be compared
        between pieces that differ.
    """
    if not config.student.own_vocabulary:
        return StudentText(teacher.tokenizer, False, False)
    own = load_student_tokenizer(config.student)
    differs = definition(own) != definition(teacher.tokenizer)
    require(not (differs and config.distil.attention),
            "--distil_attention needs the teacher's subword tokens, and "
            f"{config.student.pt_student_checkpoint} has others; allowed with "
            "--compress_word_embedding, which takes the teacher's tokenizer")
    return StudentText(own, differs, True)
