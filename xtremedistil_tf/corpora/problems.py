"""Problems of a task folder: their record, their collection from a file, their summary."""

import collections
import dataclasses
import itertools
import logging
import pathlib
from typing import BinaryIO, Iterator, List, Sequence, Tuple, Union

from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, RowError, decode_lines

log = logging.getLogger("absl")


@dataclasses.dataclass(frozen=True)
class Problem:
    """One error or warning.

    Attributes:
      path: the file.
      line: line number from 1; 0 for the whole file.
      kind: kind of problem, for grouping.
      text: description of the problem.
      is_error: True if the other commands refuse the file; False if only the result gets worse.
    """

    path: pathlib.Path
    line: int
    kind: str
    text: str
    is_error: bool = False

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {'error' if self.is_error else 'warning'}: {self.text}"


class ProblemFile:
    """Reads a file's lines and notes problems of the file itself.

    Args:
      path: the file.
      problems: list to which problems are added.

    Attributes:
      rows: number of non-empty lines read so far.
    """

    def __init__(self, path: pathlib.Path, problems: List[Problem]):
        self.path, self._problems = path, problems
        self.rows = 0

    def error(self, line: int, kind: str, text: str) -> None:
        """Notes a problem that the other commands refuse."""
        self._problems.append(Problem(self.path, line, kind, text, True))

    def warn(self, line: int, kind: str, text: str) -> None:
        """Notes a problem that the other commands accept."""
        self._problems.append(Problem(self.path, line, kind, text))

    def lines(self) -> Iterator[Tuple[int, Union[str, RowError]]]:
        """Yields the lines that are not empty."""
        log.info("checking %s", self.path)
        try:
            file = open(self.path, "rb")
        except FileNotFoundError:
            return self.error(0, "missing", "file not found")
        except OSError as error:
            return self.error(0, "unreadable", f"cannot be read: {error.strerror}")
        with file:
            for number, text in decode_lines(self._raw(file)):
                if isinstance(text, str) and not text.strip():
                    self.warn(number, "empty_line", "empty line, left out")
                    continue
                self.rows += 1
                if isinstance(text, str) and BYTE_ORDER_MARK in text:
                    self.warn(number, "bom", "byte order mark inside the file; it is left out")
                    text = text.replace(BYTE_ORDER_MARK, "")
                yield number, text
        if not self.rows:
            self.error(0, "empty", "nothing in it")

    def _raw(self, file: BinaryIO) -> Iterator[bytes]:
        crlf, number, raw = 0, 0, b""
        for number, raw in enumerate(file, 1):
            if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
                self.warn(1, "bom", "byte order mark; it is read over")
            if not crlf and raw.endswith(b"\r\n"):
                crlf = number
            yield raw
        if crlf:
            self.warn(crlf, "crlf", "line ends with CR LF (the first of them); CR is read over")
        # In UTF-16 and UTF-32, zeros stand behind the last line feed.
        if raw.strip(b"\0") and not raw.endswith(b"\n"):
            self.warn(number, "no_newline", "the last line does not end; the file may be cut off")


def summary(problems: Sequence[Problem], *, most_shown: int = 20) -> str:
    """Lists problems, errors first, at most `most_shown` of each kind and file."""
    ranked = sorted(problems, key=lambda found: not found.is_error)
    shown: collections.Counter = collections.Counter()
    lines, errors = [], sum(found.is_error for found in problems)
    for _, group in itertools.groupby(ranked, key=lambda found: (found.is_error, found.path)):
        found_in_file = list(group)
        for found in found_in_file:
            shown[found.kind] += 1
            if not most_shown or shown[found.kind] <= most_shown:
                lines.append(str(found))
        for kind, count in shown.items():
            if most_shown and count > most_shown:
                lines.append(f"{found_in_file[0].path}: {count - most_shown:,} more of kind {kind} "
                             "(--most_shown=0 shows all)")
        shown.clear()
    return "\n".join([*lines, f"{errors:,} errors, {len(problems) - errors:,} warnings"])
