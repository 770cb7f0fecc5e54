"""Scores of a student as deployed: its predictions on text against gold labels."""

import pathlib
from typing import Any, Dict, Optional, Union

from xtremedistil_tf.evaluation.labelled import read_labelled_rows
from xtremedistil_tf.evaluation.subjects import subject_of
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import task_kind

Folder = Union[str, pathlib.Path]


def evaluate(
    student: Union[TextModel, Folder], data: Folder, *, split: str = "test",
    runtime: Optional[str] = None, glue_task: Optional[str] = None, on_bad_row: str = "error",
) -> Dict[str, Any]:
    """Scores a student on labelled examples as deployed: the runtime reads the text.

    The scores have the same names as in metrics.json, but may differ a little. A tagger reads long
    sentences whole here, while metrics.json counts words beyond `seq_len` as O; int8 runtimes
    round.

    Args:
      student: a run folder, the folder of one of its exports, the folder of a fine-tuned teacher,
        one of them on a model hub (`user/name`), or a result of `xtremedistil_tf.load`.
      data: a labelled file or a task folder.
      split: the split to read from a task folder.
      runtime: the runtime for a folder; see `xtremedistil_tf.load`.
      glue_task: the GLUE task of the files; default: the one that the student was made for.
      on_bad_row: "error" stops at the first unusable row, "skip" ignores it.

    Returns:
      Scores from 0 to 100; under "languages" the scores and support of each language.

    Raises:
      UserError: if the folder holds no student, or a file or row cannot be used.

    Example:
      xtremedistil_tf.evaluate("runs/demo", "data/ner", runtime="onnx_int8")["macro_f1"]
      xtremedistil_tf.evaluate("runs/demo", "data/ner/dev.tsv")["languages"]["de"]["f1"]
    """
    subject = subject_of(student, runtime)
    labels = subject.labels
    rows, _ = read_labelled_rows(
        pathlib.Path(data), labels, split=split, pairs=subject.pairs,
        glue_task=glue_task or subject.glue_task, on_bad_row=on_bad_row)
    answers, _ = subject.predict(rows)
    return task_kind(labels.kind).score_fully(
        [row.tags for row in rows], answers, [row.language for row in rows], labels)
