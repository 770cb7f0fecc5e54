"""Settings of the data of a run."""

import dataclasses
from typing import Any, Dict, Mapping, Optional, Tuple

from xtremedistil_tf.config.checks import at_least, one_of, require
from xtremedistil_tf.config.glue import GLUE, GlueTask
from xtremedistil_tf.config.squad import SquadConfig
from xtremedistil_tf.tasks import TAG_SCHEMES, TaskKind, task_kind

ON_BAD_ROW = ("error", "skip")
DECODINGS = ("constrained", "independent", "trained")
# Settings whose flag has another name.
_FLAGS = {"do_ner": "do_NER", "squad": "do_squad"}
# A setting that chooses a kind of task, what it does, the settings it excludes, what they are.
_EXCLUDED = (
    ("task_kind", "--task_kind={} is a kind of task of its own",
     ("do_ner", "glue_task", "do_regression", "squad"), "other tasks"),
    ("do_multilabel", "--do_multilabel gives a text several labels",
     ("do_ner", "glue_task", "do_regression", "squad"), "other tasks"),
    ("do_ner", "--do_NER tags words",
     ("glue_task", "do_pairwise", "do_regression"), "for whole texts"),
    ("squad", "--do_squad finds answers in texts",
     ("do_ner", "glue_task", "do_pairwise", "do_regression"), "other tasks"),
)


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Settings of the data: task folder, transfer set, kind of task.

    Attributes:
      task: folder with train.tsv, dev.tsv, test.tsv and labels.tsv. For classification labels.tsv
        may be missing; the labels are then those of train.tsv.
      transfer_file: unlabelled text, one sentence a line. A relative path is searched in the task
        folder, then in the current folder.
      seq_len: maximum length of a sequence in subword tokens, special tokens included.
      do_ner: True for tagging, False for classification.
      tag_scheme: scheme of a tagger's tags, one of `tasks.TAG_SCHEMES`: "iob2", "bioes", or "none"
        for any tags without a scheme; None for "iob2".
      do_multilabel: True if a text has any number of labels.
      decoding: decoding of a tagger: "constrained", the most probable valid sequence of the scheme;
        "independent", the most probable tag of each word (the paper); "trained", the valid sequence
        that is best with transition scores fitted on dev after training.
      on_bad_row: "error" stops at the first unusable row, "skip" counts and reports them.
      dev_measure: the kind's measure (`tasks.TaskKind`) that chooses epochs and stages; None for
        the default.
      languages: languages whose labelled rows are used; empty for all.
      labels_per_language: maximum number of training rows for each language; None for all.
      transfer_size: number of sentences of the transfer file to use; None for all.
      entity_swaps: number of sentences to add to the transfer set from each labelled sentence, with
        its entities replaced by others of the same type and language.
      word_swaps: number of sentences to add to the transfer set from each of its sentences, with
        words replaced by others that stand beside the same word elsewhere.
      glue_task: GLUE task whose original files the folder holds; None for the project's format.
      do_regression: True to estimate a number for each text; implied by GLUE's STS-B.
      do_pairwise: True if a row has two texts; implied by GLUE's tasks on pairs.
      squad: settings for a folder with SQuAD's files; None for other tasks.
      task_kind: name of a kind of task that `tasks.register_task` added; None for the kinds that
        the settings above select.
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
    word_swaps: int = 0
    glue_task: Optional[str] = None
    do_regression: bool = False
    do_pairwise: bool = False
    squad: Optional[SquadConfig] = None
    task_kind: Optional[str] = None
    tag_scheme: Optional[str] = None
    do_multilabel: Optional[bool] = None

    def __post_init__(self):
        at_least("seq_len", self.seq_len, 3)
        for flag in ("labels_per_language", "transfer_size"):
            if getattr(self, flag) is not None:
                at_least(flag, getattr(self, flag), 1)
        at_least("entity_swaps", self.entity_swaps, 0)
        at_least("word_swaps", self.word_swaps, 0)
        self._check_kind()
        kind = task_kind(self.kind)
        require(kind.entities or not self.entity_swaps,
                "--entity_swaps needs --do_NER, and a --tag_scheme with entities")
        require(kind.tags_words or not self.word_swaps, "--word_swaps needs --do_NER")
        one_of("on_bad_row", self.on_bad_row, ON_BAD_ROW)
        one_of("decoding", self.decoding, DECODINGS)
        require(kind.tags_words or self.decoding == DECODINGS[0],
                f"--decoding={self.decoding} needs --do_NER: texts have no sequence of tags")
        require(kind.entities or self.decoding != "trained",
                "--decoding=trained needs a --tag_scheme with entities, iob2 or bioes")
        require(self.measure in kind.measures, f"--dev_measure is {self.measure!r}; allowed for "
                f"{self.kind}: {', '.join(kind.measures)}")

    @classmethod
    def of_kind(cls, kind: str, task: str, **settings: Any) -> "DataConfig":
        """Returns the settings that read a folder as a kind of task.

        Args:
          kind: name of the kind.
          task: the folder.
          settings: further settings by name.

        Example:
          DataConfig.of_kind("regression", "data/sts", seq_len=128)
        """
        record = task_kind(kind)
        if record.windows:
            settings.setdefault("squad", SquadConfig())
        return cls(task, **{**record.chosen_by, **settings})

    def _check_kind(self) -> None:
        """Checks that the settings that select the kind of task are consistent."""
        if self.glue_task is not None:
            one_of("glue_task", self.glue_task, tuple(GLUE))
        if self.tag_scheme is not None:
            one_of("tag_scheme", self.tag_scheme, tuple(TAG_SCHEMES))
            require(self.do_ner, f"--tag_scheme={self.tag_scheme} needs --do_NER: texts have no "
                    "tags")
        if self.task_kind is not None:
            record: TaskKind = task_kind(self.task_kind)
            require(record.settings is None,
                    f"--task_kind is {self.task_kind!r}, a kind that has flags of its own "
                    "(--do_NER, --do_regression, --do_squad; none of them classifies); allowed: a "
                    "kind that an installed package adds")
        for name, does, others, are in _EXCLUDED:
            *first, last = (f"--{_FLAGS.get(other, other)}" for other in others)
            require(not (getattr(self, name) and any(getattr(self, other) for other in others)),
                    f"{does.format(getattr(self, name))}; {', '.join(first)} and {last} are {are}: "
                    "give one of them")
        require(not self.do_pairwise or self.glue is None or self.pairs_of_glue,
                f"--do_pairwise does not go with --glue_task={self.glue_task}, which has one text")
        require(not self.do_regression or self.glue is None or self.glue.regression,
                f"--do_regression does not go with --glue_task={self.glue_task}, which has classes")

    @property
    def glue(self) -> Optional[GlueTask]:
        """The GLUE task; None for files in the project's format."""
        return GLUE[self.glue_task] if self.glue_task is not None else None

    @property
    def pairs_of_glue(self) -> bool:
        """True if this is a GLUE task on pairs of texts."""
        return self.glue is not None and len(self.glue.texts) == 2

    @property
    def pairs(self) -> bool:
        """True if a row has two texts."""
        return self.do_pairwise or self.pairs_of_glue or task_kind(self.kind).pairs

    @property
    def files(self) -> Dict[str, str]:
        """File names of the labelled splits."""
        return dict(self.glue.files if self.glue else task_kind(self.kind).files)

    @property
    def may_lack(self) -> Tuple[str, ...]:
        """Splits whose file may be missing."""
        return task_kind(self.kind).may_lack

    @property
    def kind(self) -> str:
        """Name of the kind of task, derived from the settings here only."""
        if self.task_kind is not None:
            return self.task_kind
        if self.squad is not None:
            return "spans"
        if self.do_regression or (self.glue and self.glue.regression):
            return "regression"
        if self.do_multilabel:
            return "multilabel"
        return TAG_SCHEMES[self.tag_scheme or "iob2"] if self.do_ner else "classification"

    @property
    def labels_loss(self) -> str:
        """The loss against gold labels, a name in `training.loss_table.LOSSES`."""
        return task_kind(self.kind).labels_loss

    @property
    def own_losses(self) -> Mapping[str, str]:
        """Losses on the teacher's logits in the kind's own way, see `TaskKind`."""
        return task_kind(self.kind).own_losses

    @property
    def measure(self) -> str:
        """The dev measure that chooses epochs and stages."""
        own = self.glue.measure if self.glue else task_kind(self.kind).measures[0]
        return self.dev_measure or own
