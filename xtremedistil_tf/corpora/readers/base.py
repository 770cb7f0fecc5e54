"""Common parts of all readers: options, rows, and the tally of changes."""

import collections
import dataclasses
import re
import unicodedata
from typing import Any, Counter, Dict, List, Optional, Sequence, Tuple, Union

from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, RowError
from xtremedistil_tf.data.readers.recognise import are_tags
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.words import Word, has_dictionary, segmentation_of_text, split_words

# Number of lines, or records, in the sample that shows a file's layout.
SAMPLE = 10_000
# Location of a row: its line number, or the name of another place.
Place = Union[int, str]
Row = Tuple[Place, Union[Example, RowError]]

_WHITE = re.compile(r"[ \t\r\n\0]+")
# White space of any kind. Inside a word it stays; around one it is none of it.
_ANY_WHITE = re.compile(r"[\s\0]")
# In task files any white space would end a tag.
_TAG_WHITE = re.compile(r"\s+")
# Characters without a width; joiners are letters inside a word of Persian or Hindi.
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]|"
                       "^[\u200c\u200d]+|[\u200c\u200d]+$")


@dataclasses.dataclass(frozen=True)
class ReadOptions:
    """Information that the data do not contain themselves.

    Attributes:
      format: one of FORMATS, or "auto".
      language: language of rows that do not state one.
      tag_names: names of tags that are given as numbers (JSON).
      whitespace_words: True to split plain text at white space only, one sentence a line.
      word_column, tag_column: a column's number, from 1, or its name in the header; `word_column`
        is also the text column of a table.
      encoding: encoding of files without a byte order mark.
      labelled: True if labels are needed; False allows ambiguous tag columns.
      nested: rule for entities that overlap, see `spans.without_nested`.
      marked: True to read running text as it is, if it has marks of labels.
      schemed: True if tags have a scheme's letters (B-PER); of several lists these are read.
    """

    format: str = "auto"
    language: Optional[str] = None
    tag_names: Tuple[str, ...] = ()
    whitespace_words: bool = False
    word_column: Optional[str] = None
    tag_column: Optional[str] = None
    encoding: str = "utf-8"
    labelled: bool = True
    nested: str = "refuse"
    marked: bool = False
    schemed: bool = True


class Tally(Counter[str]):
    """Counts of changes and omissions in a source.

    Attributes:
      notes: findings about the whole source, one line each.
      doubts: signs that it is no plain text, one line each.
      spelled: the spelling of each tag that is written with _.
      controls: names of the label controls of Label Studio's tasks.
      looks: what running text looks like that has labels in another form; None for plain text.
      cut: True if nothing separates its sentences, so rows must be split.
    """

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.notes: List[str] = []
        self.doubts: List[str] = []
        self.spelled: Dict[str, str] = {}
        self.controls: Dict[str, None] = {}
        self.looks: Optional[str] = None
        self.cut = False

    def note(self, text: str) -> None:
        """Adds a note, unless it is there already."""
        if text not in self.notes:
            self.notes.append(text)


def clean_words(example: Example, counts: collections.Counter) -> Example:
    """Removes empty words, byte order marks and white space around words.

    White space in a word becomes a no-break space.

    All changes are counted.
    """
    whole = "".join(example.words)
    if all(example.words) and not _ANY_WHITE.search(whole) and BYTE_ORDER_MARK not in whole:
        return example
    words: List[str] = []
    tags: List[str] = []
    for at, word in enumerate(example.words):
        counts["byte_order_marks"] += word.count(BYTE_ORDER_MARK)
        word = word.replace(BYTE_ORDER_MARK, "")
        bare = word.strip("\0").strip()
        joined = _WHITE.sub("\u00a0", bare)
        if not joined:
            counts["empty_words"] += 1
            continue
        counts["spaces_around_words"] += bare != word
        counts["spaces_in_words"] += joined != bare
        words.append(joined)
        tags += example.tags[at:at + 1]
    return Example(tuple(words), tuple(tags), example.language)


def clean_tags(tags: Tuple[str, ...], counts: Tally) -> Tuple[str, ...]:
    """Renames a type `First Name` to `First_Name`: a space would end the tag. Removes characters
    that nobody sees. Counts changes.

    Types are composed (Unicode NFC): two spellings of a name would be two types.

    Raises:
      RowError: for a type that would get the name of another one.
    """
    whole = "".join(tags)
    if not whole.isascii():  # They would make other types.
        counts["byte_order_marks"] += whole.count(BYTE_ORDER_MARK)
        counts["invisible_tags"] += sum(bool(INVISIBLE.search(tag.replace(BYTE_ORDER_MARK, "")))
                                        for tag in tags)
        tags = tuple(INVISIBLE.sub("", tag) for tag in tags)
        whole = "".join(tags)
    if not _TAG_WHITE.search(whole) and unicodedata.is_normalized("NFC", whole):
        _keep_apart(tags, tags, counts)
        return tags
    composed = tuple(unicodedata.normalize("NFC", tag) for tag in tags)
    counts["composed_types"] += sum(
        old != new for old, new in zip(tags, composed) if not new.startswith("I-"))
    tags = composed
    # Several tags in a cell stay as they are: `of_layers` reads them, or they are refused.
    cleaned = tuple(tag.strip() if are_tags(tag.strip()) else _TAG_WHITE.sub("_", tag.strip())
                    for tag in tags)
    _keep_apart(tags, cleaned, counts)
    counts["spaces_in_types"] += sum(
        old.strip() != new for old, new in zip(tags, cleaned) if not new.startswith("I-"))
    return cleaned


def _keep_apart(tags: Sequence[str], cleaned: Sequence[str], counts: Tally) -> None:
    """Refuses two types of a source, with a space and with _, that would become one."""
    for tag, clean in zip(tags, cleaned):
        if "_" not in clean:
            continue
        own = " ".join(tag.split())
        other = counts.spelled.setdefault(clean, own)
        if other != own:
            raise RowError(("one_name", f"the tag {own!r} beside {other!r}: in task files a space "
                            "is written _, so both would be one; rename one of them"))


def corpus_words(text: str, options: ReadOptions, counts: Tally) -> List[Word]:
    """Splits running text of a corpus into words with offsets.

    Scripts without spaces are split by ICU's dictionaries if ICU is installed; else their runs stay
    unsplit and are counted.
    """
    segmentation = segmentation_of_text(text)
    if segmentation and not has_dictionary():
        counts["unsplit_scripts"] += 1
        segmentation = None
    return split_words(
        text, keep_whole=options.whitespace_words, segmentation=segmentation)
