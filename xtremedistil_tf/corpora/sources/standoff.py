"""brat's standoff files: a text, and beside it its entities."""

import json
import pathlib
from typing import Dict, List

from xtremedistil_tf.corpora.sources.archives import Opener
from xtremedistil_tf.errors import UserError

ANNOTATIONS = ".ann"


def _entities(path: pathlib.Path) -> List[Dict[str, object]]:
    """The entities of an .ann file: lines `T1<TAB>PER 0 5<TAB>Anna`; relations are left out.

    Raises:
      UserError: for an entity of several parts, or a line of another form.
    """
    found = []
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
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
    """Opens a text with the entities beside it as one JSON object.

    Args:
      path: of the text; its .ann file has the same name.
    """

    def read(_: object) -> List[bytes]:
        try:
            # Offsets count line ends as they are.
            text = path.read_bytes().decode("utf-8-sig")
            record = {"text": text, "entities": _entities(path.with_suffix(ANNOTATIONS))}
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: brat's files are UTF-8, this is not: {error}") from None
        return [json.dumps(record).encode() + b"\n"]

    return read
