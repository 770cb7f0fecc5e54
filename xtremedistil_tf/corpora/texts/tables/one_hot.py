"""Labels with a column each, in which 1 stands for a text that has it, as one column of lists."""

import pathlib
from typing import Iterator, Sequence

from xtremedistil_tf.corpora.texts.tables.cells import shown
from xtremedistil_tf.corpora.texts.tables.objects import CHOSEN
from xtremedistil_tf.corpora.texts.tables.table import Record, Row, Table, column_of
from xtremedistil_tf.data.lines import RowError

_YES, _NO = frozenset({"1", "1.0", "true"}), frozenset({"0", "0.0", "false"})


def _cell(row: Record, name: str) -> str:
    return shown(row.get(name)).strip().lower()


def one_hot_columns(table: Table, sample: Sequence[Record]) -> Sequence[str]:
    """The columns in which all rows have 0 or 1, and some have 1."""
    return [name for name in table.columns if {_cell(row, name) for row in sample} <= _YES | _NO
            and any(_cell(row, name) in _YES for row in sample)]


def with_labels(table: Table, wanted: Sequence[str], path: pathlib.PurePath) -> Table:
    """A table with the column CHOSEN: for each row the names of the wanted columns that have 1.

    Args:
      table: the table.
      wanted: names or numbers of its columns of labels.
      path: name of its file, for messages.

    Raises:
      UserError: if there is no such column.
    """
    names = [column_of(table.columns, one, "label_column", path) for one in wanted]

    def rows() -> Iterator[Row]:
        for place, row in table.rows:
            wrong = None if isinstance(row, RowError) else next(
                (name for name in names if _cell(row, name) not in _YES | _NO), None)
            if isinstance(row, RowError):
                yield place, row
            elif wrong is not None:
                yield place, RowError(("label_column", f"the column {wrong!r} holds "
                                       f"{row.get(wrong)!r:.40}; needed in each of several columns "
                                       "of labels is 0 or 1"))
            else:
                yield place, {**row, CHOSEN: [name for name in names if _cell(row, name) in _YES]}

    return Table(table.form, (*table.columns, CHOSEN), table.named, rows())
