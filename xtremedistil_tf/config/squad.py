"""Settings of question answering: windows of long contexts, lengths of questions and answers."""

import dataclasses

from xtremedistil_tf.config.checks import at_least, require

# Longest sequence by default. Source: Devlin et al. (2019), their released code.
SQUAD_SEQ_LEN = 384
# Maximum number of special tokens in a sequence of two texts; RoBERTa has four.
_MARKERS = 4


@dataclasses.dataclass(frozen=True)
class SquadConfig:
    """Settings of windows and answers; lengths in subword tokens.

    Attributes:
      doc_stride: overlap of two neighbouring windows of a context.
      max_query_length: maximum length of a question; longer ones are truncated.
      max_answer_length: maximum length of an answer.

    Source: Devlin et al. (2019), section 4.3, and the defaults of their released code.
    """

    doc_stride: int = 128
    max_query_length: int = 64
    max_answer_length: int = 30

    def __post_init__(self):
        at_least("doc_stride", self.doc_stride, 0)
        at_least("max_query_length", self.max_query_length, 1)
        at_least("max_answer_length", self.max_answer_length, 1)

    @property
    def least(self) -> int:
        """Shortest sequence whose every window contains more than the overlap."""
        return self.max_query_length + self.doc_stride + _MARKERS + 1

    def check(self, seq_len: int) -> None:
        """Checks that every window contains more than the overlap.

        Raises:
          UserError: if sequences are too short.
        """
        require(seq_len >= self.least,
                f"--seq_len is {seq_len}; a question (--max_query_length={self.max_query_length}), "
                f"what windows share (--doc_stride={self.doc_stride}) and one more subword token "
                f"need at least {self.least}")
