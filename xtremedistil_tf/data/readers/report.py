"""What was read from a file, changed in it and left out of it."""

import collections
import pathlib
from typing import Dict, List, Optional, Union

from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.errors import UserError

# Told of every split: by name of the count what was changed or left out.
_WARNINGS = (
    ("empty_lines", "empty lines left out"),
    ("empty_words", "empty words (two spaces) left out with their tags"),
    ("repaired_tags", "I- tags that continue nothing were read as B-"),
    ("no_gold", "rows without a gold label ('-') left out"),
)


class NoGold(RowError):
    """A row that is rightly without a label, as where SNLI's annotators did not agree."""


class ReadReport:
    """Counts what was read from one file and what was changed or left out.

    Attributes:
      path: the file.
      counts: by name: rows, and where not zero skipped_rows and those of _WARNINGS.
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
        lines = [f"{self.path}: {self.counts[name]} {told}" for name, told in _WARNINGS
                 if self.counts[name]]
        if self.counts["skipped_rows"]:
            lines.append(
                f"{self.path}: {self.counts['skipped_rows']} unusable rows skipped; "
                f"the first: {self.first_problem}"
            )
        return lines
