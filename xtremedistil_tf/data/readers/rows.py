"""Reading the task's files: rows, tagged sentences and unlabelled transfer text."""

import collections
import dataclasses
import functools
import pathlib
import re
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple, TypeVar, Union

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.errors import UserError

DEFAULT_LANGUAGE = "default"
_Row = TypeVar("_Row")
# What a `lang:` prefix may be.
LANGUAGE = r"[A-Za-z][A-Za-z0-9_-]{0,15}"
_PREFIX = re.compile(rf"({LANGUAGE}):(.+)", re.DOTALL)


class RowError(UserError):
    """A row that cannot be used.

    Attributes:
      problems: pairs of (kind, text), all that is wrong with the row.
    """

    def __init__(self, *problems: Tuple[str, str]):
        super().__init__("; ".join(text for _, text in problems))
        self.problems = problems


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


class ReadReport:
    """Counts what was read from one file and what was changed or left out.

    Attributes:
      path: the file.
      counts: by name: rows, and where not zero empty_lines, repaired_tags, skipped_rows.
      first_problem: text of the first skipped row.
      left_out: places of the skipped rows among all rows, from 0.
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.counts: Dict[str, int] = collections.Counter()
        self.first_problem: Optional[str] = None
        self.left_out: List[int] = []

    def take_bad(self, place: Union[int, str], problem: UserError, on_bad_row: str) -> None:
        """Counts an unusable row: that of a line's number, or of another place by its name.

        Raises:
          UserError: with file and place, unless such rows are to be skipped.
        """
        if on_bad_row == "error":
            raise UserError(f"{self.path}:{place}: {problem} (--on_bad_row=skip leaves such rows "
                            "out)") from None
        self.counts["skipped_rows"] += 1
        told = f"line {place}" if isinstance(place, int) else place
        self.first_problem = self.first_problem or f"{told}: {problem}"

    def warnings(self) -> List[str]:
        """One line for each kind of thing that was repaired or left out."""
        lines = []
        if self.counts["empty_lines"]:
            lines.append(f"{self.path}: {self.counts['empty_lines']} empty lines left out")
        if self.counts["repaired_tags"]:
            lines.append(
                f"{self.path}: {self.counts['repaired_tags']} I- tags that continue nothing "
                "were read as B-"
            )
        if self.counts["skipped_rows"]:
            lines.append(
                f"{self.path}: {self.counts['skipped_rows']} unusable rows skipped; "
                f"the first: {self.first_problem}"
            )
        return lines


def decode_lines(file: Iterable[bytes]) -> Iterator[Tuple[int, Union[str, RowError]]]:
    """Yields (line number, text without line end), or the error that makes the line unusable."""
    for number, raw in enumerate(file, 1):
        if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
            raw = raw[3:]
        raw = raw.rstrip(b"\r\n")
        if b"\0" in raw:
            yield number, RowError(("nul", "holds a NUL byte; allowed: UTF-8 text"))
            continue
        try:
            yield number, raw.decode("utf-8")
        except UnicodeDecodeError as error:
            yield number, RowError(
                ("not_utf8", f"not UTF-8 at byte {error.start + 1} of the line"))


def read_lines(path: pathlib.Path) -> Iterator[Tuple[int, Union[str, RowError]]]:
    """The lines of a file, see `decode_lines`."""
    try:
        file = open(path, "rb")
    except FileNotFoundError:
        raise UserError(f"file not found: {path}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    with file:
        yield from decode_lines(file)


def split_spaces(text: str) -> Tuple[str, ...]:
    """The words of a text; only the plain space separates: others stand inside words, too."""
    return tuple(word for word in text.split(" ") if word)


@functools.lru_cache(maxsize=4096)
def split_prefix(tag: str) -> Tuple[Optional[str], str]:
    """Splits `lang:TAG`: (language or None, tag without it)."""
    match = _PREFIX.fullmatch(tag)
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


def parse_ner(text: str, labels: LabelSet) -> Tuple[Example, int]:
    """Parses one row; returns it and how many of its tags were repaired.

    Raises:
      RowError: with all that is wrong in the row.
    """
    first, second = split_columns(text, 2, "needed are 2: words, a tab, tags")
    words, tags = split_spaces(first), second.split()
    if not words:
        raise RowError(("no_words", "no words before the tab"))
    problems = []
    if len(words) != len(tags):
        problems.append(("tag_count", f"{len(words)} words but {len(tags)} tags"))
    plain, language, mixed = _split_languages(tags, labels)
    problems += [("mixed_languages", text) for text in mixed]
    problems += [
        ("unknown_tag",
         f"tag {index + 1} is {tag!r}; allowed by labels.tsv: {', '.join(labels.tags)}")
        for index, tag in enumerate(plain) if tag not in labels
    ]
    if problems:
        raise RowError(*problems)
    repaired, changed = labels.repair(plain)
    return Example(words, repaired, language), changed


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
    path: pathlib.Path, parse: Callable[[str], Tuple[Example, int]], on_bad_row: str = "error",
    first: int = 1,
) -> Tuple[List[Example], ReadReport]:
    """Reads labelled rows, one a line.

    Args:
      path: UTF-8 file without quoting; a BOM and CRLF are tolerated.
      parse: from a line to its example and the number of repaired tags.
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
        report.counts["repaired_tags"] += changed
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
