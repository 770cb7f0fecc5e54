"""Spans of characters in a row of teacher outputs, as tags of its words."""

import dataclasses
import re
import unicodedata
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.data.outputs.values import bad_row, of_type, probability
from xtremedistil_tf.data.words import has_unspaced

NAMES = ("spans", "entities")
SCORES = ("score", "confidence")
_TYPES = ("label", "entity_group", "entity", "type")
# Keys of a span's words as a tokenizer has them.
_WORDS = ("word", "surface", "mention")
# Words in Korean end with particles.
_HANGUL = re.compile("[\uac00-\ud7a3]")
# Encodings that count characters otherwise, with bytes for each of their units.
_UNITS = (("UTF-16 units", "utf-16-le", 2), ("bytes of UTF-8", "utf-8", 1))


@dataclasses.dataclass(frozen=True)
class Span:
    """A span of characters.

    Attributes:
      begin, end: its place.
      type: type of its entity.
      score: its probability; None without one.
      sure: True if the span has its text, and that stands there.
    """

    begin: int
    end: int
    type: str
    score: Optional[float]
    sure: bool


def _score(row: Mapping[str, Any]) -> Optional[float]:
    """The probability of a span; None without one."""
    score = next((row[name] for name in SCORES if row.get(name) is not None), None)
    return None if score is None else probability(score)


def _stands_elsewhere(given: str, text: str, begin: int, end: int) -> bool:
    """True if a span's own words, perhaps of an uncased tokenizer, stand in another place only."""
    own, stands, whole = ("".join(unicodedata.normalize("NFKC", part).casefold().split())
                          for part in (given.strip("#▁ġĠ"), text[begin:end], text))
    return bool(own) and own not in stands and stands not in own and own in whole


def _same_text(given: str, stands: str) -> bool:
    """True if a span's own text is what stands there, but for case, spaces and whole words."""
    one, other = (unicodedata.normalize("NFKC", part).casefold().split()
                  for part in (given, stands))
    # Such as "Dr. Smith" at "Smith".
    return "".join(one) == "".join(other) or bool(one and other) and (
        one[-len(other):] == other or other[-len(one):] == one)


def _span(row: Any, text: str) -> Optional[Span]:
    """Checks a span; None for one that is outside entities, as pipelines can be told to give."""
    of_type(row, dict, "a span", "an object with start, end and label")
    kind = next((row[key] for key in _TYPES if key in row), None)
    begin, end = row.get("start"), row.get("end")
    if not isinstance(kind, str) or any(
            not isinstance(at, int) or isinstance(at, bool) for at in (begin, end)):
        raise bad_row("form", f"a span is {str(row)[:60]}; needed are start, end and label")
    if not kind.strip():
        raise bad_row("form", f"the span {begin}-{end} has an empty label")
    if kind[:2] in ("B-", "I-"):
        raise bad_row("form", f"the label of the span {begin}-{end} is the tag {kind!r}; needed "
                      "are whole entities with their type, which pipelines give with "
                      'aggregation_strategy="first"')
    if not 0 <= begin < end <= len(text):
        raise bad_row("alignment", f"the span {begin}-{end} ({kind}) does not lie in the text, "
                      f"which has {len(text)} characters")
    given = row.get("text")
    sure = isinstance(given, str)
    if sure and not _same_text(given, text[begin:end]):
        raise bad_row("alignment", f"at {begin}-{end} the text has {text[begin:end]!r:.60}, the "
                      f"span {given!r:.60}{_other_units(text, begin, end)}")
    for name in _WORDS:
        word = row.get(name)
        if not sure and isinstance(word, str) and _stands_elsewhere(word, text, begin, end):
            raise bad_row("alignment", f"at {begin}-{end} the text has {text[begin:end]!r:.60}, "
                          f"the span's {name!r} is {word!r:.60}")
    # In files of tags white space would end one.
    kind = "_".join(kind.split())
    return None if kind == "O" else Span(begin, end, kind, _score(row), sure)


def parts_word(text: str, at: int) -> bool:
    """True if a place lies inside a word, in a script that has spaces between words."""
    around = text[at - 1:at + 1]
    return 0 < at < len(text) and around[0].isalnum() and around[1].isalnum() and not (
        has_unspaced(around) or _HANGUL.search(around))


def _other_units(
    text: str, begin: int, end: int, units: Sequence[Tuple[str, str, int]] = _UNITS
) -> str:
    """Tells in which units offsets are those of whole words; "" if in none or in characters."""
    for name, encoding, size in units:
        raw = text.encode(encoding)
        if len(raw) == size * len(text) or size * end > len(raw):
            continue
        try:
            front, inner = raw[:size * begin].decode(encoding), raw[size * begin:size * end]
            last = len(front) + len(inner.decode(encoding))
        except UnicodeDecodeError:
            continue
        if not parts_word(text, len(front)) and not parts_word(text, last):
            return f"; its offsets seem to count {name}, and needed are characters"
    return ""


def _count_words(found: Sequence[Span], text: str, count: int) -> bool:
    """True if several spans part words, and all would fit as numbers of words."""
    return len(found) > 1 and all(
        not span.sure and span.score is None and span.end <= count and (
            parts_word(text, span.begin) or parts_word(text, span.end)) for span in found)


def _count_from_one(span: Span, text: str) -> bool:
    """True if a span begins one character behind a word's begin, and ends so behind a word."""
    return parts_word(text, span.begin) and not parts_word(text, span.begin - 1) and (
        text[span.end - 2:span.end - 1].isalnum() and not text[span.end - 1].isalnum())


def _check_places(found: Sequence[Span], text: str, count: int) -> None:
    """Refuses spans whose offsets are not those of words.

    A span may begin or end inside a word. One that fits words in other units has wrong offsets,
    and so has one that lies inside a word; but pipelines, which give scores, also give subword
    tokens, which may do so, too, or fit words in bytes by chance.

    Args:
      found: the spans.
      text: the text.
      count: its number of words.

    Raises:
      RowError: for the first.
    """
    if _count_words(found, text, count):
        raise bad_row("alignment", f"the spans, such as {found[0].begin}-{found[0].end} "
                      f"({found[0].type}), part words; their offsets seem to count words, and "
                      "needed are characters")
    for span in found:
        if span.sure:
            continue
        begins, ends = parts_word(text, span.begin), parts_word(text, span.end)
        subword = span.score is not None
        hint = _other_units(text, span.begin, span.end, _UNITS[:1] if subword else _UNITS) \
            if begins or ends else ""
        if not hint and not subword and _count_from_one(span, text):
            hint = "; its offsets seem to count from 1, and needed is from 0"
        inner = begins and ends and text[span.begin:span.end].isalnum()
        if hint or (inner and not subword):
            raise bad_row("alignment", f"the span {span.begin}-{span.end} ({span.type}) is "
                          f"{text[span.begin:span.end]!r:.60}, which parts words{hint}")


def tags_of_spans(
    rows: Any, text: str, words: Sequence[str], begins: Sequence[int]
) -> Tuple[str, Tuple[Any, ...]]:
    """Writes spans as tags of words, with probabilities if the spans have scores.

    Args:
      rows: a list of objects with `start`, `end` and a type.
      text: the text in which they count characters.
      words: the words.
      begins: where each begins in the text.

    Returns:
      ("tags" or "probabilities", what is said of each word).

    Raises:
      RowError: for a row that is no list of spans, or a span that fits no word.
    """
    found = [span for row in of_type(rows, list, "spans", "a list of objects")
             for span in [_span(row, text)] if span is not None]
    _check_places(found, text, len(words))
    best: List[Tuple[float, str]] = [(0.0, "O")] * len(words)
    for span in sorted(found, key=lambda one: (
            1.0 if one.score is None else one.score, one.end - one.begin, one.begin), reverse=True):
        inside = [at for at, first in enumerate(begins)
                  if first < span.end and span.begin < first + len(words[at])]
        if not inside:
            raise bad_row("alignment", f"the span {span.begin}-{span.end} ({span.type}) holds no "
                          "word of the text")
        if any(best[at][1] != "O" for at in inside):
            continue  # The better of two that overlap has it.
        for place, at in enumerate(inside):
            best[at] = (1.0 if span.score is None else span.score,
                        f"{'I' if place else 'B'}-{span.type}")
    if all(span.score is None for span in found):
        return "tags", tuple(tag for _, tag in best)
    said: List[Dict[str, float]] = [
        {"O": 1.0} if tag == "O" else {tag: score, "O": 1.0 - score} for score, tag in best]
    return "probabilities", tuple(said)
