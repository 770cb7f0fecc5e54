"""The labelled rows that models are scored on."""

import pathlib
from typing import Any, List, Optional, Tuple

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.data.readers.rows import ReadReport
from xtremedistil_tf.errors import UserError, not_allowed
from xtremedistil_tf.tasks import task_kind


def measure_of_data(labels: Labels, glue_task: Optional[str]) -> str:
    """Returns the measure of the headline: the GLUE task's, else the first of the kind."""
    return DataConfig.of_kind(labels.kind, "", glue_task=glue_task).measure


def read_labelled_rows(
    data: pathlib.Path, labels: Labels, *, split: str = "test", pairs: bool = False,
    glue_task: Optional[str] = None, on_bad_row: str = "error",
) -> Tuple[List[Any], ReadReport]:
    """Reads labelled rows for a model with known labels.

    Args:
      data: a labelled file or a task folder.
      labels: the label set.
      split: the split to read from a task folder.
      pairs: True if a row has two texts.
      glue_task: the GLUE task of the files; None for other files.
      on_bad_row: "error" stops at the first unusable row, "skip" leaves it out.

    Raises:
      UserError: if a file or row cannot be used.
    """
    data, kind = pathlib.Path(data), task_kind(labels.kind)
    config = DataConfig.of_kind(
        labels.kind, str(data), glue_task=glue_task, on_bad_row=on_bad_row,
        do_pairwise=pairs and glue_task is None and not kind.pairs)
    path = data
    if path.is_dir():
        if split not in config.files:
            raise not_allowed("split", split, config.files)
        path = path / config.files[split]
    rows, report = kind.read_rows(path, labels, config)
    if not (rows[0].tags or kind.empty_labels):
        raise UserError(f"{path}: no labels in it; needed are labelled rows")
    return rows, report
