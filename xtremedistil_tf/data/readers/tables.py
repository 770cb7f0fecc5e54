"""Tables whose cells have commas, semicolons or bars between, and quotes around: signs of them."""

import csv
import re
from typing import Callable, Collection, List, Optional, Sequence

# With fewer lines, sentences could look like a table.
_FEWEST = 3
_SHARE = 0.9
_FEWEST_SPACED = 10
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
# The line below the header of a table in Markdown, Org or reStructuredText.
_RULE = re.compile(r"(?=.*[|+])\s*[|+]?\s*:?[-=]{2,}:?\s*(?:[|+]\s*:?[-=]{2,}:?\s*)*[|+]?\s*")
_SENTENCE = re.compile(r"[.!?…。！？।؟:,]$|\s.*\s")


def is_quoted(cell: str) -> bool:
    """True if a cell stands in quotes as in CSV: those inside are doubled."""
    return len(cell) > 1 and _QUOTED.fullmatch(cell) is not None


def unquoted_row(cells: List[str]) -> List[str]:
    """Takes off the quotes of cells that stand in them as in CSV.

    A cell without doubled quotes inside keeps them, unless all cells stand in quotes: it may be a
    word in quotes.

    Example:
      >>> unquoted_row(['\"\"\"\"', "O"])
      ['"', 'O']
    """
    every = len(cells) > 1 and all(map(is_quoted, cells))
    return [cell[1:-1].replace('""', '"') if every or (is_quoted(cell) and '""' in cell[1:-1])
            else cell for cell in cells]


def has_quoted_cell(line: str, separator: str = ",") -> bool:
    """True if a cell of a line with separators between cells begins with a quotation mark."""
    return line.startswith('"') or f'{separator}"' in line


def _parsed(lines: Sequence[str], separator: str) -> List[List[str]]:
    try:
        return list(csv.reader([f"{line}\n" for line in lines], delimiter=separator))
    except csv.Error:  # A cell is too long for the csv module.
        return []


def csv_rows(lines: Sequence[str], separator: str = ",") -> List[List[str]]:
    """Splits lines with separators between cells, whose cells may hold line breaks.

    Returns:
      The rows; none unless nearly all have equally many cells. Sentences have commas, too, but
      hardly ever equally many.
    """
    rows = _parsed(lines, separator)
    equal = [row for row in rows if len(row) == len(rows[0])]
    # The sample may end within a cell.
    return equal if rows and len(rows[0]) > 1 and len(equal) >= max(
        _FEWEST, len(rows) - 1) else []


def has_broken_cells(lines: Sequence[str]) -> bool:
    """True if lines are a table with commas, and quoted cells of it hold line breaks."""
    rows = csv_rows(lines)
    return any("\n" in cell for row in rows for cell in row) and (
        sum(map(has_quoted_cell, lines)) >= 0.5 * len(rows))


def _mostly(lines: Sequence[str], test: Callable[[str], object], least: float = _SHARE) -> bool:
    return sum(map(bool, map(test, lines))) >= least * len(lines)


def _is_drawn(lines: Sequence[str]) -> bool:
    """True for a table that is drawn with bars."""
    if len(lines) > 1 and any(map(_RULE.fullmatch, lines[:3])):
        return _mostly(lines, lambda line: "|" in line or _RULE.fullmatch(line), 0.5)
    return len(lines) >= _FEWEST and _mostly(
        lines, lambda line: re.fullmatch(r"\s*\|.+\|\s*", line))


def _is_counted(cells: Sequence[str]) -> bool:
    """True if cells count up, perhaps below a header."""
    rows = cells if cells[0].isdecimal() else cells[1:]
    return len(rows) >= _FEWEST and rows[0] in ("0", "1") and all(map(str.isdecimal, rows)) and all(
        int(after) == int(before) + 1 for before, after in zip(rows, rows[1:]))


def _has_label_cells(rows: Sequence[Sequence[str]], labels: Collection[str]) -> bool:
    """True if the cells of a column are labels, perhaps below a header."""
    return any(sum(cell.strip() in labels for cell in column) >= 0.8 * len(rows) - 1
               for column in zip(*rows))


def is_csv(lines: Sequence[str], labels: Collection[str]) -> bool:
    """True for rows with commas between cells, of which some are quoted or are labels."""
    rows = csv_rows(lines)
    # In a few sentences, of which one begins with a quotation mark, spaces stand behind commas.
    prose = len(rows) < _FEWEST_SPACED and all(
        cell.startswith(" ") for row in rows for cell in row[1:])
    return bool(rows) and (any(map(has_quoted_cell, lines)) and not prose
                           or _has_label_cells(rows, labels))


def _is_parted(lines: Sequence[str], separator: str, labels: Collection[str]) -> bool:
    """True if a separator parts lines into cells that stand in quotes, are numbers or labels."""
    rows = csv_rows(lines, separator)
    if not rows:
        return False
    if separator == ",":  # Commas stand in most sentences, and in numbers.
        return _is_counted([row[0] for row in rows]) and not all(
            cell.startswith(" ") for row in rows for cell in row[1:])
    return _has_label_cells(rows, labels) or (
        _mostly(lines, lambda line: has_quoted_cell(line, separator), 0.5)) or any(
            _mostly([row[at].strip() for row in rows[1:]], NUMBER.fullmatch) for at in (0, -1))


def _is_one_column(lines: Sequence[str], names: Collection[str]) -> bool:
    """True for a header above lines in quotes, as a program writes a table of one column."""
    header, *rows = [line.strip() for line in lines]
    if is_quoted(header) or _SENTENCE.search(header) or len(rows) < 2:
        return False
    quoted = [row for row in rows if row.startswith('"')]
    if not quoted or not all(map(is_quoted, quoted)):
        return False
    return header.lower() in names or len(quoted) == len(rows) >= _FEWEST


def table_form(
    lines: Sequence[str], names: Collection[str], labels: Collection[str] = ()
) -> Optional[str]:
    """Describes a table that neither tabs nor quotes with commas tell from sentences.

    Args:
      lines: lines of a file, without empty ones.
      names: usual names of a column of texts, in lower case.
      labels: labels of the texts.

    Returns:
      What it is; None for other lines.
    """
    if not lines:
        return None
    if _is_drawn(lines):
        return "a table that is drawn with bars"
    for separator in ";|,":
        if len(lines) >= _FEWEST and _is_parted(lines, separator, labels):
            return f"a table with {separator} between its cells"
    return "a table of one column in quotes" if _is_one_column(lines, names) else None
