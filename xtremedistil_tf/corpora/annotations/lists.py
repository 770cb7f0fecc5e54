"""Reads lists that stand in one cell of a table, as pandas writes columns of lists and arrays."""

import ast
import re
from typing import List, NamedTuple, Optional

from xtremedistil_tf.data.lines import RowError

_TEXT = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_NUMBER = r"-?\d+(?:\.\d*)?"
_ITEM = re.compile(rf"(?:np\.str_\(({_TEXT})\)|({_TEXT})|np\.int\d+\(({_NUMBER})\)|({_NUMBER}))")
_BEGINS = re.compile(rf"\[\s*(?:\]|['\"]|np\.|{_NUMBER}[\s,\]])")
_GAP = re.compile(r"\s*,?\s*")


class Items(NamedTuple):
    """The items of a list, and whether all are numbers."""

    items: List[str]
    numbers: bool


def read_list(cell: str) -> Optional[Items]:
    """Reads a cell such as ['Anna', 'ran'] (Python) or ['Anna' 'ran'] (numpy), or of numbers.

    Returns:
      The items as texts; None if the cell is no such list.

    Raises:
      RowError: for a list that cannot be read surely, such as a shortened one of numpy.
    """
    cell = cell.strip()
    if cell.startswith('"[') and cell.endswith(']"'):
        cell = cell[1:-1].replace('""', '"')  # Quotes of a table whose separator is a tab.
    if not cell.endswith("]") or not _BEGINS.match(cell):
        return None
    items: List[str] = []
    numbers, commas = True, set()
    at = 1 + len(cell[1:]) - len(cell[1:].lstrip())
    while at < len(cell) - 1:
        item = _ITEM.match(cell, at)
        if item is None:
            break
        text = item.group(1) or item.group(2)
        items.append(_literal(text) if text else item.group(3) or item.group(4))
        numbers = numbers and not text
        gap = _GAP.match(cell, item.end())
        assert gap is not None, "it matches no characters, too"
        at = gap.end()
        if at < len(cell) - 1:
            commas.add("," in gap.group())
        if not gap.group():
            break
    if at != len(cell) - 1 or len(commas) > 1:
        raise RowError(("list", f"the list {cell!r:.60} cannot be read; needed are all items, in "
                        "quotation marks, with commas or spaces between"))
    return Items(items, numbers and bool(items))


def _literal(text: str) -> str:
    """The value of a text in quotation marks; backslashes as in Python.

    Raises:
      RowError: for an escape that Python does not know.
    """
    if "\\" not in text:
        return text[1:-1]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise RowError(("list", f"{text!r:.40} is no text of a list")) from None
