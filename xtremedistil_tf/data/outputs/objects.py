"""Reads the objects of a file of teacher outputs, JSON lines or Parquet; collects its problems."""

import json
import pathlib
from typing import Any, Iterator, List, Tuple

from xtremedistil_tf.data.json_rows import parse_json
from xtremedistil_tf.data.lines import RowError, read_lines
from xtremedistil_tf.errors import UserError, first_line

# More problems than these are counted.
_MOST_TOLD = 20


class Problems:
    """Collects the problems of a file, to tell all of them at once."""

    def __init__(self, path: pathlib.Path):
        self._path = path
        self._told: List[str] = []
        self._count = 0

    def add(self, number: int, error: RowError) -> None:
        """Notes the problems of a row."""
        self._count += 1
        if self._count <= _MOST_TOLD:
            self._told.append(f"{self._path}:{number}: {error}")

    def check(self) -> None:
        """Raises UserError if there are any."""
        if self._count:
            more = self._count - len(self._told)
            raise UserError("; ".join([*self._told, *([f"and {more} more rows"] if more else [])]))


def _json_objects(path: pathlib.Path) -> Iterator[Tuple[int, Any]]:
    for number, line in read_lines(path):
        if isinstance(line, UserError):
            yield number, RowError(("encoding", str(line)))
        elif line.strip():
            try:
                yield number, parse_json(line)
            except RowError as error:
                yield number, error


def _parquet_objects(path: pathlib.Path) -> Iterator[Tuple[int, Any]]:
    try:
        import pyarrow.parquet
    except ImportError:
        raise UserError(f"{path}: Parquet needs pyarrow, which the extra [datasets] installs; JSON "
                        "lines need nothing") from None
    try:
        file = pyarrow.parquet.ParquetFile(path)
        named = (file.schema_arrow.metadata or {}).get(b"labels")
        if named:
            yield 0, {"labels": json.loads(named)}
        number = 0
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (pyarrow.ArrowException, OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is not a Parquet file: {first_line(error)}") from error


def count_objects(path: pathlib.Path) -> int:
    """Number of rows of a file of `read_objects`; unreadable rows and blank lines count, too."""
    if path.suffix != ".parquet":
        return sum(1 for _ in read_lines(path))
    return sum(1 for number, _ in _parquet_objects(path) if number)


def read_objects(path: pathlib.Path) -> Iterator[Tuple[int, Any]]:
    """Yields (line number, object) of each row; a RowError in place of an unreadable one.

    Args:
      path: JSON lines (.jsonl) or Parquet (.parquet). The labels of a Parquet file's schema come
        first, as {"labels": [...]} of line 0.

    Raises:
      UserError: for a file that is no Parquet, and for Parquet without pyarrow.
    """
    return _parquet_objects(path) if path.suffix == ".parquet" else _json_objects(path)
