"""Reads tables of any form: CSV, TSV, JSON lines, Parquet. Every row is a dict of texts."""

import codecs
import contextlib
import csv
import io
import itertools
import json
import pathlib
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple, Union

from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.data.lines import UTF8, RowError, encoding_of, is_count
from xtremedistil_tf.errors import UserError

SAMPLE = 500
_SEPARATORS = "\t,;|"
_CELL = 1 << 27  # Longest cell; the csv module's own limit is 128 KiB.

# Keys are the names of the columns, or their numbers from "1" on.
Record = Dict[str, Any]
Place = Union[int, str]


class Table(NamedTuple):
    """A table of a source.

    Attributes:
      form: its format, for the record: "csv", "tsv", "jsonl", "json", "parquet", "datasets".
      columns: names of its columns, in order.
      named: True if the file names its columns.
      rows: (place, row or the error that makes it unusable).
    """

    form: str
    columns: Tuple[str, ...]
    named: bool
    rows: Iterator[Tuple[Place, Union[Record, RowError]]]


class TableOptions(NamedTuple):
    """What a file does not say itself.

    Attributes:
      encoding: encoding of files without a byte order mark.
      header: "yes", "no", or "auto": by the names in the first row.
      header_names: lower-case names that a header may have.
    """

    encoding: str = UTF8
    header: str = "auto"
    header_names: frozenset = frozenset()


def _decoded(chunks: Iterable[bytes], encoding: str, name: str) -> Iterator[str]:
    """Decodes a file; lines keep their ends, since a quoted cell may hold some.

    Raises:
      UserError: for bytes that are not of the encoding.
    """
    chunks = iter(chunks)
    first = next(chunks, b"")
    told, mark = encoding_of(first)
    decoder = codecs.getincrementaldecoder(told or encoding)()
    rest = ""
    number = 0
    try:
        for chunk in itertools.chain([first[mark:]], chunks, [b""]):
            *lines, rest = (rest + decoder.decode(chunk, final=not chunk)).split("\n")
            for line in lines:
                number += 1
                if "\0" in line:
                    raise UserError(f"{name}:{number}: holds a NUL byte: it is binary, or UTF-16 "
                                    "without its mark (--encoding=utf-16-le)")
                yield line + "\n"
    except UnicodeDecodeError as error:
        raise UserError(f"{name}:{number + 1}: not {told or encoding} ({error.reason}); --encoding "
                        "names another encoding, such as latin-1 or cp1252") from None
    if rest:
        yield rest


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


def find_layout(lines: Sequence[str]) -> Tuple[str, Any]:
    """Finds the separator and quoting of a table in its first lines.

    Args:
      lines: the first lines, with their ends.

    Returns:
      (separator, a quoting of the csv module): those under which most rows have as many columns as
      the first. A table with tabs has quotes only if its rows are more regular with them.

    Raises:
      UserError: if nothing separates the lines into columns.
    """
    found = []
    # Of the last row of a sample that ends inside a quoted cell, the width is wrong; it is one row.
    for place, one in enumerate(_SEPARATORS):
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


def _delimited(lines: Iterator[str], options: TableOptions) -> Table:
    head = list(itertools.islice(lines, SAMPLE))
    separator, quoting = find_layout([line for line in head if line.strip()])
    csv.field_size_limit(_CELL)
    rows = csv.reader(itertools.chain(head, lines), delimiter=separator, quoting=quoting)
    filled = ((rows.line_num, row) for row in rows if any(cell.strip() for cell in row))
    number, first = next(filled, (0, []))
    named = _has_header(first, options)
    columns = tuple(cell.strip() for cell in first) if named else tuple(
        str(at) for at in range(1, len(first) + 1))
    if len(set(columns)) != len(columns):
        raise UserError(f"two columns of the header have one name: {', '.join(columns)}")

    def records() -> Iterator[Tuple[Place, Union[Record, RowError]]]:
        for place, row in filled if named else itertools.chain([(number, first)], filled):
            if len(row) != len(columns):
                yield place, RowError(("columns", f"{len(row)} columns; the first row has "
                                       f"{len(columns)} (a stray quotation mark, perhaps)"))
            else:
                yield place, dict(zip(columns, row))

    return Table("tsv" if separator == "\t" else "csv", columns, named, records())


def _json_row(place: Place, value: Any) -> Tuple[Place, Union[Record, RowError]]:
    if not isinstance(value, dict):
        return place, RowError(("json", f"is {value!r:.40}; needed is a JSON object"))
    return place, value


def _json_lines(lines: Iterator[str]) -> Iterator[Tuple[Place, Union[Record, RowError]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _json_row(number, json.loads(line))
        except (ValueError, RecursionError) as error:
            yield number, RowError(("json", f"no JSON: {error}"))


def _json_array(lines: Iterator[str], name: str) -> Iterator[Tuple[Place, Any]]:
    try:
        values = json.loads("".join(lines))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name}: no JSON: {error}") from None
    for number, value in enumerate(values, 1):
        yield _json_row(f"row {number}", value)


def _of_records(form: str, rows: Iterator[Tuple[Place, Any]]) -> Table:
    """A table of dicts, whose columns are the keys of the first rows."""
    head = list(itertools.islice(rows, SAMPLE))
    columns = dict.fromkeys(key for _, row in head if isinstance(row, dict) for key in row)
    return Table(form, tuple(map(str, columns)), True, itertools.chain(head, rows))


def _parquet(chunks: Iterable[bytes], name: str) -> Table:
    try:
        import pyarrow.parquet
    except ImportError:
        raise UserError(f"{name} is a Parquet file: install the extra [datasets], which has "
                        "pyarrow") from None
    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(b"".join(chunks)))
    except Exception as error:  # The library raises many kinds.
        raise UserError(f"{name} cannot be read as Parquet: {error}") from None

    def rows() -> Iterator[Tuple[Place, Any]]:
        number = 0
        for batch in file.iter_batches(batch_size=4096):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", row

    return _of_records("parquet", rows())


@contextlib.contextmanager
def open_table(source: Source, options: TableOptions) -> Iterator[Table]:
    """Opens the table of a source; each opening reads from the beginning.

    Raises:
      UserError: if it is no table.
    """
    name = source.name
    with contextlib.ExitStack() as stack:
        if source.records is not None:  # A data set of Hugging Face.
            yield _of_records("datasets", ((f"row {number}", row) for number, row in
                                           enumerate(source.records(), 1)))
            return
        assert source.opener is not None, "sources of files have one"
        chunks = iter(source.opener(stack))
        first = next(chunks, b"")
        everything = itertools.chain([first], chunks)
        if first.startswith(b"PAR1"):
            yield _parquet(everything, name)
            return
        lines = _decoded(everything, options.encoding, name)
        head = next((line for line in lines if line.strip()), "")
        lines = itertools.chain([head], lines)
        try:
            if head.lstrip().startswith("{"):
                yield _of_records("jsonl", _json_lines(lines))
            elif head.lstrip().startswith("["):
                yield _of_records("json", _json_array(lines, name))
            elif not head:
                raise UserError("nothing in it")
            else:
                yield _delimited(lines, options)
        except (UserError, csv.Error) as error:
            if isinstance(error, RowError) or name in str(error):
                raise
            raise UserError(f"{name}: {error}") from None


def open_lines(source: Source, encoding: str) -> Iterator[str]:
    """Yields the decoded lines of a source of files, with their ends."""
    assert source.opener is not None, "sources of files have one"
    with contextlib.ExitStack() as stack:
        yield from _decoded(source.opener(stack), encoding, source.name)


def column_of(columns: Sequence[str], wanted: str, flag: str, path: pathlib.PurePath) -> str:
    """Finds a column by its name, in any case, or by its number from 1.

    Raises:
      UserError: if there is no such column.
    """
    for name in columns:
        if name == wanted:
            return name
    alike = [name for name in columns if name.lower() == wanted.lower()]
    if len(alike) == 1:
        return alike[0]
    if is_count(wanted) and 1 <= int(wanted) <= len(columns):
        return columns[int(wanted) - 1]
    raise UserError(f"{path}: --{flag} is {wanted!r}; the columns are {', '.join(columns)}")
