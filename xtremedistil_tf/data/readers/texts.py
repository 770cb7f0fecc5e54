"""Reading labelled texts and pairs of texts: rows `text<TAB>label`, `text<TAB>text<TAB>label`."""

import pathlib
import re
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
# A language where labels may hold a colon: an ISO 639 code in small letters, and perhaps a region.
_CODE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


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


def _check_code(label: str, prefix: Optional[str]) -> None:
    """Refuses a prefix that is no language code where nothing tells it from the label itself.

    Raises:
      RowError: naming the label and the way out.
    """
    if prefix is not None and not _CODE.fullmatch(prefix):
        raise RowError(("prefix", f"the label is {label!r}, and {prefix!r} is no language code "
                        "such as de or pt-br; if it belongs to the label, name all labels in "
                        "labels.tsv, one a line"))


def prefix_warnings(where: str, rows: Sequence[Example]) -> List[str]:
    """Tells what was taken for languages in a task without labels.tsv.

    Args:
      where: the task folder.
      rows: of its training split, read without a label set.
    """
    languages = sorted({row.language for row in rows} - {DEFAULT_LANGUAGE})
    if not languages:
        return []
    return [f"{where}: what stands before a label's colon was read as its language "
            f"({', '.join(languages)}); if it belongs to the label, name all labels in labels.tsv, "
            "one a line"]


def parse_text(
    text: str, labels: Optional[TextLabels], pairs: bool = False
) -> Tuple[Example, Dict[str, int]]:
    """Parses one row `text<TAB>label`, or of two texts; the label may carry `lang:`.

    Args:
      text: the row.
      labels: the labels that may occur; None takes any, and language codes alone for `lang:`.
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
    if labels is None:
        _check_code(label, language)
    elif plain not in labels:
        check_label(label, labels)
    return Example(words[0], (plain,), language or DEFAULT_LANGUAGE,
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
