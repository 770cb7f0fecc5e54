"""Reads PubTator's form: titles and abstracts of documents, and their entities by offsets."""

import re
from typing import Any, Dict, Iterable, Iterator, List, Tuple

from xtremedistil_tf.data.json_rows import marked_lines
from xtremedistil_tf.errors import UserError

# Titles, abstracts and entities line by line: 123|t|Title; 123<TAB>0<TAB>4<TAB>Anna<TAB>PER.
FIRST_LINE = re.compile(rb"\s*\d+\|t\|")
_TEXT = re.compile(r"\d+\|[ta]\|")


def _record(texts: List[str], rows: List[List[str]]) -> Dict[str, Any]:
    # Offsets count the title, one more character, and the abstract.
    return {"text": "\n".join(texts), "entities": [
        {"start": int(row[1]), "end": int(row[2]), "text": row[3], "label": row[4]}
        for row in rows if len(row) > 4 and row[1].isdecimal() and row[2].isdecimal()]}


def _documents(file: Iterable[bytes], name: str) -> Iterator[Tuple[Dict[str, Any], int]]:
    """Yields each document, and the number of its lines."""
    texts: List[str] = []
    rows: List[List[str]] = []
    length = 0
    for number, raw in enumerate(file, 1):
        try:
            line = raw.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            raise UserError(f"{name}:{number}: PubTator's files are UTF-8, this is not") from None
        if texts and (not line.strip() or rows and _TEXT.match(line)):
            yield _record(texts, rows), length
            texts, rows, length = [], [], 0
        match = _TEXT.match(line)
        if match:
            texts.append(line[match.end():])
        elif line.strip():
            rows.append(line.split("\t"))
        length += 1
    if texts:
        yield _record(texts, rows), length


def pubtator_lines(file: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Returns the documents as JSON lines, in UTF-8 by their mark; relations are no entities.

    Empty lines behind a document keep the places of the others.

    Args:
      file: the open file.
      name: its name, for messages.

    Raises:
      UserError: with file and line, for bytes that are not UTF-8.
    """
    return marked_lines(one for record, length in _documents(file, name)
                        for one in (record, *[None] * (length - 1)))
