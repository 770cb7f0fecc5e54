"""GLUE's tasks: how their files are laid out, and what each is measured by."""

import dataclasses
from typing import Dict, Optional, Tuple


@dataclasses.dataclass(frozen=True)
class GlueTask:
    """One of GLUE's tasks.

    Attributes:
      texts: names of the columns of the text or the two texts.
      label: name of the label's column; a file without it is unlabelled.
      measure: dev score that chooses epochs and steps, the task's own.
      columns: names of the columns of files that have no header; None where all have one.
      regression: whether the label is a number to be estimated.
      files: by split; "dev" chooses, what stands behind "test" is scored or predicted beside it.
      submission: by unlabelled split, GLUE's name for the file of predictions; None is the task's.

    Source: Wang et al. (2019), Table 1, for the measures.
    """

    texts: Tuple[str, ...]
    label: str = "label"
    measure: str = "accuracy"
    columns: Optional[Tuple[str, ...]] = None
    regression: bool = False
    files: Tuple[Tuple[str, str], ...] = (
        ("train", "train.tsv"), ("dev", "dev.tsv"), ("test", "test.tsv"))
    submission: Tuple[Tuple[str, str], ...] = ()


_SENTENCES = ("sentence1", "sentence2")
_BY_DOMAIN = (("train", "train.tsv"), ("dev", "dev_matched.tsv"), ("test", "test_matched.tsv"),
              ("dev_mismatched", "dev_mismatched.tsv"), ("test_mismatched", "test_mismatched.tsv"))

GLUE: Dict[str, GlueTask] = {
    "CoLA": GlueTask(("sentence",), measure="matthews",
                     columns=("source", "label", "original", "sentence")),
    "MNLI": GlueTask(_SENTENCES, "gold_label", files=_BY_DOMAIN,
                     submission=(("test", "MNLI-m"), ("test_mismatched", "MNLI-mm"))),
    "MRPC": GlueTask(("#1 String", "#2 String"), "Quality", "f1"),
    "QNLI": GlueTask(("question", "sentence")),
    "QQP": GlueTask(("question1", "question2"), "is_duplicate", "f1"),
    "RTE": GlueTask(_SENTENCES),
    "SST-2": GlueTask(("sentence",)),
    "STS-B": GlueTask(_SENTENCES, "score", "pearson", regression=True),
    "WNLI": GlueTask(_SENTENCES),
}
