"""Reads unlabelled texts of any form: running text, tables, JSON, and the forms of tagged text."""

import csv
import itertools
import json
import pathlib
import re
from typing import Collection, Iterator, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.readers.texts import refuse_marks
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.columns import TEXTS, find_columns
from xtremedistil_tf.corpora.texts.recognise import sample_of
from xtremedistil_tf.corpora.texts.rows import Text, TextReader, TextsOptions
from xtremedistil_tf.corpora.texts.tables.opening import open_lines, open_table
from xtremedistil_tf.corpora.texts.tables.table import SEPARATORS, Place
from xtremedistil_tf.data.labels import Numbers
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.marks import DOCUMENT_LINE
from xtremedistil_tf.data.readers.recognise import FORMS, recognise
from xtremedistil_tf.data.readers.rows import split_prefix
from xtremedistil_tf.errors import UserError

_SAMPLE = 500
# Forms whose readers give one text a row; the others are tables or running text.
_TABLES = ("table", "csv")
_Rows = Iterator[Tuple[Place, Sequence[str]]]


def _as_table(source: Source, options: TextsOptions) -> Optional[str]:
    """The form of a source that names its columns, or is no text file; None for others."""
    try:
        with open_table(source, options.table) as table:
            if table.form in ("csv", "tsv"):
                return table.form if table.named else None
            if not options.wanted.texts and table.form in ("json", "jsonl") \
                    and not options.wanted.pairs:
                find_columns(table, sample_of(table), options.wanted,
                             pathlib.PurePath(source.name), labelled=False)
            return table.form
    except UserError:
        return None


def _ends_in_label(line: str, separator: str, classes: Collection[str]) -> bool:
    """True if the first or last cell of a line is a known label, or behind a tab a number."""
    cells = line.split(separator)
    if len(cells) < 2:
        return False
    if separator == "\t" and not classes and cells[-1] in Numbers():
        return True
    # "yes, it is" is a sentence.
    ends = cells[-1:] if cells[1].startswith(" ") and separator != "\t" else [cells[0], cells[-1]]
    return any(cell in classes or split_prefix(cell)[1] in classes
               for cell in (end.strip('"') for end in ends))


def _label_separator(lines: Sequence[str], classes: Collection[str]) -> Optional[str]:
    """The separator between texts and their labels, if nearly all lines have one; else None."""
    return next((separator for separator in SEPARATORS if sum(
        _ends_in_label(line, separator, classes) for line in lines) >= 0.9 * len(lines)), None)


def _is_prose(lines: Sequence[str]) -> bool:
    """True if a space stands behind most commas, as in sentences; tables of texts have none."""
    found = [re.search(r'",(\s*)\w', line) for line in lines]
    return sum(bool(one and one.group(1)) for one in found) >= 0.5 * len(lines)


def _has_words(lines: Sequence[str]) -> bool:
    """True if lines of one word each are parted into sentences; else each is a text."""
    inner = "\n".join(lines).strip("\n").split("\n")
    return any(not any(map(str.isalnum, line)) for line in inner)


def _is_quoted(lines: Sequence[str]) -> bool:
    """True if lines are a table of one column, whose cells quotation marks enclose."""
    def cells(line: str) -> int:
        try:
            return len(next(csv.reader([line], strict=True), []))
        except csv.Error:
            return 0

    return bool(lines) and sum(line.startswith('"') and cells(line) == 1
                               for line in lines) >= 0.9 * len(lines)


def _are_json(lines: Sequence[str]) -> bool:
    try:
        return all(isinstance(json.loads(line), str) for line in lines)
    except (ValueError, RecursionError):
        return False


class _Transfer:
    """A transfer file with what its first lines show.

    Args:
      source: the file.
      options: settings of reading.
      classes: labels of the training rows.

    Attributes:
      form: its format; "table" for tables without names.
      separators: possible separators of a table.
    """

    def __init__(self, source: Source, options: TextsOptions, classes: Collection[str]):
        self._source, self._options = source, options
        lines = open_lines(source, options.encoding)
        self._sample = [line.rstrip("\r\n") for line in itertools.islice(lines, _SAMPLE)]
        filled = [line for line in self._sample if line.strip()]
        self._headed = len(filled) > 1 and filled[0].strip().strip('"').lower() in TEXTS
        body = filled[1:] if self._headed else filled
        self._quoted = (self._headed or len(body) > 2) and _is_quoted(body) and not (
            _are_json(body) and not self._headed)
        self.separators = SEPARATORS
        self.form = "text" if self._quoted else recognise(body if self._headed else self._sample)
        if self.form == "words" and not _has_words(self._sample):
            self.form = "text"
        between = _label_separator(body, classes) if body and self.form in ("text", *_TABLES) \
            and not self._quoted else None
        if between is not None:
            self.form, self.separators = "table", between
        elif self.form in _TABLES:
            self.form = "text" if _is_prose(body) else "table"
        if options.wanted.pairs and self.form in ("text", "table"):
            widths = {line.count("\t") for line in filled}
            self.form = "text" if widths == {1} or self.form == "text" and widths <= {0} \
                else "table"

    def lines(self, counts: Tally) -> _Rows:
        """Yields the lines of running text, or of a table of one column, and of pairs."""
        counts.note("one text a line")
        if not self._quoted and not self._options.wanted.pairs:
            try:
                refuse_marks(self._sample[int(self._headed):], self._options.on_bad_row == "skip",
                             counts)
            except UserError as error:
                raise UserError(f"{self._source.name} {error}") from None
        lines = open_lines(self._source, self._options.encoding, counts)
        if self._headed:
            name = next(line for line in lines if line.strip()).strip()
            counts.note(f"header {name} left out")
        begin = int(self._headed)
        if self._quoted:
            rows = csv.reader(lines)
            yield from ((rows.line_num + begin, [",".join(row)]) for row in rows)
            return
        for number, line in enumerate(lines, 1 + begin):
            # The end of a line is no line break in a text.
            line = line.rstrip("\r\n")
            if DOCUMENT_LINE.fullmatch(line):
                counts["document_markers"] += 1
                continue
            yield number, line.split("\t") if self._options.wanted.pairs else [line]

    def rows(self, counts: Tally) -> _Rows:
        """Yields the texts of rows that the readers of tagged text know.

        Raises:
          UserError: with file and line, for an unusable row unless it is skipped.
        """
        options = self._options
        read = ReadOptions(self.form, options.language, whitespace_words=True,
                           encoding=options.encoding, labelled=False)
        for place, row in self._source.read(read, counts)[1]:
            if not isinstance(row, RowError):
                yield place, [" ".join(row.words)]
            elif options.on_bad_row == "error":
                raise UserError(f"{self._source.name}:{place}: {row}")
            else:
                counts["skipped_rows"] += 1


def transfer_texts(reader: TextReader, source: Source, options: TextsOptions,
                   classes: Collection[str]) -> Iterator[Text]:
    """Returns the texts of a transfer file, without labels; a record of it goes to the reader.

    Args:
      reader: reads and keeps the records.
      source: the file.
      options: settings of reading.
      classes: labels of the training rows; a file with them in its rows is a table.

    Raises:
      UserError: for a form that has no texts, or an unusable row.
    """
    if source.opener is None or _as_table(source, options):
        return reader.rows(source, labelled=False)
    given = _Transfer(source, options, classes)
    if given.form == "table":
        return reader.rows(source, labelled=False, separators=given.separators)
    counts = Tally()
    if given.form == "text":
        return reader.texts(source, "text", given.lines(counts), counts)
    if options.wanted.pairs:
        raise UserError(f"{source.name} looks like {FORMS[given.form]}; needed are two texts a "
                        "line, a tab between, or a table or JSON that names them")
    return reader.texts(source, given.form, given.rows(counts), counts)
