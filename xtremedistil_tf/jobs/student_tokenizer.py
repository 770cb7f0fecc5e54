"""The student's tokenizer: that of its teacher, or that of its own checkpoint."""

import dataclasses
from typing import Any, Iterable, Optional

import numpy as np

from xtremedistil_tf.config import RunConfig, require
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.models.student_from_checkpoint import load_student_tokenizer
from xtremedistil_tf.models.tokenizers import definition
from xtremedistil_tf.runs import fingerprint
from xtremedistil_tf.teachers.base import Teaches


@dataclasses.dataclass(frozen=True)
class StudentText:
    """A student's tokenizer and the extent of its vocabulary.

    Attributes:
      tokenizer: the student's tokenizer.
      differs: True if it splits text differently from the teacher's tokenizer.
      whole: True if the vocabulary has all its subword tokens, False if only those in the data.
    """

    tokenizer: Any
    differs: bool
    whole: bool

    def vocabulary(
        self, teacher: Teaches, seen: Iterable[np.ndarray]
    ) -> StudentVocabulary:
        """Returns the student's vocabulary: the tokens of train and transfer set, or all.

        Args:
          teacher: gives the number of ids if the student uses its tokenizer.
          seen: subword token ids of the data.
        """
        if self.whole:
            return whole_vocabulary(self.tokenizer)
        return StudentVocabulary.from_seen(
            seen, self.tokenizer.pad_token_id, self.tokenizer.unk_token_id, teacher.vocabulary)

    @property
    def fingerprint(self) -> Optional[str]:
        """Fingerprint of the tokenizer; None if it equals the teacher's."""
        return fingerprint(definition(self.tokenizer)) if self.differs else None


def whole_vocabulary(tokenizer: Any) -> StudentVocabulary:
    """Returns a vocabulary of all subword tokens of a tokenizer."""
    pieces = len(tokenizer)
    return StudentVocabulary.from_seen(
        [np.arange(pieces)], tokenizer.pad_token_id, tokenizer.unk_token_id, pieces)


def student_text(config: RunConfig, teacher: Teaches) -> StudentText:
    """Returns the tokenizer of a run's student.

    Raises:
      UserError: if the checkpoint's tokenizer cannot be used, or if --distil_attention would
        compare attention over different subword tokens.
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
