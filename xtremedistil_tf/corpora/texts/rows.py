"""Reads sources into clean labelled texts and counts every change."""

import dataclasses
import itertools
import logging
import pathlib
import re
import unicodedata
from typing import Any, Dict, Iterator, List, Optional, Tuple

from xtremedistil_tf.corpora.readers.base import Tally
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.columns import (
    HEADER,
    Columns,
    Wanted,
    find_columns,
    labels_of_cell,
    text_of,
)
from xtremedistil_tf.corpora.texts.tables import (
    SAMPLE,
    Record,
    TableOptions,
    open_lines,
    open_table,
)
from xtremedistil_tf.data.labels import Numbers
from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, RowError
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, LANGUAGE, language_prefix
from xtremedistil_tf.data.several_labels import split_labels
from xtremedistil_tf.errors import UserError

log = logging.getLogger("absl")
_WHITE = re.compile(r"[\s\0]+")
# SNLI and MNLI mark rows without a gold label so.
_NO_GOLD = frozenset({"-", "-1"})


@dataclasses.dataclass(frozen=True)
class Text:
    """A labelled text.

    Attributes:
      texts: its text, or the two of a pair.
      labels: its labels; one unless a text may have several; empty in unlabelled text.
      language: its language, or "default".
    """

    texts: Tuple[str, ...]
    labels: Tuple[str, ...] = ()
    language: str = DEFAULT_LANGUAGE

    @property
    def key(self) -> str:
        """The text in the form in which duplicates are alike."""
        return "\t".join(self.texts).casefold()

    def line(self) -> str:
        """The row of a task file."""
        prefix = language_prefix(self.language)
        return "\t".join([*self.texts, *([prefix + ",".join(self.labels)] if self.labels else [])])


@dataclasses.dataclass(frozen=True)
class TextsOptions:
    """Settings of reading labelled texts.

    Attributes:
      wanted: what the user said of columns.
      encoding: encoding of files without a byte order mark.
      header: "yes", "no" or "auto".
      language: language of rows that state none.
      languages: languages to keep; empty for all.
      numbers: True if labels are numbers.
      several: True if a text may have several labels.
      whole_labels: True if a label that looks like several is one class.
      on_bad_row: "error" or "skip".
      normalize: "none" or "nfc".
    """

    wanted: Wanted = Wanted()
    encoding: str = "utf-8"
    header: str = "auto"
    language: Optional[str] = None
    languages: Tuple[str, ...] = ()
    numbers: bool = False
    several: bool = False
    whole_labels: bool = False
    on_bad_row: str = "error"
    normalize: str = "none"

    @property
    def table(self) -> TableOptions:
        """Settings of the table."""
        wanted = (*self.wanted.texts, self.wanted.label, self.wanted.language)
        names = {name.lower() for name in wanted if name and not name.isdecimal()}
        return TableOptions(self.encoding, self.header, HEADER | names)


class TextReader:
    """Reads sources; keeps a record of each.

    Args:
      options: the settings.
    """

    def __init__(self, options: TextsOptions):
        self._options = options
        self.records: List[Dict[str, Any]] = []

    def rows(self, source: Source, *, labelled: bool = True) -> Iterator[Text]:
        """Yields a source's texts; its counts are complete after the last one.

        Raises:
          UserError: with file and line, for an unusable row unless it is skipped.
        """
        counts, problem = Tally(), None
        with open_table(source, self._options.table) as table:
            head = list(itertools.islice(table.rows, SAMPLE))
            sample = [row for _, row in head if not isinstance(row, RowError)]
            columns = find_columns(table, sample, self._options.wanted,
                                   pathlib.PurePath(source.name), labelled=labelled)
            counts.note(_told(columns, table.named))
            for place, row in itertools.chain(head, table.rows):
                try:
                    if isinstance(row, RowError):
                        raise row
                    if table.named and all(text_of(row.get(name)).strip() == name for name in row):
                        counts["headers"] += 1  # Tables that were joined, each with its own.
                        continue
                    found = self._text(row, columns, counts, source.language)
                except RowError as error:
                    if self._options.on_bad_row == "error":
                        raise UserError(f"{source.name}:{place}: {error} (--on_bad_row=skip leaves "
                                        "such rows out)") from None
                    counts["skipped_rows"] += 1
                    problem = problem or f"{place}: {error}"
                    continue
                if found is not None:
                    counts["sentences"] += 1
                    yield found
        log.info("read %s: %s texts", source.name, f"{counts['sentences']:,}")
        record = {"source": source.name, "format": table.form, "split": source.split,
                  "notes": counts.notes, "counts": {k: v for k, v in counts.items() if v}}
        self.records.append({**record, "first_problem": problem} if problem else record)

    def lines(self, source: Source) -> Iterator[Text]:
        """Yields the lines of running text, one text a line; for pairs two, with a tab between.

        Raises:
          UserError: with file and line, for a line that has not as many texts.
        """
        counts, pairs = Tally(), self._options.wanted.pairs
        counts.note("one text a line")
        for number, line in enumerate(open_lines(source, self._options.encoding), 1):
            # The end of a line is no line break in a text.
            line = line.rstrip("\r\n")
            parts = line.split("\t")[:2] if pairs else [line]
            texts = tuple(self._clean(part, counts) for part in parts)
            if not any(texts):
                counts["empty_lines"] += 1
                continue
            if not all(texts) or len(texts) != 1 + pairs:
                raise UserError(f"{source.name}:{number}: needed are two texts, a tab between")
            counts["sentences"] += 1
            yield Text(texts)
        self.records.append({"source": source.name, "format": "text", "split": source.split,
                             "notes": counts.notes,
                             "counts": {k: v for k, v in counts.items() if v}})

    def _clean(self, value: Any, counts: Tally) -> str:
        text = text_of(value)
        if BYTE_ORDER_MARK in text:
            counts["byte_order_marks"] += text.count(BYTE_ORDER_MARK)
            text = text.replace(BYTE_ORDER_MARK, "")
        clean = _WHITE.sub(" ", text).strip()
        counts["white_space"] += clean != text
        if not unicodedata.is_normalized("NFC", clean):
            counts["not_nfc"] += 1
            if self._options.normalize == "nfc":
                counts["normalized"] += 1
                clean = unicodedata.normalize("NFC", clean)
        return clean

    def _text(self, row: Record, columns: Columns, counts: Tally, language: Optional[str]
              ) -> Optional[Text]:
        texts = tuple(self._clean(row.get(name), counts) for name in columns.texts)
        for name, text in zip(columns.texts, texts):
            if not text:
                raise RowError(("no_words", f"no text in the column {name!r}"))
        own = text_of(row.get(columns.language)).strip() if columns.language else ""
        spoken = own or self._options.language or language or DEFAULT_LANGUAGE
        if not re.fullmatch(LANGUAGE, spoken):
            raise RowError(("language", f"language {spoken!r}; allowed: a letter, then up to 15 "
                            "letters, digits, - or _"))
        if self._options.languages and spoken not in self._options.languages:
            counts["other_languages"] += 1
            return None
        if columns.label is None:
            return Text(texts, (), spoken)
        labels = self._labels(row.get(columns.label), columns.label, counts, len(texts) == 2)
        return None if labels is None else Text(texts, labels, spoken)

    def _labels(self, value: Any, column: str, counts: Tally, pairs: bool
                ) -> Optional[Tuple[str, ...]]:
        labels = [_WHITE.sub(" ", label).strip() for label in labels_of_cell(value)]
        if self._options.several:
            if not isinstance(value, (list, tuple)):
                labels = split_labels(labels[0])
            return tuple(dict.fromkeys(filter(None, labels)))
        if len(labels) != 1:
            raise RowError(("several_labels", f"{len(labels)} labels: {', '.join(labels)!r:.60}; "
                            "--do_multilabel reads several"))
        if not labels[0]:
            raise RowError(("no_label", f"no label in the column {column!r}"))
        if pairs and labels[0] in _NO_GOLD:
            counts["no_gold"] += 1
            return None
        if self._options.numbers and labels[0] not in Numbers():
            raise RowError(("unknown_label", f"the label is {labels[0]!r}; needed is a number"))
        return (labels[0],)


def _told(columns: Columns, named: bool) -> str:
    told = f"text from {' and '.join(map(repr, columns.texts))}"
    if columns.label is not None:
        told += f", label from {columns.label!r}"
    if columns.language is not None:
        told += f", language from {columns.language!r}"
    return told + ("" if named else " (columns without names, by number)")
