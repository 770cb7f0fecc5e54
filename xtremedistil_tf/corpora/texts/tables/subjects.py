"""Columns that say what a label is about: a word, an aspect, the target of a stance."""

import re
from typing import List, Optional, Sequence

from xtremedistil_tf.corpora.texts.tables.cells import shown
from xtremedistil_tf.corpora.texts.tables.table import Record, Table
from xtremedistil_tf.data.words import has_unspaced
from xtremedistil_tf.errors import as_typed

_NAMES = frozenset({"aspect", "aspects", "aspect_term", "aspect_category", "target", "word",
                    "target_word", "target_term", "lemma"})
# Most words of what stands in the texts of its row, and least share of such rows: verbs may stand
# there in other forms.
_MOST_WORDS, _SHARE = 4, 0.6
# With fewer different values, a column such as the language may stand in its texts by chance.
_FEWEST = 3
_FRACTION = re.compile(r"[-+]?\d*\.\d*[1-9]\d*")


def _values(cell: object) -> List[str]:
    """A cell's text, or those in an object, such as the spans of WSC."""
    values = cell.values() if isinstance(cell, dict) else [cell]
    return [value.strip() for value in values if isinstance(value, str) and value.strip()]


def _stands_in(value: str, text: str) -> bool:
    """True if a text has a value, or a word that begins with it."""
    if len(value) >= len(text) or len(value.split()) > _MOST_WORDS or not any(
            map(str.isalpha, value)):
        return False
    begin = "" if has_unspaced(value) else r"(?<!\w)"
    return re.search(begin + re.escape(value), text, re.IGNORECASE) is not None


def _are_inside(sample: Sequence[Record], column: str, texts: Sequence[str]) -> bool:
    """True if the values of a column stand in all texts of most rows."""
    inside = sum(any(all(_stands_in(value, shown(row.get(name))) for name in texts)
                     for value in _values(row.get(column))) for row in sample)
    return inside >= _SHARE * len(sample)


def label_beside(label: Optional[str], names: Sequence[str], sample: Sequence[Record]
                 ) -> Optional[str]:
    """The label's column: in place of a target the polarity beside it, which is about the target.

    A polarity with fractions is what a program computed of the text, and no class.

    Args:
      label: name of the column by the usual names; None for none.
      names: names of the columns.
      sample: some rows.
    """
    if label is None or label.lower() != "target":
        return label
    other = next((name for name in names if name.lower() == "polarity"), label)
    computed = any(_FRACTION.fullmatch(shown(row.get(other)).strip()) for row in sample)
    return label if computed else other


def subjects_in(table: Table, sample: Sequence[Record], texts: Sequence[str],
                read: Sequence[Optional[str]]) -> List[str]:
    """Doubts about unread columns with what the labels are about, as the word in Word in Context.

    Args:
      table: the table.
      sample: some of its rows.
      texts: names of the columns of texts.
      read: names of all columns that are read.
    """
    found = []
    for column in table.columns if table.named else ():
        pairs = f"; {as_typed('text_column', texts[0], column)} makes pairs" \
            if len(texts) == 1 else ""
        given = [value for row in sample for value in _values(row.get(column))]
        if column in read or len(set(given)) < 2:
            continue
        if column.lower() in _NAMES or len(set(given)) >= _FEWEST and _are_inside(
                sample, column, texts):
            found.append(f"the column {column!r}, such as {given[0]!r:.40}, seems to say what the "
                         f"label is about, and is not read; if so, write it into the text{pairs}")
    return found
