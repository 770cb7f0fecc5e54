"""Reads brat's standoff files: a text file with a file of its entities."""

import json
import pathlib
from typing import Dict, List

from xtremedistil_tf.corpora.sources.archives import Opener
from xtremedistil_tf.errors import UserError

ANNOTATIONS = ".ann"


def _entities(path: pathlib.Path) -> List[Dict[str, object]]:
    """Reads the entities of an .ann file: lines `T1<TAB>PER 0 5<TAB>Anna`; skips relations.

    Raises:
      UserError: for an entity of several parts, or a line of another format.
    """
    found = []
    # Only line feeds end a line: a surface may hold other line ends of Unicode.
    for number, line in enumerate(path.read_bytes().decode("utf-8-sig").split("\n"), 1):
        line = line.rstrip("\r")
        if not line.startswith("T"):
            continue
        try:
            _, place, surface = line.split("\t", 2)
            label, begin, end = place.split(" ")
            found.append({"start": int(begin), "end": int(end), "label": label, "text": surface})
        except ValueError:
            raise UserError(f"{path}:{number}: {line!r:.80}; needed is an entity of one part: "
                            "T1, a tab, type, begin and end, a tab, text") from None
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
            record = {"text": text, "entities": _entities(path.with_suffix(ANNOTATIONS))}
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: brat's files are UTF-8, this is not: {error}") from None
        return [json.dumps(record).encode() + b"\n"]

    return read
