"""Reads CSV and TSV: finds separator, quoting and header; refuses rows that quotes swallowed."""

import csv
import itertools
import re
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from xtremedistil_tf.corpora.readers.base import Tally
from xtremedistil_tf.corpora.texts.tables.table import (
    SAMPLE,
    SEPARATORS,
    Row,
    Table,
    TableOptions,
)
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.quotes import ESCAPED, doubled, escapes_quotes
from xtremedistil_tf.errors import UserError

_CELL = 1 << 27  # Longest cell; the csv module's own limit is 128 KiB.
# Excel's line before a table: sep=;
_EXCEL = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
# A cell of the line below the header of a table in Markdown: |---|:--:|
_RULE = re.compile(r":?-{2,}:?")


class _Record(NamedTuple):
    """A row with the lines that it was read from."""

    number: int
    cells: List[str]
    lines: List[str]


def _widths(lines: Sequence[str], separator: str, quoting: Any) -> List[int]:
    rows = csv.reader(lines, delimiter=separator, quoting=quoting)
    try:
        return [len(row) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error:
        return []


def _regular(widths: Sequence[int]) -> float:
    """Share of rows that have the first row's number of columns; 0 for one column."""
    if not widths or widths[0] < 2:
        return 0.0
    return sum(width == widths[0] for width in widths) / len(widths)


def find_layout(lines: Sequence[str], separators: str = SEPARATORS) -> Tuple[str, Any]:
    """Finds the separator and quoting of a table in its first lines.

    Args:
      lines: the first lines, with their ends.
      separators: the possible separators.

    Returns:
      (separator, a quoting of the csv module): those under which most rows have as many columns as
      the first. A table with tabs has quotes only if its rows are more regular with them.

    Raises:
      UserError: if nothing separates the lines into columns.
    """
    found = []
    # The last row of a sample that ends inside a quoted cell has a wrong width.
    for place, one in enumerate(separators):
        for quoting in (csv.QUOTE_NONE, csv.QUOTE_MINIMAL) if one == "\t" else (
                csv.QUOTE_MINIMAL,):
            widths = _widths(lines, one, quoting)
            quoted = quoting != csv.QUOTE_NONE
            # Rows whose quotes are dropped by the reader; a stray quote begins no cell that ends.
            enclosed = quoted and one == "\t" and _enclosed(lines)
            found.append((_regular(widths) + (0.01 if enclosed else 0.0), -place, one, quoting))
    regular, _, best, quoting = max(found)
    if regular < 0.5:
        raise UserError("no separator (tab, comma, semicolon, |) divides its lines into equally "
                        f"many columns; the first line is {lines[0].strip()!r:.80}")
    return best, quoting


def _enclosed(lines: Sequence[str]) -> bool:
    """True if cells between tabs that begin with a quote also end with one."""
    cells = [cell.strip() for line in lines for cell in line.split("\t")]
    begun = [cell for cell in cells if cell.startswith('"')]
    return bool(begun) and all(len(cell) > 1 and cell.endswith('"') for cell in begun)


def _has_header(first: Sequence[str], options: TableOptions) -> bool:
    if options.header != "auto":
        return options.header == "yes"
    names = {cell.strip().lower() for cell in first}
    return bool(names & options.header_names)


def _records(lines: Iterator[str], begin: int, separator: str, quoting: Any) -> Iterator[_Record]:
    """Yields the rows that are not empty and no rule of a table in Markdown."""
    taken: List[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    rows = csv.reader(noted(), delimiter=separator, quoting=quoting)
    for row in rows:
        filled = [cell.strip() for cell in row if cell.strip()]
        if filled and not (separator == "|" and all(map(_RULE.fullmatch, filled))):
            yield _Record(rows.line_num + begin, row, list(taken))
        taken.clear()


class _Quotes:
    """Tells rows that a stray quotation mark joined to one from cells with line breaks.

    Args:
      sample: first rows of the table.
      separator: its separator.
      quoting: its quoting.
    """

    def __init__(self, sample: Sequence[_Record], separator: str, quoting: Any):
        self._separator, self._quoted = separator, quoting != csv.QUOTE_NONE
        single = [one.cells for one in sample if len(one.lines) == 1]
        columns = [set(column) for column in zip(*single)]
        # A column of few values, such as labels, shows a row.
        self._few: List[Set[str]] = [values if len(values) <= max(2, 0.5 * len(single)) else set()
                                     for values in columns]

    def problem(self, record: _Record) -> Optional[RowError]:
        """The error of a row that holds others; None for a sound row."""
        if not self._quoted or len(record.lines) == 1 or not (
                self._malformed(record.lines) or self._holds_rows(record.lines)):
            return None
        return RowError(("quotes", f"the lines {record.number - len(record.lines) + 1} to "
                         f"{record.number} became one row, since a quotation mark opens a cell "
                         "there that ends nowhere; remove it, or write two for one"))

    def _malformed(self, lines: Sequence[str]) -> bool:
        # Spaces behind a closing mark are no fault.
        behind = re.compile(rf'"[ ]+(?=[{re.escape(self._separator)}\r\n]|$)')
        try:
            list(csv.reader([behind.sub('"', line) for line in lines],
                            delimiter=self._separator, strict=True))
        except csv.Error:
            return True
        return False

    def _holds_rows(self, lines: Sequence[str]) -> bool:
        """True if a line between the first and the last is a row by itself."""
        for line in lines[1:-1]:
            cells = next(csv.reader([line], delimiter=self._separator), [])
            if len(cells) == len(self._few) and any(
                    cell in few for cell, few in zip(cells, self._few)):
                return True
        return False


def read_delimited(lines: Iterator[str], options: TableOptions, counts: Tally) -> Table:
    """Opens a table with tabs, commas, semicolons or | between its cells.

    Args:
      lines: its lines, with their ends.
      options: information that the file does not contain.
      counts: tally to which a note is added of quotation marks behind a backslash.

    Raises:
      UserError: if it is no such table.
    """
    head = list(itertools.islice(lines, SAMPLE))
    excel = _EXCEL.fullmatch(head[0])
    begin = 1 if excel else 0
    filled = [line for line in head[begin:] if line.strip()]
    if not filled:
        raise UserError("nothing in it")
    csv.field_size_limit(_CELL)
    separators = excel.group(1) if excel else options.separators
    if escapes_quotes(filled, separators):
        counts.note(ESCAPED)
        filled, head, lines = [*map(doubled, filled)], [*map(doubled, head)], map(doubled, lines)
    separator, quoting = find_layout(filled, separators)
    records = _records(itertools.chain(head[begin:], lines), begin, separator, quoting)
    sample = list(itertools.islice(records, SAMPLE))
    first = sample[0].cells
    named = _has_header(first, options)
    columns = tuple(cell.strip() for cell in first) if named else ("",) * len(first)
    # Kaggle's spam.csv has three columns without a name; one alone is an index of rows.
    if columns.count("") > 1:
        columns = tuple(name or str(at) for at, name in enumerate(columns, 1))
    if len(set(columns)) != len(columns):
        raise UserError(f"two columns of the header have one name: {', '.join(columns)}")
    quotes = _Quotes(sample[named:], separator, quoting)

    def rows() -> Iterator[Row]:
        for record in itertools.chain(sample[named:], records):
            wrong = quotes.problem(record)
            if wrong is not None:
                yield record.number, wrong
            elif len(record.cells) != len(columns):
                yield record.number, RowError((
                    "columns", f"{len(record.cells)} columns; the first row has {len(columns)} "
                    "(a stray quotation mark, perhaps)"))
            else:
                yield record.number, dict(zip(columns, record.cells))

    return Table("tsv" if separator == "\t" else "csv", columns, named, rows())
