"""What a run reads."""

import dataclasses
from typing import Optional, Tuple

from xtremedistil_tf.config.checks import at_least, one_of, require

# Kinds of task: a label a word, or one a text.
TAGGING, CLASSIFICATION = "tagging", "classification"
# Dev measures that may choose epochs and steps, by kind; the first is the default.
MEASURES = {TAGGING: ("macro_f1",), CLASSIFICATION: ("accuracy", "macro_f1")}
ON_BAD_ROW = ("error", "skip")


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """What is read.

    Attributes:
      task: folder with train.tsv, dev.tsv, test.tsv and labels.tsv (for classification it may be
        missing: the labels are then those of train.tsv).
      transfer_file: unlabelled text, one sentence a line; a relative path is looked for in the
        task folder, then in the current one.
      seq_len: longest row in pieces, markers included.
      do_ner: tag words (True) or classify texts.
      on_bad_row: "error" stops at the first unusable row, "skip" counts and reports them.
      dev_measure: which of the kind's MEASURES chooses epochs and steps; None is its default.
      languages: those whose labelled rows are used; empty for all.
      labels_per_language: most rows of train.tsv a language; None for all.
      transfer_size: sentences of the transfer file that are used; None for all.
      entity_swaps: sentences that are added to them from each labelled one, its entities replaced
        by others of their type and language.
    """

    task: str
    transfer_file: Optional[str] = None
    seq_len: int = 32
    do_ner: bool = True
    on_bad_row: str = "error"
    dev_measure: Optional[str] = None
    languages: Tuple[str, ...] = ()
    labels_per_language: Optional[int] = None
    transfer_size: Optional[int] = None
    entity_swaps: int = 0

    def __post_init__(self):
        at_least("seq_len", self.seq_len, 3)
        for flag in ("labels_per_language", "transfer_size"):
            if getattr(self, flag) is not None:
                at_least(flag, getattr(self, flag), 1)
        at_least("entity_swaps", self.entity_swaps, 0)
        require(self.do_ner or not self.entity_swaps,
                "--entity_swaps needs --do_NER: texts to classify have no entities")
        one_of("on_bad_row", self.on_bad_row, ON_BAD_ROW)
        measures = MEASURES[self.kind]
        require(self.measure in measures, f"--dev_measure is {self.measure!r}; allowed for "
                f"{self.kind}: {', '.join(measures)}")

    @property
    def kind(self) -> str:
        """TAGGING or CLASSIFICATION."""
        return TAGGING if self.do_ner else CLASSIFICATION

    @property
    def measure(self) -> str:
        """The dev measure that chooses epochs and steps."""
        return self.dev_measure or MEASURES[self.kind][0]
