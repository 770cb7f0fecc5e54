"""Header rows inside a table, and header rows that were not known as such."""

from typing import Counter, Tuple

from xtremedistil_tf.corpora.texts.tables.cells import shown
from xtremedistil_tf.corpora.texts.tables.table import Place, Record, Table
from xtremedistil_tf.errors import UserError

# With fewer rows, a label that stands in the first one only may be rare.
_FEWEST = 8


def is_header(row: Record, table: Table, place: str) -> bool:
    """True if a row repeats the names of the columns, as in joined tables.

    Args:
      row: a row.
      table: its table.
      place: its place, for the message.

    Raises:
      UserError: if it has the names in another order: the rows below it would be misread.
    """
    if not table.named or shown(next(iter(row.values()), "")).strip() not in row:
        return False
    cells = [shown(value).strip() for value in row.values()]
    if len(row) > 1 and cells != list(row) and sorted(cells) == sorted(row):
        raise UserError(f"{place}: here a table begins whose columns have another order "
                        f"({', '.join(cells)}; before: {', '.join(row)}); give each table in a "
                        "file of its own")
    return cells == list(row)


def check_first(place: Place, own: Tuple[str, ...], seen: Counter[Tuple[str, ...]], name: str
                ) -> None:
    """Refuses a table without names if no other row has the label of the first: a header, perhaps.

    Args:
      place: place of the first row.
      own: its labels.
      seen: number of rows with each combination of labels.
      name: name of the file, for the message.

    Raises:
      UserError: with the place and the flag that decides.
    """
    single = [labels for labels, count in seen.items() if count == 1]
    if sum(seen.values()) >= _FEWEST and single == [own]:
        raise UserError(f"{name}:{place}: the first row has the label {', '.join(own)!r}, and no "
                        "other row has it: is it a header? --header=yes or --header=no says so")
