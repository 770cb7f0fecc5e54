"""Reads files of predictions, one row a line, to score them like a model."""

import json
import pathlib
from typing import Any, Dict, List, NamedTuple, Sequence

from xtremedistil_tf.data.lines import read_lines
from xtremedistil_tf.errors import UserError


class Row(NamedTuple):
    """A line of a file of predictions.

    Attributes:
      place: file and line, for messages.
      text: the text, "" where the line has only the prediction.
      answer: the last column, or the object of a line of JSON.
    """

    place: str
    text: str
    answer: Any


def _row(place: str, line: str) -> Row:
    if line.lstrip().startswith("{"):
        try:
            return Row(place, "", json.loads(line))
        except (ValueError, RecursionError):
            pass  # The text only begins with a brace.
    text, _, answer = line.rpartition("\t")
    return Row(place, text, answer)


def read_rows(path: pathlib.Path, examples: Sequence[Any]) -> List[Row]:
    """Reads the rows of a file of predictions.

    Args:
      path: lines `text<TAB>prediction`, predictions alone, or lines of JSON.
      examples: the labelled rows.

    Raises:
      UserError: if a line cannot be read, or the rows are not those of the examples.
    """
    lines = []
    for number, line in read_lines(path):
        if isinstance(line, UserError):
            raise UserError(f"{path}:{number}: {line}")
        lines.append((f"{path}:{number}", line))
    # Where the lines are as many as the rows, an empty one is a row without labels.
    if len(lines) != len(examples):
        lines = [(place, line) for place, line in lines if line.strip()]
    rows = [_row(place, line) for place, line in lines]
    if len(rows) != len(examples):
        raise UserError(f"{path} has {len(rows)} predictions; the labelled file has "
                        f"{len(examples)} rows, and each needs one, in its order")
    for row, example in zip(rows, examples):
        if row.text and row.text != example.text:
            raise UserError(f"{row.place}: the text is {row.text!r:.60}; in the labelled file "
                            f"this row is {example.text!r:.60}")
    return rows


def value_of(row: Row, key: str) -> Any:
    """Returns the value under a key of a line of JSON, or the prediction as it stands.

    Raises:
      UserError: if the object has no such key.
    """
    if not isinstance(row.answer, dict):
        return row.answer.strip()
    found: Dict[str, Any] = row.answer
    if found.get(key) is None:
        raise UserError(f"{row.place}: no {key!r} in it; it has {', '.join(found) or 'nothing'}")
    return found[key]
