"""Reading labelled texts and pairs of texts: rows `text<TAB>label`, `text<TAB>text<TAB>label`."""

import pathlib
from typing import Dict, List, Optional, Sequence, Tuple, Union

from xtremedistil_tf.data.labels import ClassSet, Numbers
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.rows import (
    DEFAULT_LANGUAGE,
    Example,
    NoGold,
    ReadReport,
    read_rows,
    split_columns,
    split_language,
    split_spaces,
)

# What texts are labelled with.
TextLabels = Union[ClassSet, Numbers]
# Stands for the label in SNLI and MNLI where annotators did not agree.
NO_GOLD = "-"


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


def words_of(text: str, problem: str) -> Tuple[str, ...]:
    """The words of a row's text.

    Args:
      text: the text.
      problem: what is told of an empty one.

    Raises:
      RowError: if there are none.
    """
    words = split_spaces(text)
    if not words:
        raise RowError(("no_words", problem))
    return words


def _words(texts: Sequence[str]) -> List[Tuple[str, ...]]:
    problems = ("the first text is empty", "the second text is empty") if len(texts) == 2 \
        else ("no text before the tab",)
    return [words_of(text, problem) for text, problem in zip(texts, problems)]


def check_gold(label: str, labels: Optional[TextLabels]) -> None:
    """Tells rows apart that have no gold label, unless labels.tsv names the mark as a class.

    Raises:
      NoGold: if the label is the mark of SNLI and MNLI for that.
    """
    if label == NO_GOLD and (labels is None or label not in labels):
        raise NoGold(("no_gold", f"no gold label: {NO_GOLD!r}"))


def parse_text(
    text: str, labels: Optional[TextLabels], pairs: bool = False
) -> Tuple[Example, Dict[str, int]]:
    """Parses one row `text<TAB>label`, or of two texts; the label may carry `lang:`.

    Args:
      text: the row.
      labels: the labels that may occur; None takes any.
      pairs: whether a row has two texts.

    Returns:
      The row, and no counts: nothing in it is ever changed.

    Raises:
      NoGold: for a pair without a gold label.
      RowError: with what is wrong in the row.
    """
    *texts, last = split_columns(text, 3, "needed are 3: two texts and their label, tabs between") \
        if pairs else split_columns(text, 2, "needed are 2: a text, a tab, its label")
    words, label = _words(texts), last.strip()
    if not label:
        raise RowError(("no_label", "no label behind the tab"))
    language, plain = split_language(label, labels or ())
    if pairs:
        check_gold(plain, labels)
    return Example(words[0], (check_label(plain, labels),), language or DEFAULT_LANGUAGE,
                   *words[1:]), {}


def parse_pair_line(text: str) -> Optional[Example]:
    """Parses a line of unlabelled pairs; a third column is a label, which nobody reads.

    Raises:
      RowError: with what is wrong in the line.
    """
    if not text.strip():
        return None
    columns = text.split("\t")
    if len(columns) != 3:
        columns = split_columns(text, 2, "needed are 2: a text, a tab, the other text")
    first, second = _words(columns[:2])
    return Example(first, second=second)


def read_texts(
    path: pathlib.Path, labels: Optional[TextLabels], on_bad_row: str = "error",
    pairs: bool = False,
) -> Tuple[List[Example], ReadReport]:
    """Reads `text<TAB>label` or, of pairs, `text<TAB>text<TAB>label`. See `read_rows`."""
    return read_rows(path, lambda text: parse_text(text, labels, pairs), on_bad_row)
