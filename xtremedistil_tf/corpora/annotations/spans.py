"""Entities given by offsets: converts them to tags."""

import bisect
import dataclasses
import functools
import unicodedata
from typing import Counter, List, Optional, Sequence, Tuple

from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.words import Word, has_unspaced

# Rules for entities that overlap, as --nested names them.
NESTED = ("refuse", "outer", "inner")


@dataclasses.dataclass(frozen=True)
class Span:
    """An entity: begin, exclusive end, type, and its text if given."""

    begin: int
    end: int
    label: str
    surface: Optional[str] = None

    def __str__(self) -> str:
        return f"entity {self.begin} to {self.end}"


def _ordered(spans: Sequence[Span], counts: Counter[str]) -> List[Span]:
    """Sorts spans and drops those that stand twice."""
    counts["repeated_entities"] += len(spans) - len(set(spans))
    return sorted(dict.fromkeys(spans), key=lambda one: (one.begin, one.end))


def trimmed(span: Span, text: str) -> Span:
    """Removes white space at a span's ends."""
    stands = text[span.begin:span.end]
    begin = span.begin + len(stands) - len(stands.lstrip())
    return dataclasses.replace(span, begin=begin, end=begin + len(stands.strip()))


def _cut_words(words: Sequence[Word], spans: Sequence[Span], counts: Counter[str]) -> List[Word]:
    """Splits words at which two entities meet, as in salt/pepper.

    In scripts without spaces one entity is enough, because word segmentation is uncertain there.
    """
    cut: List[Word] = []
    at = 0
    for word, begin, end in words:
        while at < len(spans) and spans[at].end <= begin:
            at += 1
        behind, places = at, {begin, end}
        while behind < len(spans) and spans[behind].begin < end:
            places |= {max(begin, spans[behind].begin), min(end, spans[behind].end)}
            behind += 1
        ordered = sorted(places)
        if len(ordered) == 2 or behind - at < 2 and not has_unspaced(word):
            cut.append((word, begin, end))
            continue
        cut += [(word[a - begin:b - begin], a, b) for a, b in zip(ordered, ordered[1:])]
        counts["cut_words"] += 1
    return cut


def without_nested(spans: Sequence[Span], counts: Counter[str], nested: str) -> List[Span]:
    """Keeps one of entities that overlap; returns them by their begin.

    Args:
      spans: the entities, by their begin; those with the same words in the order of the data.
      counts: tally; adds nested_entities.
      nested: one of NESTED. outer keeps the longest entities, and the first of those with the same
        words; inner the shortest, and the last.

    Raises:
      RowError: if entities overlap, and `nested` is "refuse".
    """
    pairs = [pair for pair in zip(spans, spans[1:]) if pair[1].begin < pair[0].end]
    if not pairs:
        return list(spans)
    if nested == NESTED[0]:
        before, span = pairs[0]
        raise RowError(("span", f"{before} ({before.label}) and {span} ({span.label}) overlap; a "
                        "word has one tag (--nested=outer or inner keeps one of them)"))
    sign = 1 if nested == "inner" else -1
    kept: List[Tuple[int, int, Span]] = []
    for _, span in sorted(enumerate(spans), key=lambda one: (
            sign * (one[1].end - one[1].begin), -sign * one[0])):
        at = bisect.bisect_left(kept, (span.begin, span.end))
        if (at == 0 or kept[at - 1][1] <= span.begin) and (
                at == len(kept) or kept[at][0] >= span.end):
            kept.insert(at, (span.begin, span.end, span))
    counts["nested_entities"] += len(spans) - len(kept)
    return [span for _, _, span in kept]


@functools.lru_cache(maxsize=64)  # A text is compared with each of its entities.
def _spelled(text: str) -> str:
    """A text without differences of spelling and the marks of word pieces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("#▁ġ")


def _compare(span: Span, surface: str, text: str, counts: Counter[str]) -> None:
    """Compares an entity's own text with what stands at its offsets.

    Raises:
      RowError: if its own text stands elsewhere, so that the offsets are wrong.
    """
    given, stands = _spelled(surface), _spelled(text[span.begin:span.end])
    if given == stands:
        return
    # It may also be another form of a name, such as without its title.
    if given and given not in stands and stands not in given and given in _spelled(text):
        raise RowError(("span_surface", f"{span} is {surface!r:.40}, but at its offsets stands "
                        f"{text[span.begin:span.end]!r:.40}"))
    counts["other_surfaces"] += 1


def tag_words(text: str, spans: Sequence[Span], words: Sequence[Word], counts: Counter[str], *,
              nested: str = "refuse") -> Tuple[List[Word], List[str], List[Span]]:
    """Converts a text's entities to tags of its words.

    Args:
      text: the text.
      spans: its entities, in characters.
      words: its words, with their offsets.
      counts: tally to which changes are added.
      nested: see `without_nested`.

    Returns:
      (words, their IOB2 tags, the entities after cleaning).

    Raises:
      RowError: for entities that overlap, contain no word, or stand elsewhere by their own text.
    """
    given = _ordered(spans, counts)
    spans = [trimmed(span, text) for span in given]
    outside = [span for span in given if not 0 <= span.begin <= span.end <= len(text)]
    if outside:
        raise RowError(("span", f"{outside[0]} lies outside the text's {len(text)} characters"))
    empty = [whole for whole, span in zip(given, spans) if span.begin >= span.end]
    if empty:
        raise RowError(("span", f"{empty[0]} holds no word"))
    spans = without_nested(spans, counts, nested)
    words = _cut_words(words, spans, counts)
    tags = ["O"] * len(words)
    at = 0
    for span in spans:
        while at < len(words) and words[at][2] <= span.begin:
            at += 1
        end = at
        while end < len(words) and words[end][1] < span.end:
            end += 1
        if end == at:
            raise RowError(("span", f"{span} holds no word"))
        exact = words[at][1] == span.begin and words[end - 1][2] == span.end
        counts["entities"] += 1
        counts["widened_entities"] += not exact
        if span.surface is not None:
            _compare(span, span.surface, text, counts)
        tags[at:end] = [f"B-{span.label}"] + [f"I-{span.label}"] * (end - at - 1)
        at = end
    return list(words), tags, list(spans)


def tag_tokens(words: Sequence[str], spans: Sequence[Span], counts: Counter[str], *,
               nested: str = "refuse") -> Tuple[str, ...]:
    """Converts entities that count words, with exclusive ends, to tags.

    Raises:
      RowError: for entities that overlap or exceed the row.
    """
    tags = ["O"] * len(words)
    ordered = _ordered(spans, counts)
    wrong = [one for one in ordered if not 0 <= one.begin < one.end <= len(words)]
    if wrong:
        raise RowError(("span", f"{wrong[0]} holds none of the {len(words)} tokens"))
    for span in without_nested(ordered, counts, nested):
        tags[span.begin:span.end] = [f"B-{span.label}"] + [f"I-{span.label}"] * (
            span.end - span.begin - 1)
    return tuple(tags)
