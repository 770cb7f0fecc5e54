"""Reads GLUE's original files: columns by header name, without quoting."""

import pathlib
from typing import List, Optional, Tuple

from xtremedistil_tf.config import GlueTask
from xtremedistil_tf.data.lines import read_lines
from xtremedistil_tf.data.readers.report import NoGold
from xtremedistil_tf.data.readers.rows import (
    DEFAULT_LANGUAGE,
    Example,
    ReadReport,
    TextFile,
    read_rows,
    split_columns,
)
from xtremedistil_tf.data.readers.texts import (
    NO_GOLDS,
    TextLabels,
    check_label,
    words_of,
)
from xtremedistil_tf.errors import UserError

# Labels of GLUE's files, as many tools write them, that are none; no task has such a class.
_NO_GOLD = NO_GOLDS | {"", "hidden", "-1.0", "-1.000", "nan"}


def _columns(path: pathlib.Path, task: GlueTask) -> Tuple[Tuple[str, ...], int]:
    """Returns (column names, line number of the first row).

    Raises:
      UserError: if a text column is missing.
    """
    line = next((text for _, text in read_lines(path)), "")
    if isinstance(line, UserError):
        raise UserError(f"{path}:1: {line}")
    names = tuple(name.strip() for name in line.split("\t"))
    if set(task.texts) <= set(names):
        return names, 2
    if task.columns is None or len(names) != len(task.columns):
        raise UserError(f"{path}:1: the columns are {', '.join(names)}; needed are "
                        f"{', '.join(task.texts)} (--glue_task names the task, the first line of "
                        "its files the columns)")
    return task.columns, 1


class _Parser:
    """Parser of the lines of one GLUE file.

    Args:
      path: the file.
      task: the GLUE task.
      labels: the allowed labels; None allows any.
      labelled: False to ignore the label column.

    Raises:
      UserError: if a text column is missing.
    """

    def __init__(self, path: pathlib.Path, task: GlueTask, labels: Optional[TextLabels],
                 *, labelled: bool = True):
        self._names, self.first = _columns(path, task)
        self._labels = labels
        self._texts = [self._names.index(name) for name in task.texts]
        self._label = self._names.index(task.label) \
            if labelled and task.label in self._names else None

    def _is_class(self, label: str) -> bool:
        """True if labels.tsv names a label that is none elsewhere; numbers have no such file."""
        tags = () if self._labels is None else self._labels.tags
        return label in tags

    def has_gold(self, text: str) -> bool:
        """True unless the label of a row says that there is none."""
        cells = text.split("\t")
        label = cells[self._label].strip() if self._label is not None and (
            self._label < len(cells)) else ""
        return label not in _NO_GOLD or self._is_class(label)

    def __call__(self, text: str) -> Example:
        cells = split_columns(
            text, len(self._names), f"needed are {len(self._names)}: {', '.join(self._names)}")
        words = [words_of(cells[place], f"the column {self._names[place]} is empty")
                 for place in self._texts]
        tags: Tuple[str, ...] = ()
        if self._label is not None:
            label = cells[self._label].strip()
            if label in _NO_GOLD and not self._is_class(label):
                raise NoGold(("no_gold", f"no gold label: {label!r}"))
            tags = check_label(label, self._labels),
        return Example(words[0], tags, DEFAULT_LANGUAGE, *words[1:])


def read_glue(
    path: pathlib.Path, task: GlueTask, labels: Optional[TextLabels], *, on_bad_row: str = "error"
) -> Tuple[List[Example], ReadReport]:
    """Reads an original GLUE file.

    Args:
      path: the file, with a header or in the task's column order.
      task: the GLUE task.
      labels: the allowed labels; None allows any.
      on_bad_row: "error" or "skip".

    Returns:
      See `read_rows`; without a label column, or with no label in it, the examples have no tags.

    Raises:
      UserError: for an unusable file or row.
    """
    parse = _Parser(path, task, labels)
    rows = (text for number, text in read_lines(path) if number >= parse.first)
    if not any(isinstance(text, str) and parse.has_gold(text) for text in rows):
        parse = _Parser(path, task, labels, labelled=False)
    return read_rows(path, lambda text: (parse(text), {}), on_bad_row=on_bad_row, first=parse.first)


def glue_texts(path: pathlib.Path, task: GlueTask, *, on_bad_row: str = "error") -> TextFile:
    """Opens a GLUE file as unlabelled text; see `read_glue`."""
    parse = _Parser(path, task, None, labelled=False)
    return TextFile(path, on_bad_row=on_bad_row, parse=parse, first=parse.first)
