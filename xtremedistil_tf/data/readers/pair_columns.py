"""Recognises files of unlabelled pairs whose first two columns are not the two texts."""

import itertools
import pathlib
import re
from typing import Collection, Iterable, List, Optional, Sequence

from xtremedistil_tf.data.lines import read_lines
from xtremedistil_tf.data.readers.marks import wordless_form
from xtremedistil_tf.data.readers.tables import NUMBER, is_quoted
from xtremedistil_tf.data.words import has_unspaced

_SAMPLE = 500
# With fewer rows, two texts could look like numbers or labels.
_FEWEST = 3
_SHARE = 0.9
# Names of columns of texts in headers.
_NAME = re.compile(
    r"(?:#?[12] ?)?(?:text|sentence|sent|question|string|utterance|document|doc|title|query)"
    r"(?:[ _-]?(?:[12ab]|one|two|pair))?|premise|hypothesis|context|passage|source|target",
    re.IGNORECASE)
# A name with a number, as of a row.
_NUMBERED = re.compile(r"[a-z]*[_.:-]?\d+(?:[_.:-]\w+)*", re.IGNORECASE)
# A word with a number, such as covid-19; ids have few stems, or short ones.
_WORD_AND_NUMBER = re.compile(r"([a-z]{3,})-?\d+", re.IGNORECASE)
# In at least so many rows at most this share of different single words are classes.
_FEWEST_CLASSES, _MOST_CLASSES = 20, 0.1
# Longer cells in scripts without spaces are texts.
_LONG = 8


def _is_text(cell: str) -> bool:
    return " " in cell or (len(cell) > _LONG and has_unspaced(cell))


def _no_texts(cells: Sequence[str], labels: Collection[str]) -> Optional[str]:
    """Describes a column of which most cells are no texts; None for others."""
    if sum(cell in labels or NUMBER.fullmatch(cell) is not None for cell in cells) >= (
            _SHARE * len(cells)):
        return "numbers or labels"
    several = len(set(cells)) == len(cells) and all(map(_NUMBERED.fullmatch, cells))
    return "ids or addresses" if several and not _have_stems(cells) or wordless_form(cells) \
        else None


def wordless_column(rows: Sequence[Sequence[str]], labels: Collection[str] = ()) -> Optional[str]:
    """Describes the first of both columns that holds no texts; None if both do.

    Args:
      rows: rows of at least two cells.
      labels: labels of the task.
    """
    for number in (1, 2):
        told = _no_texts([row[number - 1] for row in rows], labels)
        if told:
            return (f"has {told} in its column {number} ({rows[0][number - 1]!r:.60}), "
                    "where a text is needed")
    return None


def _have_stems(cells: Sequence[str]) -> bool:
    """True if most cells are words with a number behind, whose stems are different words."""
    stems = {match.group(1).lower() for match in map(_WORD_AND_NUMBER.fullmatch, cells) if match}
    return len(stems) > 0.5 * len(cells)


def _are_few(cells: Sequence[str]) -> bool:
    """True for the same few words in all rows."""
    few = len(cells) >= _FEWEST_CLASSES and len(set(cells)) <= _MOST_CLASSES * len(cells)
    return few and not any(map(_is_text, cells))


def _are_quoted(rows: Sequence[Sequence[str]]) -> bool:
    """True if a program put cells in quotes: all of them, or those with quotes inside."""
    cells = [cell for row in rows for cell in row if '"' in cell]
    if not cells or not all(map(is_quoted, cells)):
        return False
    return any('""' in cell[1:-1] for cell in cells) or len(cells) == sum(map(len, rows))


def _problem(rows: List[List[str]], labels: Collection[str]) -> Optional[str]:
    first = rows[0]
    if sum(_NAME.fullmatch(cell) is not None for cell in first) > 1:
        return f"begins with a header ({', '.join(first)!r:.60}), which files of pairs have not"
    if len(rows) < _FEWEST:
        return None
    if _are_quoted(rows):
        return f"has cells in quotes ({first[0]!r:.60}), which are read as parts of the texts"
    wordless = wordless_column(rows, labels)
    if wordless:
        return wordless
    third = [row[2] for row in rows if len(row) > 2]
    texts = set(filter(_is_text, third)) - set(labels)
    if len(third) >= _FEWEST and len(texts) > 0.5 * len(third):
        return f"has three columns of texts (the third begins with {third[0]!r:.60})"
    return None


def _rows_of(lines: Iterable[str]) -> List[List[str]]:
    """Cells of the lines that have two columns, or a third one; their reader tells the others."""
    rows = [[cell.strip() for cell in line.split("\t")] for line in lines]
    return [row for row in rows if 1 < len(row) < 4]


def doubts_of_pairs(lines: Iterable[str]) -> List[str]:
    """Tells of columns that hold the same few words, such as classes in place of a text.

    The aspects of reviews and the targets of a stance are few words, too, so they are read.

    Args:
      lines: the first lines of a file.
    """
    rows, told = _rows_of(lines), []
    for number in (1, 2):
        cells = [row[number - 1] for row in rows]
        if _are_few(cells):
            told.append(f"its column {number} holds the same few words in all of its first "
                        f"{len(rows)} rows, such as {cells[0]!r:.60}, and is read as a text of "
                        "each pair")
    return told


def pairs_problem(lines: Iterable[str], labels: Collection[str]) -> Optional[str]:
    """Describes lines of pairs whose first two columns are not two texts; None for others.

    Args:
      lines: the first lines of a file.
      labels: labels of the task.
    """
    rows = _rows_of(lines)
    return _problem(rows, labels) if rows else None


def first_pairs(path: pathlib.Path) -> List[str]:
    """The first lines of a file of pairs.

    Raises:
      UserError: if the file cannot be read.
    """
    head = itertools.islice(read_lines(path), _SAMPLE)
    return [text for _, text in head if isinstance(text, str)]


def why_no_pairs(lines: Sequence[str], labels: Collection[str]) -> Optional[str]:
    """Describes a file whose lines are no pairs, for a message; see `pairs_problem`.

    Args:
      lines: its first lines.
      labels: labels of the task.
    """
    problem = pairs_problem(lines, labels)
    if problem is None:
        return None
    return f"{problem}; needed are two texts a line, a tab between, perhaps a label behind them"
