"""Tagging any number of lines in constant memory, in their order."""

from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional

from xtremedistil_tf.serving.entities import join_entities
from xtremedistil_tf.serving.tagger import TaggedWord, TextTagger

# Lines are gathered, sorted by length and tagged together up to these bounds.
_LINES, _CHARACTERS = 2048, 1 << 20


class TaggedLine(NamedTuple):
    """A line's result.

    Attributes:
      text: the line.
      words: ((word, begin, end), tag, probability) a word; empty if it could not be tagged.
      error: why it could not be tagged; None if it was.
    """

    text: str
    words: List[TaggedWord]
    error: Optional[str] = None


def decode_line(raw: bytes, first: bool) -> str:
    """A line's text without its end; a broken byte costs its own character only.

    Args:
      raw: the line with its end.
      first: whether it is a file's first, which may open with a byte order mark.
    """
    text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
    return text[1:] if first and text.startswith("\ufeff") else text


def line_record(line: TaggedLine) -> Dict[str, Any]:
    """A result as JSON values: text, entities and, where it could not be tagged, error."""
    words = [word for word, _, _ in line.words]
    entities = join_entities(line.text, words, [tag for _, tag, _ in line.words],
                             [score for _, _, score in line.words])
    for entity in entities:
        entity["score"] = round(entity["score"], 4)
    record: Dict[str, Any] = {"text": line.text, "entities": entities}
    if line.error:
        record["error"] = line.error
    return record


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


def _tag_one(tagger: TextTagger, line: str) -> TaggedLine:
    try:
        return TaggedLine(line, tagger.tag_text([line])[0])
    except Exception as error:  # Whatever it is, it may cost this line only.
        return TaggedLine(line, [], f"{type(error).__name__}: {error}".splitlines()[0])


def tag_lines(tagger: TextTagger, lines: Iterable[str]) -> Iterator[TaggedLine]:
    """Tags lines; one that cannot be tagged costs that line only.

    Args:
      tagger: any runtime's.
      lines: texts, read as they are needed.

    Yields:
      A result a line, in the order of the lines.
    """
    for block in _blocks(lines):
        try:
            tagged = tagger.tag_text(block)
        except Exception:
            yield from (_tag_one(tagger, line) for line in block)
        else:
            yield from map(TaggedLine, block, tagged)
