"""Reads tables: a text column as running text, or a column of words with one of their tags."""

import csv
import itertools
import operator
import statistics
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from xtremedistil_tf.corpora.annotations.keys import plain_key
from xtremedistil_tf.corpora.annotations.layers import are_spans, have_entities, spans_column
from xtremedistil_tf.corpora.annotations.lists import Items, read_list
from xtremedistil_tf.corpora.annotations.written import read_written
from xtremedistil_tf.corpora.readers.base import SAMPLE, Place, ReadOptions, Row, Tally
from xtremedistil_tf.corpora.readers.parts import TAGS, TOKENS, named_tags
from xtremedistil_tf.corpora.readers.records import read_records
from xtremedistil_tf.corpora.readers.texts import is_header, sentences_of, text_names
from xtremedistil_tf.data.lines import Line, RowError, is_count
from xtremedistil_tf.data.quotes import ESCAPED, doubled, escapes_quotes
from xtremedistil_tf.data.readers.recognise import find_separator, is_tag, split_tags, usual_width
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example
from xtremedistil_tf.errors import UserError

_Cells = Sequence[str]
# Fraction of rows that show what a column holds; the others are reported one by one.
_NEARLY_ALL = 0.9
# Longest cell of a sentence; a longer one has a quotation mark that is never closed.
_CELL = 1 << 17
_NO_ITEMS = Items([], False)


class _Tagged(NamedTuple):
    """The columns of words and of their tags; `lists` is True if the words are lists."""

    words: int
    tags: int
    lists: bool


def _items(cell: str) -> Items:
    """A cell's words or tags: a list, or separated by spaces, or tags by commas.

    Raises:
      RowError: for a list that cannot be read.
    """
    return read_list(cell) or Items(split_tags(cell) or cell.split(), False)


def _or_none(cell: str) -> Optional[Items]:
    try:
        return _items(cell)
    except RowError:
        return None


def _why_unread(cell: str) -> Optional[UserError]:
    try:
        read_list(cell)
    except RowError as error:
        return UserError(str(error))
    return None


def _is_list(cell: str) -> bool:
    """True if a cell is a list of texts, even if it cannot be read."""
    try:
        found = read_list(cell)
    except RowError:
        return True
    return found is not None and not found.numbers


def _equal(rows: Sequence[_Cells]) -> List[_Cells]:
    """The rows with the usual number of cells."""
    width = usual_width(rows)[0] if rows else 0
    return [row for row in rows if len(row) == width]


def _most(values: Iterable[bool], count: int) -> bool:
    """True if nearly all rows have a property; one of them may be the header."""
    return sum(values) >= max(1.0, _NEARLY_ALL * (count - 1))


def _tags_columns(rows: Sequence[_Cells], names: _Cells) -> List[_Tagged]:
    """Columns of tags with the column of their words; those of numbers by their name only."""
    found = []
    columns = [[_or_none(row[at]) for row in rows] for at in range(len(names))]
    lists = [_most(map(_is_list, (row[at] for row in rows)), len(rows)) for at in range(len(names))]
    for tags, items in enumerate(columns):
        numbered = plain_key(names[tags]) in TAGS
        tagged = [at for at, one in enumerate(items) if one and one.items and (
            one.numbers and numbered or all(map(is_tag, one.items)))]
        if not _most((True for _ in tagged), len([one for one in items if one])):
            continue
        for words, others in enumerate(columns):
            equal = [not word.numbers and len(word.items) == len(tag.items) for word, tag in (
                (others[at], items[at]) for at in tagged) if word and tag]
            if words != tags and _most(equal, len(equal) + 1):
                found.append(_Tagged(words, tags, lists[words]))
    return found


def _chosen(rows: Sequence[_Cells], options: ReadOptions) -> Optional[_Tagged]:
    """The columns of words and tags, or None if there are none.

    Raises:
      UserError: if several columns hold tags and neither a flag nor the header names one.
    """
    rows = _equal(rows)
    names = [name.strip() for name in rows[0]]
    found = _tags_columns(rows, names)
    words_of, tags_of = operator.attrgetter("words"), operator.attrgetter("tags")
    for flag, wanted, column in (("word_column", options.word_column, words_of),
                                 ("tag_column", options.tag_column, tags_of)):
        if not wanted:
            continue
        fits = [one for one in found
                if wanted.lower() in (names[column(one)].lower(), str(column(one) + 1))]
        if found and not fits:
            allowed = sorted({str(column(one) + 1) for one in found})
            raise UserError(f"--{flag} is {wanted!r}; allowed in this table: "
                            f"{' or '.join(allowed)}")
        found = fits
    if options.labelled and not options.tag_column:
        _refuse_several(rows, [one for one in found if have_entities(
            tag for row in rows for tag in (_or_none(row[one.tags]) or _NO_ITEMS).items)])
    for keys, column in ((TAGS, tags_of), (TOKENS, words_of)):
        called = [one for key in keys for one in found if plain_key(names[column(one)]) == key]
        found = [one for one in called if column(one) == column(called[0])] or found
    if options.labelled:
        _refuse_several(rows, found)
    return found[0] if found else None


def _refuse_several(rows: Sequence[_Cells], found: Sequence[_Tagged]) -> None:
    """Raises UserError if columns of tags have different contents below their names."""
    different = {tuple(row[one.tags] for row in rows[1:]): one for one in reversed(found)}
    if len(different) > 1:
        raise UserError(f"{len(different)} columns hold tags; choose one with --tag_column="
                        + " or ".join(sorted(str(one.tags + 1) for one in different.values())))


def _with_spans(rows: Iterable[Tuple[int, Union[List[str], RowError]]], text: int, spans: int
                ) -> Iterator[Tuple[Place, Any]]:
    """Yields (place, record) of a table with a text and its entities in two cells of a row."""
    for at, (number, row) in enumerate(rows):
        if isinstance(row, RowError):
            yield number, row
        elif len(row) <= max(text, spans):
            yield number, RowError(("columns", f"{len(row)} columns; the entities are expected in "
                                    f"column {spans + 1}, the text in column {text + 1}"))
        elif not row[spans].strip():
            yield number, {"text": row[text]}
        elif are_spans(row[spans]):
            yield number, {"text": row[text], "entities": read_written(row[spans])}
        elif at or "[" in row[spans]:  # The first row may be the header.
            yield number, RowError(("json", f"{row[spans]!r:.60}; needed is a list of entities"))


def holds_tagged_rows(lines: Sequence[str]) -> bool:
    """True if lines are a table whose cells hold the words, or the tags, of a whole sentence."""
    rows = _equal(_sample(list(enumerate(lines, 1))))
    return any(len(items.items) > 1 for one in _tags_columns(rows, rows[0] if rows else ())
               for items in (_or_none(row[one.tags]) for row in rows) if items)


def holds_lists(lines: Sequence[str]) -> bool:
    """True if a column of a table holds lists of texts; arrays of numpy need no quotation marks."""
    if not any("['" in line or '["' in line for line in lines):
        return False
    rows = _equal(_sample(list(enumerate(lines, 1))))
    return bool(rows) and any(_most(map(_is_list, column), len(rows)) for column in zip(*rows))


def _text_column(rows: Sequence[_Cells], options: ReadOptions) -> Tuple[int, bool]:
    """(index of a table's text column, True if the first row is a header).

    Raises:
      UserError: if no column is named and the choice is ambiguous.
    """
    names = [name.strip().lower() for name in rows[0]]
    wanted = (options.word_column or "").lower()
    header = wanted in names or bool(text_names(names))
    if is_count(wanted) and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1, header
    for name in [wanted] if wanted else text_names(names):
        if name in names:
            return names.index(name), True
    lists = [at for at, name in enumerate(names) if name in TOKENS and _most(
        (len(row) > at and _is_list(row[at]) for row in rows), len(rows))]
    if lists and not wanted:
        return lists[0], True
    lengths = [statistics.mean(len(row[at].split()) if at < len(row) else 0 for row in rows)
               for at in range(len(names))]
    longest = [at for at, length in enumerate(lengths) if length >= 2]
    if wanted or len(longest) != 1:
        asked = f"--word_column is {options.word_column!r}; " if wanted else ""
        raise UserError(f"{asked}a table of {len(names)} columns; name the column of the text with "
                        f"--word_column={' or '.join(str(at + 1) for at in range(len(names)))}; "
                        f"the first row is {rows[0]!r:.120}")
    return longest[0], is_header(rows, longest[0])


def _rows(lines: Iterable[str], separator: str) -> Iterator[Tuple[int, List[str]]]:
    """Yields (number of its last line, cells) for each row.

    Raises:
      UserError: for a cell that the csv module refuses.
    """
    # Only quoted cells may contain line ends; a table with tabs has no quotes.
    csv.field_size_limit(_CELL)  # One for the process; a table of texts has a larger one.
    rows = csv.reader((f"{line}\n" for line in lines), delimiter=separator,
                      quoting=csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL)
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise UserError(f"line {rows.line_num}: {error}; is a quotation mark never closed?"
                        ) from None


def _all_rows(lines: Iterable[Line], separator: str
              ) -> Iterator[Tuple[int, Union[List[str], RowError]]]:
    """Yields the rows that are not empty, and the errors of lines that are none."""
    bad: List[Tuple[int, RowError]] = []

    def plain() -> Iterator[str]:
        for number, text in lines:
            if isinstance(text, RowError):
                bad.append((number, text))
            else:
                yield text

    for number, row in _rows(plain(), separator):
        yield from bad
        bad.clear()
        if any(row):
            yield number, row
    yield from bad


def _doubled(line: Line) -> Line:
    number, text = line
    return number, doubled(text) if isinstance(text, str) else text


def _separator(head: Sequence[Line]) -> str:
    return find_separator([text for _, text in head if isinstance(text, str) and text.strip()]
                          ) or ","


def _sample(head: Sequence[Line]) -> List[List[str]]:
    rows = list(_rows((text for _, text in head if isinstance(text, str)), _separator(head)))
    if len(head) >= SAMPLE and len(rows) > 1:
        rows.pop()  # The sample may end within a cell.
    return [row for _, row in rows if any(map(str.strip, row))]


def _tagged(row: _Cells, columns: _Tagged, options: ReadOptions) -> Example:
    """A row's words and tags.

    Raises:
      RowError: for lists that cannot be read, or tags that are numbers without names.
    """
    words, tags = _items(row[columns.words]), _items(row[columns.tags])
    if columns.lists and read_list(row[columns.words]) is None:
        raise RowError(("list", f"the words {row[columns.words]!r:.60} are no list, as in most "
                        "rows"))
    if row[columns.words][:1] + row[columns.words][-1:] == "[]" and not columns.lists and (
            read_list(row[columns.tags]) is not None):
        raise RowError(("list", f"the list {row[columns.words]!r:.60} has no quotation marks; "
                        "needed are its words in quotation marks"))
    return Example(tuple(words.items), named_tags(tags.items, options.tag_names) if tags.numbers
                   else tuple(tags.items), options.language or DEFAULT_LANGUAGE)


def read_table(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads the text column of a table, with tabs or CSV, as running text.

    If one column has a tag for each word of another, they are read as words and tags.
    """
    lines = iter(lines)
    head = list(itertools.islice(lines, SAMPLE))
    separator = _separator(head)
    if separator != "\t" and escapes_quotes(
            [text for _, text in head if isinstance(text, str)], separator):
        counts.note(ESCAPED)
        head, lines = [*map(_doubled, head)], map(_doubled, lines)
    cells = _sample(head)
    tagged = _chosen(cells, options) if cells else None
    spans = spans_column(_equal(cells)) if options.labelled and not tagged else None
    rows = _all_rows(itertools.chain(head, lines), separator)
    if spans is not None:
        text, _ = _text_column(cells, options)
        counts.note(f"text from column {text + 1} of the table, entities from column {spans + 1}")
        yield from read_records(_with_spans(rows, text, spans), options, counts)
        return
    if tagged:
        column = tagged.words
        first_tags = _or_none(cells[0][tagged.tags])
        header = first_tags is not None and not first_tags.numbers and not all(
            map(is_tag, first_tags.items))
        counts.note(f"words from column {tagged.words + 1} of the table, tags from column "
                    f"{tagged.tags + 1}")
    elif options.labelled:
        # A wrong encoding is the first thing to know.
        unread = next((f"line {number}: {text}" for number, text in head
                       if isinstance(text, RowError)), None)
        if unread is not None:
            raise UserError(unread)
        reason = next(filter(None, map(_why_unread, itertools.chain.from_iterable(cells))), None)
        raise reason or UserError(
            "no column of the table holds tags such as B-PER and O; the first row is "
            f"{', '.join(cells[0] if cells else ())!r:.120} (--tag_column=NUMBER names the column; "
            "--kind=classification reads labelled texts)")
    else:
        column, header = _text_column(cells, options)
        counts.note(f"text from column {column + 1} of the table")
    lists = tagged is None and _most((len(row) > column and _is_list(row[column])
                                      for row in cells), len(cells))
    first: Optional[_Cells] = None
    needed = max(column, tagged.tags if tagged else 0)
    for number, row in rows:
        if isinstance(row, RowError):
            yield number, row
            continue
        first = row if first is None else first
        # The header stands again where tables were joined.
        if header and row == first:
            continue
        try:
            if len(row) <= needed:
                raise RowError(("columns", f"{len(row)} columns; the text is expected in column "
                                f"{column + 1}"))
            if tagged or lists:
                yield number, _tagged(row, tagged, options) if tagged else Example(
                    tuple(_items(row[column]).items), (), options.language or DEFAULT_LANGUAGE)
                continue
        except RowError as error:
            yield number, error
            continue
        for words in sentences_of(row[column], options, counts):
            yield number, Example(words, (), options.language or DEFAULT_LANGUAGE)
