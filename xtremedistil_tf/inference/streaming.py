"""Streams any number of lines through a student, in order and in constant memory."""

from typing import Iterable, Iterator, List

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.lines import Line
from xtremedistil_tf.inference.text_model import TextModel

# Largest number of lines and characters of a block that is read at once.
_LINES, _CHARACTERS = 2048, 1 << 20


def decode_line(raw: bytes, first: bool) -> str:
    """Decodes a line without its line end; replaces invalid bytes by U+FFFD.

    Args:
      raw: the line with its line end.
      first: True for the first line of a file, which may begin with a byte order mark.
    """
    text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
    return text[1:] if first and text.startswith("\ufeff") else text


def _blocks(lines: Iterable[str]) -> Iterator[List[str]]:
    block: List[str] = []
    characters = 0
    for line in lines:
        block.append(line)
        characters += len(line)
        if len(block) == _LINES or characters >= _CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block


def _read_one(model: TextModel, line: str) -> Line:
    try:
        return model.read_lines([line])[0]
    except Exception as error:  # Any error affects this line only.
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        return model.failed_line(line, f"{kind}{error}".splitlines()[0])


def tag_lines(model: TextModel, lines: Iterable[str]) -> Iterator[Line]:
    """Tags, classifies or answers lines; an error in one line does not affect the others.

    Args:
      model: the student, in any runtime.
      lines: the texts, read lazily.

    Yields:
      One result a line, in the order of the lines.
    """
    for block in _blocks(lines):
        try:
            read = model.read_lines(block)
        except Exception:
            yield from (_read_one(model, line) for line in block)
        else:
            yield from read
