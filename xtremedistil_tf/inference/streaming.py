"""Any number of lines through a student in constant memory, in their order."""

from typing import Iterable, Iterator, List

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.lines import Line
from xtremedistil_tf.inference.text_model import TextModel

# Lines are gathered, sorted by length and tagged together up to these bounds.
_LINES, _CHARACTERS = 2048, 1 << 20


def decode_line(raw: bytes, first: bool) -> str:
    """A line's text without its end; a broken byte costs its own character only.

    Args:
      raw: the line with its end.
      first: whether it is a file's first, which may open with a byte order mark.
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
    except Exception as error:  # Whatever it is, it may cost this line only.
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        return model.failed_line(line, f"{kind}{error}".splitlines()[0])


def tag_lines(model: TextModel, lines: Iterable[str]) -> Iterator[Line]:
    """Tags, classifies or answers lines; one that cannot be read costs that line only.

    Args:
      model: any runtime's.
      lines: texts, read as they are needed.

    Yields:
      A result a line, in the order of the lines.
    """
    for block in _blocks(lines):
        try:
            read = model.read_lines(block)
        except Exception:
            yield from (_read_one(model, line) for line in block)
        else:
            yield from read
