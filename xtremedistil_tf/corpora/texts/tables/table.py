"""A table: its columns and rows, and what its file does not say itself."""

import pathlib
from typing import Any, Dict, Iterator, NamedTuple, Sequence, Tuple, Union

from xtremedistil_tf.data.lines import UTF8, RowError, is_count
from xtremedistil_tf.errors import UserError

SAMPLE = 500
SEPARATORS = "\t,;|"

# Keys are the names of the columns, or their numbers from "1" on.
Record = Dict[str, Any]
Place = Union[int, str]
# (place, row or the error that makes it unusable).
Row = Tuple[Place, Union[Record, RowError]]


class Table(NamedTuple):
    """A table of a source.

    Attributes:
      form: its format, for the record: "csv", "tsv", "jsonl", "json", "parquet", "datasets",
        "fasttext".
      columns: names of its columns, in order.
      named: True if the file names its columns.
      rows: its rows.
    """

    form: str
    columns: Tuple[str, ...]
    named: bool
    rows: Iterator[Row]


class TableOptions(NamedTuple):
    """Information that a file does not contain itself.

    Attributes:
      encoding: encoding of files without a byte order mark.
      header: "yes", "no", or "auto": by the names in the first row.
      header_names: lower-case names that a header may have.
      separators: possible separators of columns.
    """

    encoding: str = UTF8
    header: str = "auto"
    header_names: frozenset = frozenset()
    separators: str = SEPARATORS


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
