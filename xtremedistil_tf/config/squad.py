"""How questions over long contexts are cut into rows, and how long an answer may be."""

import dataclasses

from xtremedistil_tf.config.checks import at_least, require

# Markers of a row of two texts; RoBERTa's has four.
_MARKERS = 4


@dataclasses.dataclass(frozen=True)
class SquadConfig:
    """What SQuAD's rows are made by; lengths in pieces.

    Attributes:
      doc_stride: pieces that two neighbouring windows of a context share.
      max_query_length: longest question; what lies beyond is cut.
      max_answer_length: longest answer that is looked for.

    Source: Devlin et al. (2019), section 4.3, and the defaults of their released code.
    """

    doc_stride: int = 128
    max_query_length: int = 64
    max_answer_length: int = 30

    def __post_init__(self):
        at_least("doc_stride", self.doc_stride, 0)
        at_least("max_query_length", self.max_query_length, 1)
        at_least("max_answer_length", self.max_answer_length, 1)

    def check(self, seq_len: int) -> None:
        """Checks that every window holds something that the one before does not.

        Raises:
          UserError: if rows are too short.
        """
        least = self.max_query_length + self.doc_stride + _MARKERS + 1
        require(seq_len >= least,
                f"--seq_len is {seq_len}; a question (--max_query_length={self.max_query_length}), "
                f"what windows share (--doc_stride={self.doc_stride}) and one more subword token "
                f"need at least {least}")
