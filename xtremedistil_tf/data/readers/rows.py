"""Reading the task's files: rows, tagged sentences and unlabelled transfer text."""

import collections
import dataclasses
import functools
import pathlib
import re
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
)

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.lines import RowError, read_lines
from xtremedistil_tf.data.readers.report import NoGold, ReadReport
from xtremedistil_tf.errors import UserError

DEFAULT_LANGUAGE = "default"
_Row = TypeVar("_Row")
# What a `lang:` prefix may be.
LANGUAGE = r"[A-Za-z][A-Za-z0-9_-]{0,15}"
_PREFIX = re.compile(rf"({LANGUAGE}):(.+)", re.DOTALL)
# A type may hold a colon, so that B-GPE in B-GPE:city is no language.
_TAG = re.compile(r"[BIESLUM]-")


@dataclasses.dataclass(frozen=True)
class Example:
    """One sentence or text.

    Attributes:
      words: its words; the same words that the tags belong to.
      tags: an IOB2 tag a word, or the one label of a text; empty for unlabelled text.
      language: the `lang:` prefix, or "default".
      second: the words of the second text of a pair; empty elsewhere.
    """

    words: Tuple[str, ...]
    tags: Tuple[str, ...] = ()
    language: str = DEFAULT_LANGUAGE
    second: Tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The row's text, or its two with a tab between."""
        return "\t".join(" ".join(words) for words in self.texts)

    @property
    def texts(self) -> Tuple[Tuple[str, ...], ...]:
        """The words of each of its texts."""
        return (self.words, self.second) if self.second else (self.words,)


def split_spaces(text: str) -> Tuple[str, ...]:
    """The words of a text; only the plain space separates: others stand inside words, too."""
    return tuple(word for word in text.split(" ") if word)


@functools.lru_cache(maxsize=4096)
def split_prefix(tag: str) -> Tuple[Optional[str], str]:
    """Splits `lang:TAG`: (language or None, tag without it)."""
    match = None if _TAG.match(tag) else _PREFIX.fullmatch(tag)
    return (match.group(1), match.group(2)) if match else (None, tag)


def split_language(tag: str, known: Any) -> Tuple[Optional[str], str]:
    """As `split_prefix`, but nothing is split off a label that is `in known`, a set of labels."""
    return (None, tag) if tag in known else split_prefix(tag)


def _split_languages(tags: List[str], labels: LabelSet) -> Tuple[List[str], str, List[str]]:
    """Takes the `lang:` prefix off the first or all tags: (tags, language, problems)."""
    language, plain, problems = DEFAULT_LANGUAGE, [], []
    for index, tag in enumerate(tags):
        prefix, rest = split_language(tag, labels)
        if prefix and index == 0:
            language = prefix
        elif prefix and prefix != language:
            problems.append(
                f"tag {index + 1} has language {prefix!r}, the first tag {language!r}; "
                "allowed: one language a row"
            )
        plain.append(rest)
    return plain, language, problems


def split_columns(text: str, count: int, needed: str) -> List[str]:
    """The columns of a row.

    Raises:
      RowError: if they are not so many; it says what is needed.
    """
    columns = text.split("\t")
    if len(columns) != count:
        raise RowError(("columns", f"{len(columns)} column{'s' if len(columns) > 1 else ''}; "
                        + needed))
    return columns


def split_tagged(first: str, tags: Sequence[str]) -> Tuple[Tuple[str, ...], List[str], int]:
    """The words of a row and their tags.

    In the authors' files two spaces hold an empty word with a tag of its own; it is left out.

    Returns:
      (words, tags, empty words that were left out).
    """
    words = split_spaces(first)
    cells = first.split(" ")
    if len(words) < len(tags) == len(cells):
        return words, [tag for cell, tag in zip(cells, tags) if cell], len(cells) - len(words)
    return words, list(tags), 0


def parse_ner(text: str, labels: LabelSet) -> Tuple[Example, Dict[str, int]]:
    """Parses one row; returns it and by name the counts of what was changed in it.

    Raises:
      RowError: with all that is wrong in the row.
    """
    first, second = split_columns(text, 2, "needed are 2: words, a tab, tags")
    words, tags, empty = split_tagged(first, second.split())
    if not words:
        raise RowError(("no_words", "no words before the tab"))
    problems = []
    if len(words) != len(tags):
        problems.append(("tag_count", f"{len(words)} words but {len(tags)} tags"))
    plain, language, mixed = _split_languages(tags, labels)
    problems += [("mixed_languages", text) for text in mixed]
    problems += [("unknown_tag", f"{told}; allowed by labels.tsv: {', '.join(labels.tags)}")
                 for told in wrong_tags(plain, lambda tag: tag in labels)]
    if problems:
        raise RowError(*problems)
    repaired, changed = labels.repair(plain)
    return Example(words, repaired, language), {"repaired_tags": changed, "empty_words": empty}


def wrong_tags(tags: Sequence[str], allowed: Callable[[str], bool]) -> List[str]:
    """Tells the tags of a row that are not allowed: each once, with its first place."""
    if all(map(allowed, tags)):
        return []
    places: Dict[str, List[int]] = collections.defaultdict(list)
    for at, tag in enumerate(tags, 1):
        if not allowed(tag):
            places[tag].append(at)
    return [f"tag {found[0]} is {tag!r}" + (f" (and {len(found) - 1} more)" if found[1:] else "")
            for tag, found in places.items()]


def read_ner(
    path: pathlib.Path, labels: LabelSet, on_bad_row: str = "error"
) -> Tuple[List[Example], ReadReport]:
    """Reads `word word ...<TAB>tag tag ...`; tags may carry `lang:` on the first or on all.

    See `read_rows`.
    """
    return read_rows(path, lambda text: parse_ner(text, labels), on_bad_row)


def _parsed(
    report: ReadReport, parse: Callable[[str], Optional[_Row]], on_bad_row: str, first: int
) -> Iterator[_Row]:
    """What a parser makes of the lines of the report's file from the `first` on.

    Empty lines, for which it gives None, and unusable ones are counted in the report.
    """
    place = 0
    for number, text in read_lines(report.path):
        if number < first:
            continue
        try:
            if isinstance(text, UserError):
                raise text
            row = parse(text)
        except NoGold:
            report.counts["no_gold"] += 1
            report.left_out.append(place)
            place += 1
            continue
        except UserError as error:
            report.take_bad(number, error, on_bad_row)
            report.left_out.append(place)
            place += 1
            continue
        if row is None:
            report.counts["empty_lines"] += 1
        else:
            place += 1
            yield row


def read_rows(
    path: pathlib.Path, parse: Callable[[str], Tuple[Example, Dict[str, int]]],
    on_bad_row: str = "error", first: int = 1,
) -> Tuple[List[Example], ReadReport]:
    """Reads labelled rows, one a line.

    Args:
      path: UTF-8 file without quoting; a BOM and CRLF are tolerated.
      parse: from a line to its example and by name the counts of what was changed in it.
      on_bad_row: "error" or "skip".
      first: number of the first line that is a row; 2 behind a header.

    Returns:
      The examples in file order and the counts of what was changed.

    Raises:
      UserError: with file, line and what was found, for a row that cannot be used (unless
        skipped), a missing file, or a file that holds no usable row.
    """
    examples, report = [], ReadReport(path)
    rows = _parsed(report, lambda text: parse(text) if text.strip() else None, on_bad_row, first)
    for example, changed in rows:
        for name, count in changed.items():
            report.counts[name] += count
        examples.append(example)
    report.counts["rows"] = len(examples)
    if not examples:
        raise UserError(f"{path}: no usable row in it")
    return examples, report


def parse_line(text: str) -> Optional[Example]:
    """Parses a line of unlabelled text; None where it is empty."""
    words = split_spaces(text.replace("\t", " "))
    return Example(words) if words else None


class TextFile:
    """Unlabelled text on disk, one sentence or pair a line, words separated by spaces.

    Iterating reads the file anew, so that memory does not grow with it.

    Args:
      path: UTF-8 file; a BOM and CRLF are tolerated.
      on_bad_row: "error" or "skip".
      parse: from a line to its example, None for an empty one.
      first: number of the first line that is a row.
    """

    def __init__(
        self, path: pathlib.Path, on_bad_row: str = "error",
        parse: Callable[[str], Optional[Example]] = parse_line, first: int = 1,
    ):
        self.path, self.on_bad_row = path, on_bad_row
        self.parse, self.first = parse, first

    def __iter__(self) -> Iterator[Example]:
        return self.read(ReadReport(self.path))

    def read(self, report: ReadReport) -> Iterator[Example]:
        """Yields the sentences and counts in `report` what was changed or left out.

        Raises:
          UserError: for a missing file, an unusable line (unless skipped), or no text.
        """
        for example in _parsed(report, self.parse, self.on_bad_row, self.first):
            report.counts["rows"] += 1
            yield example
        if not report.counts["rows"]:
            raise UserError(f"{self.path}: no text in it; one sentence a line is needed")
