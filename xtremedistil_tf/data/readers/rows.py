"""Reads the files of a task folder: labelled rows, tagged sentences, unlabelled transfer text."""

import collections
import dataclasses
import functools
import pathlib
import re
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
)

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, RowError, read_lines
from xtremedistil_tf.data.readers.report import NoGold, ReadReport
from xtremedistil_tf.data.several_labels import check_no_vector
from xtremedistil_tf.errors import UserError

DEFAULT_LANGUAGE = "default"
_Row = TypeVar("_Row")
# Valid `lang:` prefixes.
LANGUAGE = r"[A-Za-z][A-Za-z0-9_-]{0,15}"
_PREFIX = re.compile(rf"({LANGUAGE}):(.+)", re.DOTALL)
_PREFIX_ALONE = re.compile(f"{LANGUAGE}:")
# A type may contain a colon: B-GPE in B-GPE:city is not a language.
_TAG = re.compile(r"[BIESLUM]-")


@dataclasses.dataclass(frozen=True)
class Example:
    """One sentence or text.

    Attributes:
      words: its words, one for each tag of a tagged sentence.
      tags: an IOB2 tag for each word, or the one label of a text; empty if unlabelled.
      language: the `lang:` prefix, or "default".
      second: words of the second text of a pair; empty for a single text.
    """

    words: Tuple[str, ...]
    tags: Tuple[str, ...] = ()
    language: str = DEFAULT_LANGUAGE
    second: Tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text of the row; a pair's two texts are joined by a tab."""
        return "\t".join(" ".join(words) for words in self.texts)

    @property
    def texts(self) -> Tuple[Tuple[str, ...], ...]:
        """The words of each of its texts."""
        return (self.words, self.second) if self.second else (self.words,)


def split_spaces(text: str) -> Tuple[str, ...]:
    """Splits a text at plain spaces; other white space may occur inside words."""
    return tuple(word for word in text.split(" ") if word)


@functools.lru_cache(maxsize=4096)
def split_prefix(tag: str) -> Tuple[Optional[str], str]:
    """Splits `lang:TAG`: (language or None, tag without it)."""
    match = None if _TAG.match(tag) else _PREFIX.fullmatch(tag)
    return (match.group(1), match.group(2)) if match else (None, tag)


def language_prefix(language: str) -> str:
    """The prefix of a row's labels: `lang:`, or "" for the default language."""
    return "" if language == DEFAULT_LANGUAGE else f"{language}:"


def spellings_of_languages(languages: Iterable[str]) -> List[str]:
    """Lines for the user on languages that are one, perhaps, written in several ways.

    Example:
      >>> spellings_of_languages(["en", "EN", "de"])
      ['the languages EN and en differ by case or by - and _ only']
    """
    cases: Dict[str, List[str]] = collections.defaultdict(list)
    for language in sorted(set(languages)):
        cases[language.casefold().replace("_", "-")].append(language)
    return [f"the languages {' and '.join(own)} differ by case or by - and _ only"
            for own in cases.values() if len(own) > 1]


def split_language(tag: str, known: Any) -> Tuple[Optional[str], str]:
    """As `split_prefix`, but a label that is `in known` keeps its prefix."""
    return (None, tag) if tag in known else split_prefix(tag)


def split_several(text: str, known: Any) -> Tuple[Optional[str], Tuple[str, ...]]:
    """Splits `lang:label,label`: (language or None, labels); there may be no label.

    Args:
      text: the labels of a row.
      known: the labels whose colon is no language's.

    Example:
      >>> split_several("de:business, sports", ()), split_several("de:", ())
      (('de', ('business', 'sports')), ('de', ()))

    Raises:
      RowError: for labels that are a vector.
    """
    first, *others = (name.strip() for name in text.split(","))
    language, plain = split_language(first, known)
    if first not in known and _PREFIX_ALONE.fullmatch(first):
        language, plain = first[:-1], ""
    check_no_vector([plain, *others])
    return language, tuple(dict.fromkeys(name for name in (plain, *others) if name))


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
    """Splits a row into `count` columns.

    Raises:
      RowError: for another number of columns; the message contains `needed`.
    """
    columns = text.split("\t")
    if len(columns) != count:
        raise RowError(("columns", f"{len(columns)} column{'s' if len(columns) > 1 else ''}; "
                        + needed))
    return columns


def split_tagged(first: str, tags: Sequence[str]) -> Tuple[Tuple[str, ...], List[str], int]:
    """Splits the words of a row, and drops empty words with their tags.

    In the authors' files, two spaces in a row enclose an empty word that has a tag.

    Returns:
      (words, tags, number of empty words dropped).
    """
    words = split_spaces(first)
    cells = first.split(" ")
    if len(words) < len(tags) == len(cells):
        return words, [tag for cell, tag in zip(cells, tags) if cell], len(cells) - len(words)
    return words, list(tags), 0


def parse_ner(text: str, labels: LabelSet) -> Tuple[Example, Dict[str, int]]:
    """Parses one row; returns its example and the counts of repairs by name.

    Raises:
      RowError: with all problems of the row.
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
    """Lists the tags of a row that are not allowed, each once with its first position."""
    if all(map(allowed, tags)):
        return []
    places: Dict[str, List[int]] = collections.defaultdict(list)
    for at, tag in enumerate(tags, 1):
        if not allowed(tag):
            places[tag].append(at)
    return [f"tag {found[0]} is {tag!r}" + (f" (and {len(found) - 1} more)" if found[1:] else "")
            for tag, found in places.items()]


def read_ner(
    path: pathlib.Path, labels: LabelSet, *, on_bad_row: str = "error"
) -> Tuple[List[Example], ReadReport]:
    """Reads `word word ...<TAB>tag tag ...`; the first tag, or all, may have a `lang:` prefix.

    See `read_rows`.

    Raises:
      UserError: also for columns, a word with its tag a line: each would be a sentence.
    """
    examples, report = read_rows(path, lambda text: parse_ner(text, labels), on_bad_row=on_bad_row)
    if report.counts["empty_lines"] > 1 and all(len(row.words) == 1 for row in examples) and (
            len(examples) > 1.5 * report.counts["empty_lines"]):
        raise UserError(f"{path}: a word and its tag a line, it seems, with empty lines between "
                        "sentences; needed is a sentence a line: words, a tab, tags; "
                        "xtremedistil-prepare --input=DATA --output=NEW makes it of that")
    return examples, report


def _parsed(
    report: ReadReport, parse: Callable[[str], Optional[_Row]], on_bad_row: str, first: int
) -> Iterator[_Row]:
    """Parses the lines of the report's file, from line `first` on.

    Empty lines (the parser returns None) and unusable lines are counted in the report, and so are
    byte order marks inside the file, which are left out.
    """
    place = 0
    for number, text in read_lines(report.path):
        if number < first:
            continue
        try:
            if isinstance(text, UserError):
                raise text
            if BYTE_ORDER_MARK in text:
                report.counts["byte_order_marks"] += text.count(BYTE_ORDER_MARK)
                text = text.replace(BYTE_ORDER_MARK, "")
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
    *, on_bad_row: str = "error", first: int = 1,
) -> Tuple[List[Example], ReadReport]:
    """Reads labelled rows, one a line.

    Args:
      path: UTF-8 file without quoting; a BOM and CRLF are tolerated.
      parse: parser of one line; returns the example and the counts of repairs by name.
      on_bad_row: "error" or "skip".
      first: number of the first line that is a row; 2 behind a header.

    Returns:
      (examples in file order, read report).

    Raises:
      UserError: with file, line and problem, for an unusable row (unless skipped), a missing file,
        or a file without a usable row.
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
    """Parses a line of unlabelled text; None for an empty line."""
    words = split_spaces(text.replace("\t", " "))
    return Example(words) if words else None


class TextFile:
    """Unlabelled text on disk, one sentence or pair a line, words separated by spaces.

    Each iteration reads the file again, so memory use does not grow with its size.

    Args:
      path: UTF-8 file; a BOM and CRLF are tolerated.
      on_bad_row: "error" or "skip".
      parse: parser of one line; returns None for an empty line.
      first: number of the first line that is a row.
    """

    def __init__(
        self, path: pathlib.Path, *, on_bad_row: str = "error",
        parse: Callable[[str], Optional[Example]] = parse_line, first: int = 1,
    ):
        self.path, self.on_bad_row = path, on_bad_row
        self.parse, self.first = parse, first

    def __iter__(self) -> Iterator[Example]:
        return self.read(ReadReport(self.path))

    def read(self, report: ReadReport) -> Iterator[Example]:
        """Yields the sentences; counts repaired and skipped lines in `report`.

        Raises:
          UserError: for a missing file, an unusable line (unless skipped), or no text.
        """
        for example in _parsed(report, self.parse, self.on_bad_row, self.first):
            report.counts["rows"] += 1
            yield example
        if not report.counts["rows"]:
            raise UserError(f"{self.path}: no text in it; one sentence a line is needed")
