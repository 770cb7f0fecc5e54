"""What a run reads."""

import dataclasses
from typing import Dict, Optional, Tuple

from xtremedistil_tf.config.checks import at_least, one_of, require
from xtremedistil_tf.config.glue import GLUE, GlueTask
from xtremedistil_tf.config.squad import SquadConfig

# Kinds of task: a label a word, one a text, a number a text, or where in a text an answer stands.
TAGGING, CLASSIFICATION, REGRESSION = "tagging", "classification", "regression"
SPANS = "spans"
# Dev measures that may choose epochs and steps, by kind; the first is the default.
MEASURES = {TAGGING: ("macro_f1",),
            CLASSIFICATION: ("accuracy", "macro_f1", "f1", "matthews"),
            REGRESSION: ("pearson", "spearman"),
            SPANS: ("f1", "exact", "best_f1", "best_exact")}
# Those of a classification that are of two classes only.
BINARY_MEASURES = ("f1", "matthews")
_FILES = {"train": "train.tsv", "dev": "dev.tsv", "test": "test.tsv"}
SQUAD_FILES = {"train": "train-v2.0.json", "dev": "dev-v2.0.json", "test": "test-v2.0.json"}
# SQuAD's own test file is not published.
_MAY_LACK = ("test",)
_LABELS_LOSS = {REGRESSION: "squared_error", SPANS: "span_cross_entropy"}
ON_BAD_ROW = ("error", "skip")
DECODINGS = ("constrained", "independent")


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
      decoding: how a tagger's words get their tags: "constrained", the best sequence that is
        valid IOB2, or "independent", each word's best tag (the paper).
      on_bad_row: "error" stops at the first unusable row, "skip" counts and reports them.
      dev_measure: which of the kind's MEASURES chooses epochs and steps; None is its default.
      languages: those whose labelled rows are used; empty for all.
      labels_per_language: most rows of train.tsv a language; None for all.
      transfer_size: sentences of the transfer file that are used; None for all.
      entity_swaps: sentences that are added to them from each labelled one, its entities replaced
        by others of their type and language.
      glue_task: one of GLUE, whose original files the folder holds; None for the project's format.
      do_regression: estimate a number a text instead of classifying; GLUE's STS-B does by itself.
      do_pairwise: a row has two texts; GLUE's tasks that have two do by themselves.
      squad: the folder holds SQuAD's files, and rows are made so; None for other tasks.
    """

    task: str
    transfer_file: Optional[str] = None
    seq_len: int = 32
    do_ner: bool = False
    decoding: str = DECODINGS[0]
    on_bad_row: str = "error"
    dev_measure: Optional[str] = None
    languages: Tuple[str, ...] = ()
    labels_per_language: Optional[int] = None
    transfer_size: Optional[int] = None
    entity_swaps: int = 0
    glue_task: Optional[str] = None
    do_regression: bool = False
    do_pairwise: bool = False
    squad: Optional[SquadConfig] = None

    def __post_init__(self):
        at_least("seq_len", self.seq_len, 3)
        for flag in ("labels_per_language", "transfer_size"):
            if getattr(self, flag) is not None:
                at_least(flag, getattr(self, flag), 1)
        at_least("entity_swaps", self.entity_swaps, 0)
        require(self.do_ner or not self.entity_swaps,
                "--entity_swaps needs --do_NER: texts to classify have no entities")
        one_of("on_bad_row", self.on_bad_row, ON_BAD_ROW)
        one_of("decoding", self.decoding, DECODINGS)
        require(self.do_ner or self.decoding == DECODINGS[0],
                f"--decoding={self.decoding} needs --do_NER: texts have no sequence of tags")
        if self.glue_task is not None:
            one_of("glue_task", self.glue_task, tuple(GLUE))
        require(not (self.do_ner and (self.glue_task or self.do_regression or self.do_pairwise)),
                "--do_NER tags words; --glue_task, --do_pairwise and --do_regression are for whole "
                "texts: give one of them")
        require(not self.do_pairwise or self.glue is None or self.pairs_of_glue,
                f"--do_pairwise does not go with --glue_task={self.glue_task}, which has one text")
        require(not self.do_regression or self.glue is None or self.glue.regression,
                f"--do_regression does not go with --glue_task={self.glue_task}, which has classes")
        require(self.squad is None or not (self.do_ner or self.glue_task or self.do_regression
                                           or self.do_pairwise),
                "--do_squad finds answers in texts; --do_NER, --glue_task, --do_pairwise and "
                "--do_regression are other tasks: give one of them")
        measures = MEASURES[self.kind]
        require(self.measure in measures, f"--dev_measure is {self.measure!r}; allowed for "
                f"{self.kind}: {', '.join(measures)}")

    @property
    def glue(self) -> Optional[GlueTask]:
        """GLUE's task; None for files in the project's format."""
        return GLUE[self.glue_task] if self.glue_task is not None else None

    @property
    def pairs_of_glue(self) -> bool:
        """Whether GLUE's task has two texts a row."""
        return self.glue is not None and len(self.glue.texts) == 2

    @property
    def pairs(self) -> bool:
        """Whether a row has two texts."""
        return self.do_pairwise or self.pairs_of_glue or self.squad is not None

    @property
    def files(self) -> Dict[str, str]:
        """Names of the labelled files by split."""
        if self.squad is not None:
            return SQUAD_FILES
        return dict(self.glue.files) if self.glue else _FILES

    @property
    def may_lack(self) -> Tuple[str, ...]:
        """The splits whose file may be missing."""
        return () if self.squad is None else _MAY_LACK

    @property
    def kind(self) -> str:
        """TAGGING, CLASSIFICATION, REGRESSION or SPANS."""
        if self.squad is not None:
            return SPANS
        if self.do_regression or (self.glue and self.glue.regression):
            return REGRESSION
        return TAGGING if self.do_ner else CLASSIFICATION

    @property
    def labels_loss(self) -> str:
        """The loss against gold labels, a name in `distill.losses.LOSSES`."""
        return _LABELS_LOSS.get(self.kind, "cross_entropy")

    @property
    def measure(self) -> str:
        """The dev measure that chooses epochs and steps."""
        own = self.glue.measure if self.glue else MEASURES[self.kind][0]
        return self.dev_measure or own
