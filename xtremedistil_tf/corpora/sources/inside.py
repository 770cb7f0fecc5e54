"""Splits that a file holds itself: under keys of one JSON object, or in a field of its rows."""

import csv
import functools
import itertools
import json
import re
from typing import Any, Callable, Dict, Iterator, List, Optional

from xtremedistil_tf.corpora.sources.files import File, json_lines, text_lines
from xtremedistil_tf.data.split_names import split_of
from xtremedistil_tf.errors import UserError

# Names of a field that says train, dev or test.
FIELDS = ("split", "partition", "subset", "fold", "set")
_OBJECT = re.compile(r'\s*\{\s*"([^"]+)"\s*:\s*\[')
_HEAD = 20
_SPLITS = ("train", "dev", "test", "eval", "transfer")


def _value(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _field(row: Any) -> Optional[str]:
    """The field of a row that names its split, or None."""
    names = {str(name).lower(): name for name in row} if isinstance(row, dict) else {}
    found = next((names[name] for name in FIELDS if name in names), None)
    return found if found is not None and split_of(str(row[found])) else None


def _told(line: str, field: str) -> Optional[str]:
    """The split that a JSON line names in a field, or None."""
    row = _value(line)
    return split_of(str(row.get(field))) if isinstance(row, dict) else None


def _lines_of_split(file: File, encoding: str, field: str, split: str
                    ) -> Iterator[bytes]:
    """Yields the lines as they are: what is wrong with one is told when it is read."""
    return (line.encode() for line in text_lines(file, encoding) if _told(line, field) == split)


def _held(file: File, encoding: str) -> Dict[str, List[Any]]:
    """The lists of a JSON object, if they are splits; else nothing."""
    head = "\n".join(itertools.islice(text_lines(file, encoding), _HEAD))
    match = _OBJECT.match(head)
    value = _value("\n".join(text_lines(file, encoding))) \
        if match and split_of(match.group(1)) else None
    lists = {key: rows for key, rows in value.items() if isinstance(rows, list)} \
        if isinstance(value, dict) else {}
    splits = set(map(split_of, lists))
    return lists if len(splits) > 1 and None not in splits else {}


def _rows_of_key(file: File, encoding: str, key: str) -> Iterator[Any]:
    for row in _held(file, encoding)[key]:
        text_and_label = isinstance(row, list) and len(row) == 2 and all(
            isinstance(cell, str) for cell in row)
        yield dict(zip(("text", "label"), row)) if text_and_label else row


def splits_inside(file: File, encoding: str) -> List[File]:
    """The splits of a file whose rows name them.

    Args:
      file: a file whose name shows no split.
      encoding: its encoding, unless it has a byte order mark.

    Returns:
      A file for each split, or the file alone if it is a CSV with a column of splits, whose reader
      divides it; nothing if no split stands in it.
    """
    ending = file.path.suffix.lower()
    try:
        if ending in (".json", ".jsonl", ".ndjson"):
            return _of_json(file, encoding)
        if ending in (".csv", ".tsv"):
            rows = csv.DictReader(text_lines(file, encoding),
                                  delimiter="\t" if ending == ".tsv" else ",")
            return [file] if _field(next(rows, None)) else []
    except (UserError, OSError, csv.Error):
        pass  # Told when it is read.
    return []


def _part(file: File, told: str, split: Optional[str], rows: Callable[[], Iterator[Any]]) -> File:
    return File(f"{file.name}[{told}]", file.path, file.group, json_lines(rows), split)


def _splits_held(file: File, encoding: str) -> List[File]:
    """The splits that one JSON object holds under their names; nothing if there are none."""
    lists = _held(file, encoding) if file.path.suffix.lower() == ".json" else {}
    return [_part(file, key, split_of(key), functools.partial(_rows_of_key, file, encoding, key))
            for key in lists]


def _of_json(file: File, encoding: str) -> List[File]:
    held = _splits_held(file, encoding)
    field = None if held else _field(_value(next(text_lines(file, encoding), "")))
    if field is None:
        return held
    found = {_told(line, field) for line in text_lines(file, encoding) if line.strip()}
    return [] if None in found else [
        _part(file, split, split, functools.partial(_lines_of_split, file, encoding, field, split))
        for split in _SPLITS if split in found]
