"""Formats Markdown tables and numbers for reports and cards."""

import re
from typing import Any, List, Optional, Sequence, Tuple

ABSENT = "-"
# Characters of labels that Markdown would read as the end of a cell, or as HTML.
_SPECIAL = re.compile(r"\||<(?=[A-Za-z/!?])")
# Characters of a text in a table.
_LONGEST_CELL = 200


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], *, text: int = 1) -> str:
    """Formats a Markdown table: the first `text` columns are left-aligned, the others right.

    Args:
      header: column names.
      rows: cells of each row.
      text: number of columns with text.

    Returns:
      The lines of the table.
    """
    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join(_SPECIAL.sub(r"\\\g<0>", str(cell)) for cell in cells) + " |"

    rule = "|---" * text + "|---:" * (len(header) - text) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def cell_text(text: str) -> str:
    """Shortens a text to one line for a table."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_CELL else line[:_LONGEST_CELL - 3] + "..."


def without_teacher(
    header: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Tuple[List[str], List[List[Any]]]:
    """Removes a table's columns about the teacher, for runs without a teacher.

    Args:
      header: column names; "difference" and names that begin with "teacher" are removed.
      rows: cells of each row.

    Returns:
      The remaining header and rows.
    """
    kept = [place for place, name in enumerate(header)
            if not name.lower().startswith(("teacher", "difference"))]
    return [header[place] for place in kept], [[row[place] for place in kept] for row in rows]


def score_text(value: Optional[float], std: Optional[float] = None) -> str:
    """Formats a score (0-100), with its standard deviation if given."""
    if value is None:
        return ABSENT
    return f"{value:.2f}" if std is None else f"{value:.2f} ({std:.1f})"


def difference_text(student: Optional[float], teacher: Optional[float]) -> str:
    """Formats student minus teacher with its sign."""
    return ABSENT if student is None or teacher is None else f"{student - teacher:+.2f}"


def count_text(value: Any) -> str:
    """Formats a whole number with thousands separators."""
    return f"{value:,}" if isinstance(value, (int, float)) else ABSENT


def times_text(value: Optional[float]) -> str:
    """Formats a compression factor."""
    return ABSENT if value is None else f"{value:.1f}x"
