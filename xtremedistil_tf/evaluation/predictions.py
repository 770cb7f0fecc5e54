"""Files of gold labels and predictions: a row a line, words, a tab, labels."""

import pathlib
from typing import Iterable, List, Tuple

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.runs import atomic_path


def write_predictions(path: pathlib.Path, lines: Iterable[str]) -> None:
    """Writes the lines of a predictions file, see `scoring.Scorer.line`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(("\n".join(lines) + "\n").encode("utf-8"))


def read_predictions(path: pathlib.Path) -> List[Tuple[str, str]]:
    """The rows of a predictions file: (words, labels), both as they stand there.

    Raises:
      UserError: if there is no such file.
    """
    if not path.is_file():
        raise UserError(f"file not found: {path}; a finished run has it")
    # Only the line feed ends a line: words of the corpora may hold other separators.
    lines = path.read_bytes().decode("utf-8").rstrip("\n").split("\n")
    rows = (line.rpartition("\t") for line in lines)
    return [(words, labels) for words, _, labels in rows]
