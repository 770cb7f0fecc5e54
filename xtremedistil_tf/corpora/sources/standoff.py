"""Reads brat's standoff files: a text file with a file of its entities."""

import json
import pathlib
from typing import Dict, List, Tuple

from xtremedistil_tf.corpora.annotations.services import UNUSABLE
from xtremedistil_tf.corpora.sources.archives import Opener
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.errors import UserError

ANNOTATIONS = ".ann"


def _place(parts: List[Tuple[int, int]], text: str, surface: str) -> Tuple[int, int, str]:
    """(begin, end, text) of an entity; brat parts one at each line break that it holds.

    Raises:
      ValueError: if something else than white space stands between its parts.
    """
    (begin, _), (_, end) = parts[0], parts[-1]
    if any(text[last:first].strip() or last > first
           for (_, last), (first, _) in zip(parts, parts[1:])):
        raise ValueError
    stands = text[begin:end]
    # Its own text has a space in place of each line break.
    return begin, end, stands if stands.split() == surface.split() else surface


def _entities(path: pathlib.Path, text: str) -> List[Dict[str, object]]:
    """Reads the entities of an .ann file: lines `T1<TAB>PER 0 5<TAB>Anna`; skips relations.

    Args:
      path: the file.
      text: the text of its offsets.

    Raises:
      RowError: for an entity of several parts, or a line of another format.
    """
    found = []
    # Only line feeds end a line: a surface may hold other line ends of Unicode.
    for number, line in enumerate(path.read_bytes().decode("utf-8-sig").split("\n"), 1):
        line = line.rstrip("\r")
        if not line.startswith("T"):
            continue
        try:
            _, place, surface = line.split("\t", 2)
            label, places = place.split(" ", 1)
            parts = [(int(begin), int(end)) for begin, end in (
                part.split(" ") for part in places.split(";"))]
            begin, end, surface = _place(parts, text, surface)
            found.append({"start": begin, "end": end, "label": label, "text": surface})
        except ValueError:
            raise RowError(("span", f"{path.name}:{number}: {line!r:.80}; needed is an entity of "
                            "one part: T1, a tab, type, begin and end, a tab, text (several parts "
                            "are one where only white space stands between)")) from None
    return found


def standoff(path: pathlib.Path) -> Opener:
    """Opens a text and its entities as one JSON object.

    Args:
      path: the text file; its .ann file has the same stem.
    """

    def read(_: object) -> List[bytes]:
        try:
            # Line ends stay unchanged, because offsets count them.
            text = path.read_bytes().decode("utf-8-sig")
            record = {"text": text, "entities": _entities(path.with_suffix(ANNOTATIONS), text)}
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: brat's files are UTF-8, this is not: {error}") from None
        except RowError as error:  # The reader of the record raises it, which may skip it.
            record = {UNUSABLE: str(error)}
        return [json.dumps(record).encode() + b"\n"]

    return read
