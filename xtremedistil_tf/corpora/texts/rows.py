"""Reads sources into clean labelled texts and counts every change."""

import collections
import dataclasses
import itertools
import logging
import pathlib
import re
import unicodedata
from typing import Any, Counter, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.annotations.answers import is_rejected
from xtremedistil_tf.corpora.annotations.keys import plain_key
from xtremedistil_tf.corpora.readers.base import INVISIBLE, Tally
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.suspicious import damage_of
from xtremedistil_tf.corpora.texts.columns import (
    HEADER,
    LABELS,
    Columns,
    Wanted,
    doubts,
    find_columns,
    no_texts_in,
    split_of_row,
)
from xtremedistil_tf.corpora.texts.headers import check_first, is_header
from xtremedistil_tf.corpora.texts.tables.cells import labels_of_cell, text_in, text_of
from xtremedistil_tf.corpora.texts.tables.objects import CHOSEN
from xtremedistil_tf.corpora.texts.tables.one_hot import with_labels
from xtremedistil_tf.corpora.texts.tables.opening import open_table
from xtremedistil_tf.corpora.texts.tables.table import (
    SAMPLE,
    SEPARATORS,
    Place,
    Record,
    Table,
    TableOptions,
)
from xtremedistil_tf.data.labels import Numbers
from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, RowError
from xtremedistil_tf.data.readers.marks import NOTHING
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, LANGUAGE, language_prefix
from xtremedistil_tf.data.readers.texts import NO_GOLDS
from xtremedistil_tf.data.several_labels import check_no_vector
from xtremedistil_tf.errors import UserError

log = logging.getLogger("absl")
_WHITE = re.compile(r"[\s\0]+")
# Most characters of a cell in Excel, which cuts off the others.
_EXCEL = 32_767
# Columns of a CSV that are an annotator's answer by their names.
_ANSWERS = frozenset({"answer", "review_status", "annotation_status"})


@dataclasses.dataclass(frozen=True)
class Text:
    """A labelled text.

    Attributes:
      texts: its text, or the two of a pair.
      labels: its labels; one unless a text may have several; empty in unlabelled text.
      language: its language, or "default".
      split: the split that its row names; None if it names none.
    """

    texts: Tuple[str, ...]
    labels: Tuple[str, ...] = ()
    language: str = DEFAULT_LANGUAGE
    split: Optional[str] = None

    @property
    def key(self) -> str:
        """The text in the form in which duplicates are alike."""
        return "\t".join(self.texts).casefold()

    def line(self) -> str:
        """The row of a task file; of a text without labels the last column is empty."""
        return "\t".join([*self.texts, language_prefix(self.language) + ",".join(self.labels)])


@dataclasses.dataclass(frozen=True)
class TextsOptions:
    """Settings of reading labelled texts.

    Attributes:
      wanted: the user's choice of columns.
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
        wanted = (*self.wanted.texts, self.wanted.label, self.wanted.language,
                  *self.wanted.labels)
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
        self._named_labels: Dict[str, str] = {}

    def rows(self, source: Source, *, labelled: bool = True, separators: str = SEPARATORS
             ) -> Iterator[Text]:
        """Yields a source's texts; its counts are complete after the last one.

        Args:
          source: the source.
          labelled: True if labels are needed.
          separators: possible separators of columns.

        Raises:
          UserError: with file and line, for an unusable row unless it is skipped.
        """
        counts, problem = Tally(), None
        seen: Counter[Tuple[str, ...]] = collections.Counter()
        first: Optional[Tuple[Place, Text]] = None
        given = self._options.table
        options = TableOptions(given.encoding, given.header, given.header_names, separators)
        path = pathlib.PurePath(source.name)
        with open_table(source, options, counts) as table:
            if labelled and self._options.wanted.labels:
                table = with_labels(table, self._options.wanted.labels, path)
            head = list(itertools.islice(table.rows, SAMPLE))
            sample = [row for _, row in head if not isinstance(row, RowError)]
            if head and not sample:
                raise UserError(f"{source.name}:{head[0][0]}: {head[0][1]}")
            columns = find_columns(table, sample, self._options.wanted, path, labelled=labelled)
            if labelled and table.named and self._options.wanted.label is None:
                self._check_label(source.name, str(columns.label))
            counts.note(_told(columns, table.named))
            if source.language and columns.language is None and not self._options.language:
                counts.note(f"language {source.language}, by its name")
            suspicious = doubts(table, sample, columns, self._options.wanted,
                                divided=source.split is not None) if labelled else (
                                    no_texts_in(sample, columns))
            judged = _judged(table, columns)
            for place, row in itertools.chain(head, table.rows):
                try:
                    if isinstance(row, RowError):
                        raise row
                    if is_header(row, table, f"{source.name}:{place}"):
                        counts["headers"] += 1  # Tables that were joined, each with its own.
                        continue
                    if judged and is_rejected({name: row.get(name) for name in judged}):
                        counts["rejected_rows"] += 1
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
                    first = first or (place, found)
                    seen[found.labels] += 1
                    yield found
        if first is not None and not table.named and self._options.header == "auto":
            check_first(first[0], first[1].labels, seen, source.name)
        log.info("read %s: %s texts", source.name, f"{counts['sentences']:,}")
        self._note(source, table.form, counts, problem, suspicious)

    def _check_label(self, name: str, label: str) -> None:
        """Refuses a label that only its contents show if another file has another label.

        Raises:
          UserError: such as for a test of a competition, whose labels were kept back.
        """
        self._named_labels.setdefault(name, label)
        by_contents = [one for one, own in self._named_labels.items() if own.lower() not in LABELS]
        if by_contents and len(set(map(str.lower, self._named_labels.values()))) > 1:
            one = by_contents[0]
            raise UserError(
                f"{one}: no column has a usual name of labels; by the contents it would be "
                f"{self._named_labels[one]!r}, but other files have another; --label_column=NAME "
                "says which it is in all; name a file without labels by --transfer")

    def texts(self, source: Source, form: str, rows: Iterable[Tuple[Place, Sequence[str]]],
              counts: Tally) -> Iterator[Text]:
        """Yields unlabelled texts, and keeps the record of their source.

        Args:
          source: the source.
          form: name of its format, for the record.
          rows: (place, its text, or the two of a pair) of each row.
          counts: tally of the source.

        Raises:
          UserError: with file and line, for a row that has not as many texts.
        """
        count = 2 if self._options.wanted.pairs else 1
        for place, parts in rows:
            texts = tuple(self._clean(part, counts) for part in parts)
            if not any(texts):
                counts["empty_lines"] += 1
                continue
            if not all(texts) or len(texts) != count:
                raise UserError(f"{source.name}:{place}: needed are two texts, a tab between")
            counts["sentences"] += 1
            yield Text(texts)
        self._note(source, form, counts, None, counts.doubts)

    def _note(self, source: Source, form: str, counts: Tally, problem: Optional[str],
              suspicious: Sequence[str] = ()) -> None:
        record = {"source": source.name, "format": form, "split": source.split,
                  "notes": counts.notes, "counts": {k: v for k, v in counts.items() if v},
                  "suspicious": list(suspicious)}
        self.records.append({**record, "first_problem": problem} if problem else record)

    def _clean(self, value: Any, counts: Tally) -> str:
        text = value if isinstance(value, str) else text_of(value)
        if BYTE_ORDER_MARK in text:
            counts["byte_order_marks"] += text.count(BYTE_ORDER_MARK)
            text = text.replace(BYTE_ORDER_MARK, "")
        counts["cell_cut"] += len(text) == _EXCEL
        clean = _WHITE.sub(" ", text).strip()
        counts["white_space"] += clean != text
        damage = damage_of(clean)
        if damage:
            counts[f"damaged_{damage}"] += 1
        if not unicodedata.is_normalized("NFC", clean):
            counts["not_nfc"] += 1
            if self._options.normalize == "nfc":
                counts["normalized"] += 1
                clean = unicodedata.normalize("NFC", clean)
        return clean

    def _text(self, row: Record, columns: Columns, counts: Tally, language: Optional[str]
              ) -> Optional[Text]:
        texts = tuple(self._clean(text_in(row, name, counts), counts) for name in columns.texts)
        for name, text in zip(columns.texts, texts):
            if not text:
                raise RowError(("no_words", f"no text in the column {name!r}"))
            counts["placeholders"] += text in NOTHING
        own = text_in(row, columns.language, counts).strip() if columns.language else ""
        spoken = own or self._options.language or language or DEFAULT_LANGUAGE
        if not re.fullmatch(LANGUAGE, spoken):
            raise RowError(("language", f"language {spoken!r}; allowed: a letter, then up to 15 "
                            "letters, digits, - or _"))
        if self._options.languages and spoken not in self._options.languages:
            counts["other_languages"] += 1
            return None
        if columns.label is None:
            return Text(texts, (), spoken)
        if columns.label == CHOSEN and row.get(CHOSEN) is None:
            counts["unannotated_rows"] += 1
            return None
        labels = self._labels(row.get(columns.label), columns.label, counts, len(texts) == 2)
        split = split_of_row(row, columns.split) if columns.split else None
        return None if labels is None else Text(texts, labels, spoken, split)

    def _labels(self, value: Any, column: str, counts: Tally, pairs: bool
                ) -> Optional[Tuple[str, ...]]:
        several = self._options.several
        labels = [self._label(label, counts) for label in labels_of_cell(
            value, several=several, whole=self._options.whole_labels, counts=counts)]
        try:
            if several or len(set(labels)) > 1:  # Annotators may agree.
                check_no_vector(labels)
        except RowError as error:
            raise RowError(("label_vector", f"{error}, an object of names and shares, or a column "
                            "a label (--kind=multilabel --label_column=a,b)")) from None
        if several:
            wrong = next((label for label in labels if "," in label), None)
            if wrong is not None:
                raise RowError(("label_comma", f"the label {wrong!r:.60} holds a comma, which "
                                "parts the labels of a row; allowed: any other character"))
            return tuple(dict.fromkeys(filter(None, labels)))
        labels = list(dict.fromkeys(labels))
        if len(labels) > 1:
            raise RowError(("several_labels", f"{len(labels)} labels: {', '.join(labels)!r:.60}; "
                            "--kind=multilabel reads several"))
        if not labels or not labels[0]:
            raise RowError(("no_label", f"no label in the column {column!r}"))
        if pairs and labels[0] in NO_GOLDS and not (
                self._options.numbers and labels[0] in Numbers()):
            counts["no_gold"] += 1
            return None
        if self._options.numbers and labels[0] not in Numbers():
            raise RowError(("unknown_label", f"the label is {labels[0]!r}; needed is a number"))
        return (labels[0],)

    def _label(self, label: str, counts: Tally) -> str:
        clean = INVISIBLE.sub("", _WHITE.sub(" ", label).strip())
        counts["invisible_labels"] += bool(INVISIBLE.search(label))
        return clean if self._options.normalize == "none" else unicodedata.normalize("NFC", clean)


def _judged(table: Table, columns: Columns) -> Tuple[str, ...]:
    """The columns that may hold an annotator's answer."""
    # In unlabelled text the label column is known by its usual names only.
    labels = (columns.label,) if columns.label is not None else tuple(
        name for name in table.columns if name.lower() in LABELS)
    left = tuple(name for name in table.columns if name not in (*columns.texts, *labels))

    def may_judge(name: str) -> bool:
        if plain_key(name) in _ANSWERS:
            return True
        # In a CSV, `status` may mean anything.
        return table.form not in ("csv", "tsv") and any(
            is_rejected({name: value}) for value in (True, False, "reject", "deleted"))

    return tuple(filter(may_judge, left))


def _told(columns: Columns, named: bool) -> str:
    told = f"text from {' and '.join(map(repr, columns.texts))}"
    if columns.label is not None:
        told += f", label from {columns.label!r}"
    if columns.language is not None:
        told += f", language from {columns.language!r}"
    if columns.split is not None:
        told += f", split from {columns.split!r}"
    return told + ("" if named else " (columns without names, by number)")
