"""GLUE's tasks: the layout of their files and their measures."""

import dataclasses
from typing import Dict, Optional, Tuple


@dataclasses.dataclass(frozen=True)
class GlueTask:
    """One of GLUE's tasks.

    Attributes:
      texts: column names of the text or the two texts.
      label: column name of the label; a file without this column is unlabelled.
      measure: GLUE's measure of the task; on dev it chooses epochs and stages.
      columns: column names for files without a header; None if all files have one.
      regression: True if the label is a number.
      files: file names by split; "dev" chooses, splits after "test" are scored or predicted too.
      submission: GLUE's names of the prediction files by unlabelled split; None for the task's.

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
