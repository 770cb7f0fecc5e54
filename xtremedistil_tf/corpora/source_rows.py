"""Reads sources into clean IOB2 rows, counting every change."""

import dataclasses
import hashlib
import logging
import re
import unicodedata
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from xtremedistil_tf.corpora.readers import schemes
from xtremedistil_tf.corpora.readers.base import (
    Place,
    ReadOptions,
    Row,
    Tally,
    clean_tags,
    clean_words,
)
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.suspicious import damage_of
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.piece_marks import count_pieces
from xtremedistil_tf.data.readers.marks import ENTITIES
from xtremedistil_tf.data.readers.recognise import FORMS
from xtremedistil_tf.data.readers.rows import LANGUAGE, Example
from xtremedistil_tf.data.readers.sentences import LONG_ROW, MOST_WORDS, count_ends, cut_row
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind

# Number of end marks inside a long row that shows a document.
_SEVERAL_ENDS = 3
# Kinds of errors that concern all rows of a file or none.
_OF_THE_FORM = frozenset({"no_tags", "tag_names", "span_keys", "span_label", "no_empty_line",
                          "not_utf8", "encoding", "iso_2022", "other_file", "splits",
                          "controls", "layers"})
log = logging.getLogger("absl")


@dataclasses.dataclass(frozen=True)
class ConvertOptions:
    """Settings of a conversion into a task folder.

    Attributes:
      read: reading options of the sources.
      languages: languages to keep; empty for all.
      shares: fractions of dev and test, if they are taken out of the training rows.
      seed: seed of that division.
      keep_leaks: True to keep transfer sentences that occur in dev or test.
      on_bad_row: "error" or "skip".
      normalize: "none", or "nfc": words in Unicode's composed form.
      kind: name of the kind of task; it says which tags are written.
    """

    read: ReadOptions = ReadOptions()
    languages: Tuple[str, ...] = ()
    shares: Tuple[float, float] = (0.1, 0.1)
    seed: int = 42
    keep_leaks: bool = False
    on_bad_row: str = "error"
    normalize: str = "none"
    kind: str = "tagging"


def digest(words: Sequence[str], seed: int = 0) -> int:
    """A 64-bit hash of a sentence, equal in every process."""
    text = " ".join(words).encode("utf-8", "surrogatepass")
    key = seed.to_bytes(8, "little")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8, key=key).digest(), "little")


def rows_of(source: Source, options: ReadOptions, counts: Tally, *, kind: str = "tagging"
            ) -> Tuple[str, Iterator[Row]]:
    """(format of a source, its unconverted rows with tags of any scheme)."""
    entities = task_kind(kind).entities
    form, rows = source.read(dataclasses.replace(options, schemed=entities), counts)
    bare = options.labelled and entities
    return form, schemes.read_bare_types(rows, counts) if bare else rows


def name_place(place: Place) -> str:
    """Formats the place of a row for messages."""
    return f"line {place}" if isinstance(place, int) else place


class SourceReader:
    """Reads sources into clean IOB2 examples and keeps the counts of each.

    Args:
      options: settings of the conversion.
      tells: False for no log line about each source, such as for a first reading of two.
    """

    def __init__(self, options: ConvertOptions, *, tells: bool = True):
        self._options, self._tells = options, tells
        self._entities = task_kind(options.kind).entities
        self.records: List[Dict[str, Any]] = []

    def rows(self, source: Source, labelled: bool) -> Iterator[Example]:
        """Yields a source's examples; its counts are complete after the last one.

        Raises:
          UserError: for the first unusable row, with its place, unless such rows are skipped.
        """
        counts = Tally()
        problem = None
        form, rows = rows_of(
            source, dataclasses.replace(
                self._options.read, labelled=labelled, marked=self._options.on_bad_row == "skip"),
            counts, kind=self._options.kind)
        for place, row in rows:
            try:
                if isinstance(row, RowError):
                    raise row
                examples = self._clean(row, labelled, form, counts)
            except RowError as error:
                if self._options.on_bad_row == "error":
                    # In a file of another format, hardly any row would be usable.
                    skip = "" if error.problems[0][0] in _OF_THE_FORM else \
                        " (--on_bad_row=skip leaves such rows out)"
                    raise UserError(f"{source.name}:{place}: {error}{skip}") from None
                counts["skipped_rows"] += 1
                problem = problem or f"{name_place(place)}: {error}"
                continue
            for example in examples:
                if not example.words:
                    counts["empty_sentences"] += 1
                elif self._options.languages and example.language not in self._options.languages:
                    counts["other_languages"] += 1
                else:
                    _count(example, counts)
                    yield example
        if self._tells:
            log.info("read %s: %s sentences", source.name, f"{counts['sentences']:,}")
        record: Dict[str, Any] = {"source": source.name, "format": form, "split": source.split}
        if labelled and self._entities:
            record["scheme"] = schemes.scheme_name(counts)
        if problem:
            record["first_problem"] = problem
        if source.language and not self._options.read.language:
            counts.note(f"language {source.language}, by its name")
        if counts.notes:
            record["notes"] = counts.notes
        if counts.doubts:
            record["doubts"] = counts.doubts
        self.records.append({**record, "counts": {k: v for k, v in counts.items() if v}})

    def _clean(self, row: Example, labelled: bool, form: str, counts: Tally) -> List[Example]:
        if not re.fullmatch(LANGUAGE, row.language):
            raise RowError(("language", f"language {row.language!r:.40}; allowed: a letter, then "
                            "up to 15 letters, digits, - or _"))
        if row.tags and len(row.tags) != len(row.words):
            raise RowError(("tag_count", f"{len(row.words)} words but {len(row.tags)} tags"))
        row = self._normalized(clean_words(row, counts), counts)
        if not labelled:
            counts["labels_stripped"] += bool(row.tags)
            row = dataclasses.replace(row, tags=())  # Its tags are not written.
        elif row.words and not row.tags:
            text = " ".join(row.words)
            markup = ENTITIES.search(text)
            looks = f", but looks like {counts.looks}" if counts.looks else ""
            raise RowError(("no_tags", "entities in markup, such as "
                            f"{markup.group()!r:.60}, are not read; write a word and its tag a "
                            "line, or a text and its entities as JSON" if markup else
                            f"no tags: it was read as {FORMS.get(form, form)}{looks} "
                            "(--tag_column names the column of the tags, --format another format; "
                            "of labelled texts --text_column and --label_column name the columns)"))
        else:
            tags = clean_tags(row.tags, counts)
            if self._entities:
                tags = schemes.to_iob2(
                    schemes.of_layers(tags, counts, self._options.read.nested), counts)
            row = dataclasses.replace(row, tags=tags)
        return self._cut(row, counts)

    def _normalized(self, row: Example, counts: Tally) -> Example:
        if unicodedata.is_normalized("NFC", "".join(row.words)):
            return row
        counts["not_nfc"] += 1
        if self._options.normalize == "none":
            return row
        words = tuple(unicodedata.normalize("NFC", word) for word in row.words)
        counts["normalized"] += 1
        return dataclasses.replace(row, words=words)

    def _cut(self, row: Example, counts: Tally) -> List[Example]:
        """Splits a row that is too long for any encoder, or a row with unseparated sentences."""
        document = len(row.words) > MOST_WORDS or (
            len(row.words) > LONG_ROW and count_ends(row.words) >= _SEVERAL_ENDS)
        if not document and not counts.cut:
            return [row]
        rows = cut_row(row)
        counts["cut_rows"] += len(rows) > 1
        longest = max(map(lambda one: len(one.words), rows), default=0)
        if counts.cut and longest > MOST_WORDS:
            raise RowError(("no_empty_line", f"{longest:,} words without an empty line or an end "
                            "mark between; needed is an empty line behind each sentence"))
        return rows


def _count(row: Example, counts: Tally) -> None:
    counts["sentences"] += 1
    counts["words"] += len(row.words)
    counts["number_words"] += sum(map(str.isdecimal, row.words))
    counts["one_word_rows"] += len(row.words) == 1
    text = " ".join(row.words)
    damage = damage_of(text)
    if damage:
        counts[f"damaged_{damage}"] += 1
    counts["pieces"] += count_pieces(row.words)
    counts["long_rows"] += len(row.words) > MOST_WORDS
