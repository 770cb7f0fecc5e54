"""The labelled splits of a task folder."""

import pathlib
from typing import Any, Dict, List, Optional, Sequence, Tuple

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.labelled import LABELS_FILE
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.data.readers.rows import ReadReport
from xtremedistil_tf.data.readers.subset import first_of_languages, of_languages
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind


def read_labelled(
    config: DataConfig, *, splits: Optional[Sequence[str]] = None,
    names: Optional[Sequence[str]] = None,
) -> Tuple[Labels, Dict[str, pathlib.Path], Dict[str, List[Any]], Dict[str, ReadReport]]:
    """Reads labels and labelled splits; see `read_task`.

    Args:
      config: paths and reading options.
      splits: the splits to read; None for all.
      names: labels of a ready teacher. Every split may then be missing; without labels.tsv these
        are the task's labels.

    Returns:
      (labels, paths, examples and read reports, the last three by split).

    Raises:
      UserError: for a folder or file that is missing, the first unusable row, or a dev measure that
        does not suit the labels.
    """
    folder = pathlib.Path(config.task)
    if names is None and not folder.is_dir():
        raise UserError(f"--task {folder} is not a folder")
    paths = {split: folder / config.files[split] for split in splits or config.files}
    may_lack = config.may_lack if names is None else tuple(paths)
    paths = {split: path for split, path in paths.items()
             if split not in may_lack or path.is_file()}
    examples: Dict[str, List[Any]] = {}
    reports: Dict[str, ReadReport] = {}
    kind = task_kind(config.kind)
    if names is not None and not (folder / LABELS_FILE).is_file():
        labels = kind.label_set(names, config.decoding)
    else:
        labels = kind.read_labels(config, folder)
    if config.measure in kind.binary_measures and labels.size != 2:
        raise UserError(f"--dev_measure={config.measure} is of two classes; the labels are "
                        f"{', '.join(labels.tags)}")
    for split, path in paths.items():
        rows, reports[split] = kind.read_rows(path, labels, config)
        if config.languages:
            rows = of_languages(rows, config.languages, str(path))
        if split == "train" and config.labels_per_language is not None:
            rows = first_of_languages(rows, config.labels_per_language)
        examples[split] = rows
    return labels, paths, examples, reports
