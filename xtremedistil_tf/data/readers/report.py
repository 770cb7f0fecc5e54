"""Read report: counts of rows that were read, repaired and skipped in a file."""

import collections
import pathlib
from typing import Dict, List, Optional, Union

from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.errors import UserError

# Warning for each count of repaired or skipped rows.
_WARNINGS = (
    ("byte_order_marks", "byte order marks inside the file left out"),
    ("empty_lines", "empty lines left out"),
    ("empty_words", "empty words (two spaces) left out with their tags"),
    ("repaired_tags", "I- tags that continue nothing were read as B-"),
    ("no_gold", "rows without a gold label (such as '-' or '-1') left out; if it is a class, name "
     "all labels in labels.tsv"),
)


class NoGold(RowError):
    """A valid row without a gold label, such as SNLI's where annotators disagreed."""


class ReadReport:
    """Counts the rows of one file that were read, repaired and skipped.

    Attributes:
      path: the file.
      counts: counts by name: rows and, if not zero, skipped_rows and the names in _WARNINGS.
      first_problem: problem of the first skipped row.
      left_out: indices of the skipped rows among all rows, from 0.
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.counts: Dict[str, int] = collections.Counter()
        self.first_problem: Optional[str] = None
        self.left_out: List[int] = []

    def take_bad(self, place: Union[int, str], problem: UserError, on_bad_row: str) -> None:
        """Counts an unusable row, located by its line number or by the name of its place.

        Raises:
          UserError: with file and place, unless `on_bad_row` is "skip".
        """
        if on_bad_row == "error":
            raise UserError(f"{self.path}:{place}: {problem} (--on_bad_row=skip leaves such rows "
                            "out)") from None
        self.counts["skipped_rows"] += 1
        told = f"line {place}" if isinstance(place, int) else place
        self.first_problem = self.first_problem or f"{told}: {problem}"

    def warnings(self) -> List[str]:
        """Returns one line for each kind of repair or omission."""
        lines = [f"{self.path}: {self.counts[name]} {told}" for name, told in _WARNINGS
                 if self.counts[name]]
        if self.counts["skipped_rows"]:
            lines.append(
                f"{self.path}: {self.counts['skipped_rows']} unusable rows skipped; "
                f"the first: {self.first_problem}"
            )
        return lines
