"""Detects the unit of a file's offsets: characters, UTF-16 units or bytes, and exclusive ends."""

import bisect
import dataclasses
import functools
import itertools
import re
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from xtremedistil_tf.corpora.annotations.spans import Span, trimmed
from xtremedistil_tf.data.words import has_unspaced, split_words

# With fewer entities, nothing is proved, unless their texts are given.
_FEWEST = 2
_MOST_TEXTS = 1000
_CRLF = re.compile("\r\n")


def _line_feeds(text: str, widths: Iterable[int]) -> List[int]:
    """The widths, but 0 for each CR before LF: the tool read CR LF as one line end."""
    found = list(widths)
    for match in _CRLF.finditer(text):
        found[match.start()] = 0
    return found


def _utf16(text: str) -> List[int]:
    return [2 if ord(char) > 0xFFFF else 1 for char in text]


# Width of each character of a text.
_WIDTHS: Dict[str, Callable[[str], List[int]]] = {
    "line ends": lambda text: [2 if char == "\n" else 1 for char in text],
    "crlf": lambda text: _line_feeds(text, [1] * len(text)),
    "utf16": _utf16,
    "utf16 crlf": lambda text: _line_feeds(text, _utf16(text)),
    "utf8": lambda text: [len(char.encode("utf-8", "surrogatepass")) for char in text],
}


# An entity after the other asks for the same text; a document may have thousands.
@functools.lru_cache(maxsize=16)
def _places(unit: str, text: str) -> List[int]:
    """Offset of each character of a text, and of its end, in a unit of _WIDTHS."""
    return [0, *itertools.accumulate(_WIDTHS[unit](text))]


@dataclasses.dataclass(frozen=True)
class Offsets:
    """Convention of a file's offsets.

    Attributes:
      told: description, for messages.
      unit: a key of _WIDTHS, or None for characters.
      first: offset of the first unit, 0 or 1.
      inside: True if ends are inclusive.
    """

    told: str
    unit: Optional[str] = None
    first: int = 0
    inside: bool = False

    def convert(self, text: str, span: Span) -> Span:
        """Converts to characters from 0 with an exclusive end; unchanged if outside the text."""
        begin, end = span.begin - self.first, span.end - self.first + self.inside
        if self.unit is not None:
            places = _places(self.unit, text)
            begin, end = bisect.bisect_left(places, begin), bisect.bisect_left(places, end)
        if not 0 <= begin < end <= len(text):
            return span
        return dataclasses.replace(span, begin=begin, end=end)

    def differs(self, text: str) -> bool:
        """True if this unit differs from characters in a text."""
        return self.inside or self.first > 0 or self.unit is not None and any(
            width != 1 for width in _WIDTHS[self.unit](text))


CHARACTERS = Offsets("characters")
_OTHERS = (
    Offsets("UTF-16 units, as JavaScript and Java count", "utf16"),
    Offsets("characters, with two for each line end", "line ends"),
    Offsets("characters, with one for CR LF", "crlf"),
    Offsets("UTF-16 units, with one for CR LF", "utf16 crlf"),
    Offsets("characters, with the end inside", inside=True),
    Offsets("characters from 1, with the end inside", first=1, inside=True),
    Offsets("characters from 1", first=1),
    Offsets("bytes of UTF-8", "utf8"),
    Offsets("UTF-16 units, with the end inside", "utf16", inside=True),
)


def _edges(text: str) -> Tuple[Set[int], Set[int]]:
    """Begins and ends of the words of a text."""
    words = split_words(text)
    return {first for _, first, _ in words}, {last for _, _, last in words}


def _fits(text: str, span: Span, edges: Tuple[Set[int], Set[int]]) -> bool:
    """True if an entity's offsets match its given text or, without one, whole words."""
    if span.surface is not None:
        return text[max(0, span.begin):span.end] == span.surface
    return span.begin in edges[0] and span.end in edges[1]


def find_offsets(sample: Sequence[Tuple[str, List[Span]]]) -> Offsets:
    """Detects the convention of offsets from texts with their entities.

    The default is characters from 0. Another convention is chosen only if, among the entities that
    the two read differently, the default fits at most a quarter and the other nearly all.
    """
    @functools.lru_cache(maxsize=None)
    def edges(at: int) -> Tuple[Set[int], Set[int]]:
        return _edges(sample[at][0])

    best, found = (0.0, 0), CHARACTERS
    for way in _OTHERS:
        count = plain = good = given = 0
        # Few texts may have wide characters; for other conventions any text is evidence.
        places = (at for at, (text, _) in enumerate(sample) if way.differs(text))
        for at in itertools.islice(places, _MOST_TEXTS):
            (text, spans), edge = sample[at], edges(at)
            for span in spans:
                # In scripts without spaces our words are not the annotator's, and prove nothing.
                if span.surface is None and has_unspaced(text[max(0, span.begin - 2):span.end + 2]):
                    continue
                converted = way.convert(text, span)
                # Bytes and units differ only behind the first wide character.
                if (converted.begin, converted.end) == (span.begin, span.end):
                    continue
                count += 1
                given += span.surface is not None
                # Annotators sometimes include a space; this is not another convention.
                plain += _fits(text, trimmed(span, text), edge)
                good += _fits(text, converted, edge)
        # The text of one entity proves more than the edges of words.
        enough = count >= _FEWEST or 0 < count == given
        if enough and good >= 0.9 * count and plain <= 0.25 * count and (
                good / count, count) > best:
            best, found = (good / count, count), way
    if found == CHARACTERS and any(one.begin == one.end for _, spans in sample for one in spans):
        return next((way for way in _OTHERS if way.inside and _may_be_inside(way, sample)), found)
    return found


def _may_be_inside(way: Offsets, sample: Sequence[Tuple[str, List[Span]]]) -> bool:
    """True if inclusive ends, which entities with begin == end speak for, fit the others as well.

    An entity may also be empty by mistake. Then others would, under inclusive ends, take in a
    space, a mark or the begin of the next one, end inside a word, or leave the text.
    """
    count = against = 0
    for text, spans in sample:
        begins = {span.begin for span in spans if span.begin < span.end}
        for span in spans:
            converted = way.convert(text, span)
            if converted == span:
                return False
            last, behind = text[converted.end - 1], text[converted.end:converted.end + 1]
            inside_word = behind.isalnum() and not has_unspaced(last + behind)
            count += 1
            against += not last.isalnum() or inside_word or span.end in begins
    return against <= 0.1 * count


def counts_tokens(sample: Sequence[Tuple[str, int, List[Span]]]) -> bool:
    """True if offsets count tokens although a text is given: as characters they fit no words.

    Args:
      sample: rows: (text, number of tokens, entities).
    """
    spans = [(count, span) for _, count, found in sample for span in found]
    if len(spans) < _FEWEST or any(span.end > count for count, span in spans):
        return False
    fit = 0
    for text, _, found in sample:
        edges = _edges(text)
        fit += sum(_fits(text, trimmed(span, text), edges) for span in found)
    return fit <= 0.25 * len(spans)


def ends_inside(sample: Sequence[Tuple[int, List[Span]]], otherwise: bool) -> bool:
    """True if the ends of entities that count tokens are inclusive.

    Args:
      sample: rows: (number of tokens, entities).
      otherwise: the result if no row proves one of the two.
    """
    spans = [(count, span) for count, found in sample for span in found]
    if any(span.begin == span.end for _, span in spans):
        return True
    if any(span.end >= count for count, span in spans):
        return False
    return otherwise
