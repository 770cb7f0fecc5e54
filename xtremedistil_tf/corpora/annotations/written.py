"""Reads lists and objects that stand in one cell of a table as text, in JSON, Python or numpy."""

import ast
import json
from typing import Any

from xtremedistil_tf.corpora.annotations.lists import read_list


def read_written(cell: str) -> Any:
    """A list or object that a cell holds as text; else the text itself.

    Example:
      >>> read_written("['a' 'b']")
      ['a', 'b']

    Raises:
      RowError: for a list of texts or numbers that cannot be read surely; see `read_list`.
    """
    cell = cell.strip()
    if cell[:2] in ('"[', '"{') and cell[-2:] in (']"', '}"'):
        cell = cell[1:-1].replace('""', '"')  # Quotes of a table whose separator is a tab.
    if cell[:1] + cell[-1:] not in ("[]", "{}"):
        return cell
    # Python would join the items of numpy's lists, so it comes last.
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        items = read_list(cell)
    if items is not None:
        return items.items
    try:
        found = ast.literal_eval(cell)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return cell
    return found if isinstance(found, (list, dict)) else cell
