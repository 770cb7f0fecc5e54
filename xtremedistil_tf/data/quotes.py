"""Quotation marks inside quoted cells that stand behind a backslash, as Spark and MySQL write them.

The csv module reads CSV's own form, two marks for one; of the other it would lose some.
"""

import csv
import re
from typing import Sequence, Tuple

# Message about such a table.
ESCAPED = 'quotation marks in cells stand behind a backslash (\\")'
_ESCAPED = re.compile(r'\\([\\"])')


def doubled(line: str) -> str:
    r"""A line with two quotation marks for each one behind a backslash.

    Example:
      >>> doubled(r'"He said \"no\"."')
      '"He said ""no""."'
    """
    return _ESCAPED.sub(lambda found: '""' if found.group(1) == '"' else "\\", line)


def escapes_quotes(lines: Sequence[str], separators: str) -> bool:
    r"""True if cells of a table have \" for a quotation mark: more of its lines are sound so.

    Args:
      lines: some of its lines, with their ends.
      separators: possible separators of its columns.
    """
    some = [line for line in lines if '\\"' in line]
    return bool(some) and any(
        _sound([*map(doubled, some)], [*map(doubled, lines)], separator) > _sound(
            some, lines, separator) for separator in separators)


def _sound(some: Sequence[str], lines: Sequence[str], separator: str) -> Tuple[int, int]:
    """(number of single lines that are rows, number of rows before the first fault)."""
    return (sum(_rows_before_a_fault([line], separator) for line in some),
            _rows_before_a_fault(lines, separator))


def _rows_before_a_fault(lines: Sequence[str], separator: str) -> int:
    rows = csv.reader(lines, delimiter=separator, strict=True)
    count = 0
    try:
        for row in rows:
            count += len(row) > 1
    except csv.Error:
        pass
    return count
