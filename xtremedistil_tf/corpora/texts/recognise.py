"""Tells labelled texts and questions from tagged sentences, by the contents of a file."""

import dataclasses
import itertools
import pathlib
import re
from typing import Any, List, NamedTuple, Optional, Sequence, Set

from xtremedistil_tf.corpora.annotations.keys import (
    BEGINS,
    ENDS,
    is_spans,
    plain_key,
    read_spans,
)
from xtremedistil_tf.corpora.annotations.written import read_written
from xtremedistil_tf.corpora.readers.parts import SLOTS, TAGS, has_slots
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.columns import (
    LABELS,
    PAIRS,
    TEXTS,
    Wanted,
    are_pairs,
    find_columns,
    first_named,
    split_column,
    split_of_row,
    without_label,
)
from xtremedistil_tf.corpora.texts.rows import TextsOptions
from xtremedistil_tf.corpora.texts.tables.cells import shares_of, shown
from xtremedistil_tf.corpora.texts.tables.opening import open_lines, open_table
from xtremedistil_tf.corpora.texts.tables.table import Record, Table
from xtremedistil_tf.data.lines import RowError, is_count
from xtremedistil_tf.data.readers.recognise import is_tag, split_tags
from xtremedistil_tf.errors import UserError

# Rows, or lines, and characters that show what a file holds.
_SAMPLE = 200
_HEAD = 20_000
# Between the names of a table's columns, and a key of an object.
_BETWEEN_NAMES = re.compile(r'["\s]*[\t,;|]["\s]*')
_KEY = re.compile(r'[{,]\s*"(\w+)":')


def looks_like_questions(source: Source, encoding: str) -> bool:
    """True for SQuAD's JSON, also with one question a line."""
    if source.opener is None:
        return False
    try:
        lines = itertools.islice(open_lines(source, encoding), _SAMPLE)
        head = "".join(line[:_HEAD] for line in lines)[:_HEAD].lstrip()
    except (UserError, OSError):
        return False
    names = ('"paragraphs"', '"data"'), ('"context"', '"question"', '"answer_start"')
    return head.startswith("{") and any(all(name in head for name in own) for own in names)


def sample_of(table: Table) -> List[Record]:
    """The first usable rows of a table."""
    return [row for _, row in itertools.islice(table.rows, _SAMPLE)
            if not isinstance(row, RowError)]


class Head(NamedTuple):
    """The beginning of a source that is a table.

    Attributes:
      name: name of the source.
      table: the table; its rows are read.
      sample: its first usable rows.
    """

    name: str
    table: Table
    sample: List[Record]

    @property
    def names(self) -> Set[str]:
        """Names of its columns in lower case."""
        return {name.lower() for name in self.table.columns}


def head_of(source: Source, options: TextsOptions) -> Optional[Head]:
    """Reads the beginning of a source; None if it is no table, which is told when it is read."""
    try:
        with open_table(source, options.table) as table:
            return Head(source.name, table, sample_of(table))
    except (UserError, OSError):
        return None


def _value(cell: object) -> object:
    """A cell's value; a list or object that stands in it as text is read."""
    try:
        return read_written(cell) if isinstance(cell, str) else cell
    except RowError:
        return cell


def _labels(value: object) -> Optional[List[str]]:
    """The labels in a cell; none for an empty one, None for a cell of another kind."""
    value = _value(value)
    shares = shares_of(value)
    if shares is not None:
        return list(map(str, shares))
    if isinstance(value, dict):  # spaCy's shares of labels, or a label with its name.
        if all(isinstance(own, list) and all(isinstance(one, str) for one in own)
               for own in value.values()):  # Label Studio's choices.
            return [one for own in value.values() for one in own]
        single = all(isinstance(one, (str, int, float)) for one in value.values())
        return [str(name) for name in value] if single else None
    cells = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(one, (dict, list)) for one in cells):
        return None
    return [text for text in (shown(one).strip() for one in cells) if text]


def _is_tagged(labels: Sequence[str], text: str) -> bool:
    """True if there is a tag, or the number of one, for each word of a text.

    Several tags need no such text: its words may be divided in another way.
    """
    joined = " ".join(labels)
    tags = labels if len(labels) > 1 else split_tags(joined) or joined.split()
    equal, several = len(tags) == len(text.split()), len(tags) > 1
    return all(map(is_tag, tags)) and (equal or several and set(tags) != {"O"}) or (
        equal and several and all(map(str.isdecimal, tags)))


def _has_text_and_label(head: Head, wanted: Wanted) -> bool:
    sample = head.sample
    try:
        columns = find_columns(head.table, sample, wanted, pathlib.PurePath(head.name))
    except UserError:
        return False
    assert columns.label is not None, "labelled rows have one"
    found = [(_labels(row.get(columns.label)), shown(row.get(columns.texts[0])))
             for row in sample]
    # A row without its label is reported when it is read.
    filled = [(labels, text) for labels, text in found if labels != []]
    single = [(labels, text) for labels, text in filled if labels is not None]
    # A tag for each word is a tagged sentence, also under a header such as text and labels.
    tagged = sum(_is_tagged(labels, text) for labels, text in single)
    return bool(single) and len(single) >= 0.8 * len(filled) and tagged < 0.5 * len(single)


def looks_like_texts(head: Head, wanted: Wanted) -> Optional[bool]:
    """Tells whether a table has labelled texts, under names that columns usually have.

    Returns:
      True for pairs, False for single texts, None for neither.
    """
    _, table, sample = head
    if not table.named or wanted.label is None and not head.names & set(LABELS):
        return None
    pairs = are_pairs(table, sample)
    if not pairs and not head.names & set(TEXTS):
        return None
    return pairs if _has_text_and_label(head, dataclasses.replace(wanted, pairs=pairs)) else None


def _holds_spans(cell: object) -> bool:
    """True for a list of entities with their offsets and types."""
    value = _value(cell)
    try:
        return is_spans(value) and bool(read_spans(value, None))  # type: ignore[arg-type]
    except RowError:
        return False


def _items(cell: object) -> List[Any]:
    """The items of a list, or the words of a text."""
    value = _value(cell)
    return value if isinstance(value, list) else value.split() if isinstance(value, str) else []


def _is_number(item: object) -> bool:
    return isinstance(item, int) or isinstance(item, str) and item.isdecimal()


def _has_entities(sample: Sequence[Record], name: str, label: Optional[str]) -> bool:
    """True if a column holds entities: with their places, or a tag for each word of another column.

    Numbers, and lists of anything, are tags under a usual name of tags only.
    """
    if name == SLOTS:
        return all(map(has_slots, sample))
    if any(_holds_spans(row.get(name)) for row in sample):
        return True
    found = []
    for row in sample:
        items = _items(row.get(name))
        if items:
            others = {len(_items(cell)) for key, cell in row.items() if key not in (name, label)}
            found.append(items if len(items) in others else [])
    several = [items for items in found if len(items) > 1]
    if any(set(items) != {"O"} and all(isinstance(one, str) and is_tag(one) for one in items)
           for items in several):
        return True
    if plain_key(name) not in TAGS or not several or not all(found):
        return False
    lists = all(isinstance(row.get(name), list) for row in sample)
    return lists or all(all(map(_is_number, items)) for items in found)


def _entity_places(columns: Sequence[str], sample: Sequence[Record]) -> List[str]:
    """The columns with begin and end of an entity in the text of its row; none without."""
    text = first_named(columns, TEXTS)
    places = [next((name for name in columns if plain_key(name) in keys), None)
              for keys in (BEGINS, ENDS)]
    found = [name for name in places if name is not None]
    if text is None or len(found) < len(places) or not sample:
        return []
    for row in sample:
        begin, end = (shown(row.get(name)) for name in found)
        if not (is_count(begin) and is_count(end)
                and int(begin) < int(end) <= len(shown(row.get(text)))):
            return []
    return found


def refuse_entities_and_label(head: Head) -> None:
    """Refuses texts that have a label and entities, of which either can be learnt.

    Raises:
      UserError: with the flag that says which, or for a row an entity.
    """
    source, table, sample = head
    label = first_named(table.columns, LABELS)
    places = _entity_places(table.columns, sample)
    if places:
        raise UserError(f"{source}: its rows have an entity each, by {places[0]!r} and "
                        f"{places[1]!r}; needed is a row a text with all its entities, such as "
                        '{"text": ..., "entities": [{"start", "end", "label"}]} '
                        "(--kind=classification takes the labels for classes of the texts)")
    entities = next((name for name in table.columns
                     if name != label and _has_entities(sample, name, label)), None)
    if entities is not None:
        raise UserError(f"{source}: its rows have entities in {entities!r} and a label in "
                        f"{label!r}; --kind=tagging or --kind=classification says which to learn")


def refuse_split_column(source: Source, options: TextsOptions) -> None:
    """Refuses tagged sentences whose rows name other splits than their file.

    Raises:
      UserError: with the splits that they name.
    """
    found: Set[str] = set()
    try:
        with open_table(source, options.table) as table:
            sample = sample_of(table)
            column = split_column(table, sample)
            if column is None:
                return
            for row in itertools.chain(sample, (row for _, row in table.rows)):
                if not isinstance(row, RowError):
                    found.add(split_of_row(row, column))
    except (UserError, OSError):
        return  # Told when it is read.
    if len(found) > 1 or source.split is not None and source.split not in found:
        raise UserError(f"{source.name}: the column {column!r} says {', '.join(sorted(found))}; "
                        "tagged sentences are divided by files: write one file a split, and name "
                        "them by --train, --dev and --test")


def refuse_unread(source: Source, options: TextsOptions) -> None:
    """Refuses a table with columns of text and label by its first line, but with a fault.

    Raises:
      UserError: with the fault, such as two columns of one name, or rows of other widths.
    """
    if source.opener is None:
        return
    try:
        first = next((line for line in open_lines(source, options.encoding) if line.strip()), "")
    except (UserError, OSError):
        return  # Told when it is read.
    first = first.strip().lower()
    names = set(_KEY.findall(first) if first.startswith("{") else
                _BETWEEN_NAMES.split(first.strip('"')))
    if names & set(TEXTS) and names & set(LABELS):
        with open_table(source, options.table) as table:
            sample_of(table)


def refuse_without_label(head: Head) -> None:
    """Refuses a table of texts in which no column has a name that labels usually have.

    Raises:
      UserError: with the flag that names the column.
    """
    source, table, sample = head
    names = head.names
    if table.form not in ("csv", "tsv") or not table.named or names & set(LABELS) or not (
            names & set(TEXTS) or any(set(pair) <= names for pair in PAIRS)):
        return
    cells = [str(value) for row in sample for value in row.values()]
    # Lists, and a tag for each word, are tagged sentences.
    if any(cell.startswith("[") or cell and split_tags(cell) for cell in cells):
        return
    raise UserError(f"{source}: a table of texts, but no column has a usual name of labels; "
                    f"--label_column=NAME or NUMBER says which it is; the columns are "
                    f"{', '.join(table.columns)}{without_label(pathlib.PurePath(source))}")
