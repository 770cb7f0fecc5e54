"""What all readers share: options, rows, and the tally of what was changed."""

import collections
import dataclasses
import re
from typing import Any, Counter, List, Optional, Tuple, Union

from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, RowError
from xtremedistil_tf.data.readers.rows import Example

# Lines, or records, that tell how a file is laid out.
SAMPLE = 10_000
# Where a row stands: a line's number, or the name of another place.
Place = Union[int, str]
Row = Tuple[Place, Union[Example, RowError]]

_WHITE = re.compile(r"[ \t\r\n\0]+")
# In what task files hold, any white space would end a tag.
_TAG_WHITE = re.compile(r"\s+")


@dataclasses.dataclass(frozen=True)
class ReadOptions:
    """What the data does not say by itself.

    Attributes:
      format: one of FORMATS, or "auto".
      language: of rows that name none.
      tag_names: names of tags that are given as numbers (JSON).
      whitespace_words: plain text is split at white space only and a line is a sentence.
      word_column, tag_column: a column's number, from 1, or its name in the header; of a table
        the first names the column of the text.
      encoding: of files that do not tell theirs by a byte order mark.
      labelled: whether labels are needed; else columns of tags need not be told apart.
    """

    format: str = "auto"
    language: Optional[str] = None
    tag_names: Tuple[str, ...] = ()
    whitespace_words: bool = False
    word_column: Optional[str] = None
    tag_column: Optional[str] = None
    encoding: str = "utf-8"
    labelled: bool = True


class Tally(Counter[str]):
    """Counts of what was changed in a source or left out.

    Attributes:
      notes: what was found out about the source as a whole, a line each.
      cut: whether its sentences are not parted, so that rows must be cut.
    """

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.notes: List[str] = []
        self.cut = False

    def note(self, text: str) -> None:
        """Adds a note, each once."""
        if text not in self.notes:
            self.notes.append(text)


def clean_words(example: Example, counts: collections.Counter) -> Example:
    """Takes out empty words and byte order marks; white space in a word becomes a no-break space.

    All is counted.
    """
    whole = "".join(example.words)
    if all(example.words) and not _WHITE.search(whole) and BYTE_ORDER_MARK not in whole:
        return example
    words: List[str] = []
    tags: List[str] = []
    for at, word in enumerate(example.words):
        counts["byte_order_marks"] += word.count(BYTE_ORDER_MARK)
        word = word.replace(BYTE_ORDER_MARK, "")
        joined = _WHITE.sub("\u00a0", word.strip(" \t\r\n\0"))
        if not joined:
            counts["empty_words"] += 1
            continue
        counts["spaces_in_words"] += joined != word
        words.append(joined)
        tags += example.tags[at:at + 1]
    return Example(tuple(words), tuple(tags), example.language)


def clean_tags(tags: Tuple[str, ...], counts: collections.Counter) -> Tuple[str, ...]:
    """Writes `First_Name` for a type `First Name`: a space would end the tag. Counted."""
    cleaned = tuple(_TAG_WHITE.sub("_", tag.strip()) for tag in tags)
    counts["spaces_in_types"] += sum(
        old.strip() != new for old, new in zip(tags, cleaned) if not new.startswith("I-"))
    return cleaned
