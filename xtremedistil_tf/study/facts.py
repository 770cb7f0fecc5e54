"""Facts on a study's data, which its lines may depend on."""

import collections
import pathlib
from typing import Any, Callable, Dict, List, Sequence, Tuple

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.splits import read_labelled
from xtremedistil_tf.data.folders.transfer import find_transfer_file
from xtremedistil_tf.study.grids import Facts
from xtremedistil_tf.tasks import task_kind


def read_facts(
    data: DataConfig, *, sizes: Sequence[int], encoder: Callable[[], Tuple[int, int]]
) -> Facts:
    """Reads the training rows and counts the transfer set.

    Args:
      data: data settings of the runs.
      sizes, encoder: see `Facts`.

    Raises:
      UserError: for every mistake in these files.
    """
    examples = _train(data)
    # Opened as the runs open it: train tells how running text is split into words.
    text, _ = task_kind(data.kind).transfer.open(data, find_transfer_file(data), examples, [])
    languages = {row.language for row in examples["train"]}
    return Facts(tuple(sorted(languages)), sum(1 for _ in text), encoder, tuple(sizes),
                 _classes(data))


def labels_by_language(data: DataConfig) -> Dict[str, int]:
    """Returns the number of training rows of each language."""
    return dict(collections.Counter(row.language for row in _train(data)["train"]))


def _train(data: DataConfig) -> Dict[str, List[Any]]:
    _, _, examples, _ = read_labelled(data, splits=["train"])
    return examples


def _classes(data: DataConfig) -> int:
    """Number of classes of whole texts; 0 for taggers."""
    kind = task_kind(data.kind)
    if not (kind.pooled and kind.classes):
        return 0
    return len(kind.read_labels(data, pathlib.Path(data.task)).tags)
