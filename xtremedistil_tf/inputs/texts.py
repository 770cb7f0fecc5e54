"""Reading labelled texts: rows `text<TAB>label`."""

import pathlib
from typing import List, Optional, Tuple, Union

from xtremedistil_tf.inputs.examples import (
    DEFAULT_LANGUAGE,
    Example,
    ReadReport,
    RowError,
    read_rows,
    split_columns,
    split_prefix,
    split_spaces,
)
from xtremedistil_tf.inputs.labels import ClassSet, Numbers

# What texts are labelled with.
TextLabels = Union[ClassSet, Numbers]


def check_label(label: str, labels: Optional[TextLabels]) -> str:
    """Gives a label back that may occur.

    Args:
      label: as it stands in a row.
      labels: what may occur; None takes any.

    Raises:
      RowError: if it may not.
    """
    if labels and label not in labels:
        raise RowError(("unknown_label", f"the label is {label!r}; allowed: {labels.allowed}"))
    return label


def words_of(text: str) -> Tuple[str, ...]:
    """The words of a row's text.

    Raises:
      RowError: if there are none.
    """
    words = split_spaces(text)
    if not words:
        raise RowError(("no_words", "no text before the tab"))
    return words


def parse_text(text: str, labels: Optional[TextLabels]) -> Tuple[Example, int]:
    """Parses one row `text<TAB>label`; the label may carry `lang:`.

    Args:
      text: the row.
      labels: the labels that may occur; None takes any.

    Returns:
      The row, and 0: no label is ever repaired.

    Raises:
      RowError: with what is wrong in the row.
    """
    first, second = split_columns(text, 2, "needed are 2: a text, a tab, its label")
    words, label = words_of(first), second.strip()
    if not label:
        raise RowError(("no_label", "no label behind the tab"))
    language, plain = (None, label) if labels and label in labels else split_prefix(label)
    return Example(words, (check_label(plain, labels),), language or DEFAULT_LANGUAGE), 0


def read_texts(
    path: pathlib.Path, labels: Optional[TextLabels], on_bad_row: str = "error"
) -> Tuple[List[Example], ReadReport]:
    """Reads `text<TAB>label`; the label may carry `lang:`. See `read_rows`."""
    return read_rows(path, lambda text: parse_text(text, labels), on_bad_row)
