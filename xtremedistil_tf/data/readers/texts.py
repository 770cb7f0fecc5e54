"""Reads labelled texts and pairs: rows `text<TAB>label` and `text<TAB>text<TAB>label`."""

import pathlib
import re
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

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
    split_several,
    split_spaces,
)

# Label sets of texts.
TextLabels = Union[ClassSet, Numbers]
# The label in SNLI and MNLI if the annotators disagreed, and what others write for it.
NO_GOLD = "-"
NO_GOLDS = frozenset({NO_GOLD, "-1"})
# How people and programs write that there is no label, in lower case; some are classes.
EMPTY_LABELS = frozenset({
    "", "-", "_", "?", "nan", "none", "null", "n/a", "<na>", "na", "unk", "unknown"})
# A language prefix if labels may contain a colon: ISO 639 in lower case, with an optional region.
_CODE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def check_label(label: str, labels: Optional[TextLabels]) -> str:
    """Returns the label if it is allowed.

    Args:
      label: label of a row.
      labels: the allowed labels; None allows any.

    Raises:
      RowError: if it is not allowed.
    """
    if labels and label not in labels:
        raise RowError(("unknown_label", f"the label is {label!r}; allowed: {labels.allowed}"))
    return label


def words_of(text: str, problem: str) -> Tuple[str, ...]:
    """Splits a row's text into words.

    Args:
      text: the text.
      problem: message for an empty text.

    Raises:
      RowError: if the text has no words.
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
    """Checks that a row of two texts has a gold label.

    Raises:
      NoGold: if the label is a mark for none, and not a class of labels.tsv.
    """
    # While the labels are collected, -1 may be one of them, beside 0 and 1.
    if label == NO_GOLD if labels is None else label in NO_GOLDS and label not in labels:
        raise NoGold(("no_gold", f"no gold label: {label!r}"))


def _check_code(label: str, prefix: Optional[str]) -> None:
    """Refuses a prefix that is not a language code: it could be a part of the label.

    Raises:
      RowError: with the label and a solution.
    """
    if prefix is not None and not _CODE.fullmatch(prefix):
        raise RowError(("prefix", f"the label is {label!r}, and {prefix!r} is no language code "
                        "such as de or pt-br; if it belongs to the label, name all labels in "
                        "labels.tsv, one a line"))


def prefix_warnings(where: str, rows: Sequence[Example]) -> List[str]:
    """Warns of the prefixes that were read as languages in a task without labels.tsv.

    Args:
      where: the task folder.
      rows: training rows, read without a label set.
    """
    languages = sorted({row.language for row in rows} - {DEFAULT_LANGUAGE})
    if not languages:
        return []
    return [f"{where}: what stands before a label's colon was read as its language "
            f"({', '.join(languages)}); if it belongs to the label, name all labels in labels.tsv, "
            "one a line"]


def parse_text(
    text: str, labels: Optional[TextLabels], *, pairs: bool = False
) -> Tuple[Example, Dict[str, int]]:
    """Parses a row `text<TAB>label` or, for pairs, `text<TAB>text<TAB>label`.

    The label may have a `lang:` prefix.

    Args:
      text: the row.
      labels: the allowed labels; None allows any, and then `lang:` must be a language code.
      pairs: True if a row has two texts.

    Returns:
      (example, no counts): rows are never repaired.

    Raises:
      NoGold: for a pair without a gold label.
      RowError: with the problems of the row.
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


def parse_several(
    text: str, labels: Optional[Any], *, pairs: bool = False
) -> Tuple[Example, Dict[str, int]]:
    """Parses a row `text<TAB>label,label`; a row may have no label.

    Args:
      text: the row.
      labels: the allowed labels, a `data.several_labels.SeveralLabels`; None allows any.
      pairs: True if a row has two texts.

    Returns:
      (example, no counts).

    Raises:
      RowError: with the problems of the row.
    """
    *texts, last = split_columns(text, 3, "needed are 3: two texts, their labels, tabs between") \
        if pairs else split_columns(text, 2, "needed are 2: a text, a tab, its labels")
    words = _words(texts)
    language, names = split_several(last, labels or ())
    if labels is None:
        _check_code(last.strip(), language)
    for name in names:
        check_label(name, labels)
    return Example(words[0], names, language or DEFAULT_LANGUAGE, *words[1:]), {}


def parse_pair_line(text: str) -> Optional[Example]:
    """Parses a line of unlabelled pairs; a label in a third column is ignored.

    Raises:
      RowError: with the problems of the line.
    """
    if not text.strip():
        return None
    columns = text.split("\t")
    if len(columns) != 3:
        columns = split_columns(text, 2, "needed are 2: a text, a tab, the other text")
    first, second = _words(columns[:2])
    return Example(first, second=second)


def read_texts(
    path: pathlib.Path, labels: Optional[TextLabels], *, on_bad_row: str = "error",
    pairs: bool = False,
) -> Tuple[List[Example], ReadReport]:
    """Reads `text<TAB>label` or, for pairs, `text<TAB>text<TAB>label`. See `read_rows`."""
    return read_rows(
        path, lambda text: parse_text(text, labels, pairs=pairs), on_bad_row=on_bad_row)
