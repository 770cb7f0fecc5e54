"""Reading the task's files: tagged sentences and unlabelled transfer text."""

import collections
import dataclasses
import pathlib
import re
from typing import Dict, Iterator, List, Optional, Tuple, Union

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.labels import LabelSet

DEFAULT_LANGUAGE = "default"
_PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,15}):(.+)", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Example:
    """One sentence.

    Attributes:
      words: its words; the same words that the tags belong to.
      tags: an IOB2 tag a word; empty for unlabelled text.
      language: the `lang:` prefix, or "default".
    """

    words: Tuple[str, ...]
    tags: Tuple[str, ...] = ()
    language: str = DEFAULT_LANGUAGE


class ReadReport:
    """Counts what was read from one file and what was changed or left out.

    Attributes:
      path: the file.
      counts: by name: rows, and where not zero empty_lines, repaired_tags, skipped_rows.
      first_problem: text of the first skipped row.
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.counts: Dict[str, int] = collections.Counter()
        self.first_problem: Optional[str] = None

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


def _lines(path: pathlib.Path) -> Iterator[Tuple[int, Union[str, UserError]]]:
    """Yields (line number, text without line end), or the error that makes the line unusable."""
    try:
        file = open(path, "rb")
    except FileNotFoundError:
        raise UserError(f"file not found: {path}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    with file:
        for number, raw in enumerate(file, 1):
            if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
                raw = raw[3:]
            raw = raw.rstrip(b"\r\n")
            if b"\0" in raw:
                yield number, UserError("holds a NUL byte; allowed: UTF-8 text")
                continue
            try:
                yield number, raw.decode("utf-8")
            except UnicodeDecodeError as error:
                yield number, UserError(f"not UTF-8 at byte {error.start + 1} of the line")


def _split_words(text: str) -> Tuple[str, ...]:
    # Only the plain space separates: a no-break space may stand inside a word of the corpora.
    return tuple(word for word in text.split(" ") if word)


def _split_language(tags: List[str], labels: LabelSet) -> Tuple[List[str], str]:
    """Takes the `lang:` prefix off the first or all tags."""
    language, plain = DEFAULT_LANGUAGE, []
    for index, tag in enumerate(tags):
        match = None if tag in labels else _PREFIX.fullmatch(tag)
        if match:
            if index == 0:
                language = match.group(1)
            elif match.group(1) != language:
                raise UserError(
                    f"tag {index + 1} has language {match.group(1)!r}, the first tag "
                    f"{language!r}; allowed: one language a row"
                )
            tag = match.group(2)
        plain.append(tag)
    return plain, language


def _parse_ner(text: str, labels: LabelSet) -> Tuple[Example, int]:
    """Parses one row; returns it and how many of its tags were repaired."""
    columns = text.split("\t")
    if len(columns) != 2:
        raise UserError(
            f"{len(columns)} column{'s' if len(columns) > 1 else ''}; "
            "needed are 2: words, a tab, tags"
        )
    words, tags = _split_words(columns[0]), columns[1].split()
    if not words:
        raise UserError("no words before the tab")
    if len(words) != len(tags):
        raise UserError(f"{len(words)} words but {len(tags)} tags")
    plain, language = _split_language(tags, labels)
    for index, tag in enumerate(plain):
        if tag not in labels:
            raise UserError(
                f"tag {index + 1} is {tag!r}; allowed by labels.tsv: {', '.join(labels.tags)}"
            )
    repaired, changed = labels.repair(plain)
    return Example(words, repaired, language), changed


def read_ner(
    path: pathlib.Path, labels: LabelSet, on_bad_row: str = "error"
) -> Tuple[List[Example], ReadReport]:
    """Reads `word word ...<TAB>tag tag ...`; tags may carry `lang:` on the first or on all.

    Args:
      path: UTF-8 file without header or quoting; a BOM and CRLF are tolerated.
      labels: the tags that may occur.
      on_bad_row: "error" or "skip".

    Returns:
      The examples in file order and the counts of what was changed.

    Raises:
      UserError: with file, line and what was found, for a row that cannot be used (unless
        skipped), a missing file, or a file that holds no usable row.
    """
    examples, report = [], ReadReport(path)
    for number, text in _lines(path):
        try:
            if isinstance(text, UserError):
                raise text
            if not text.strip():
                report.counts["empty_lines"] += 1
                continue
            example, changed = _parse_ner(text, labels)
        except UserError as error:
            if on_bad_row == "error":
                raise UserError(
                    f"{path}:{number}: {error} (--on_bad_row=skip leaves such rows out)"
                ) from None
            report.counts["skipped_rows"] += 1
            report.first_problem = report.first_problem or f"line {number}: {error}"
            continue
        report.counts["repaired_tags"] += changed
        examples.append(example)
    report.counts["rows"] = len(examples)
    if not examples:
        raise UserError(f"{path}: no usable row in it")
    return examples, report


class TextFile:
    """Unlabelled text on disk, one sentence a line, words separated by spaces.

    Iterating reads the file anew, so that memory does not grow with it.

    Args:
      path: UTF-8 file; a BOM and CRLF are tolerated.
      on_bad_row: "error" or "skip".
    """

    def __init__(self, path: pathlib.Path, on_bad_row: str = "error"):
        self.path, self._on_bad_row = path, on_bad_row

    def __iter__(self) -> Iterator[Example]:
        return self.read(ReadReport(self.path))

    def read(self, report: ReadReport) -> Iterator[Example]:
        """Yields the sentences and counts in `report` what was changed or left out.

        Raises:
          UserError: for a missing file, a line that is not UTF-8 (unless skipped), or no text.
        """
        for number, text in _lines(self.path):
            if isinstance(text, UserError):
                if self._on_bad_row == "error":
                    raise UserError(
                        f"{self.path}:{number}: {text} (--on_bad_row=skip leaves such rows out)"
                    )
                report.counts["skipped_rows"] += 1
                report.first_problem = report.first_problem or f"line {number}: {text}"
                continue
            words = _split_words(text.replace("\t", " "))
            if words:
                report.counts["rows"] += 1
                yield Example(words)
            else:
                report.counts["empty_lines"] += 1
        if not report.counts["rows"]:
            raise UserError(f"{self.path}: no text in it; one sentence a line is needed")
