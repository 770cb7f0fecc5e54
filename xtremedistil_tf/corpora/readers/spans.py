"""Entities given by offsets: reads them from tools' exports and converts them to tags."""

import bisect
import dataclasses
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.readers.base import Tally, plain_key
from xtremedistil_tf.data.lines import RowError, is_count
from xtremedistil_tf.data.readers.recognise import is_tag
from xtremedistil_tf.data.words import Word, has_unspaced

# Keys in the form of `plain_key`, in the order of precedence; the first that exists is used.
BEGINS = ("start", "start_offset", "begin", "begin_offset", "start_char", "char_start",
          "offset_start", "start_idx", "start_index", "start_pos", "start_position", "begin_pos",
          "begin_position", "start_character", "begin_char", "char_begin", "from", "offset",
          "region_offset")
ENDS = ("end", "end_offset", "stop", "end_char", "char_end", "offset_end", "end_idx", "end_index",
        "end_pos", "end_position", "end_character", "to")
# Keys of a list [begin, end].
PLACES = ("span", "offsets", "position", "positions", "pos", "char_span")
LENGTHS = ("length", "len", "region_length")
# Some tools use one of the last keys for the entity's text; then another key is its type.
LABELS = ("label", "labels", "tag", "tags", "entity_type", "ner_tag", "label_type", "type",
          "types", "category", "class", "entity_group", "entity_label", "label_", "ner",
          "ner_label", "class_name", "label_name", "tag_name", "entity_class", "entity", "name",
          "value")
# Rules for entities that overlap, as --nested names them.
NESTED = ("refuse", "outer", "inner")
SURFACES = ("text", "word", "surface", "surface_form", "mention", "span_text")


@dataclasses.dataclass(frozen=True)
class Span:
    """An entity: begin, exclusive end, type, and its text if given."""

    begin: int
    end: int
    label: str
    surface: Optional[str] = None

    def __str__(self) -> str:
        return f"entity {self.begin} to {self.end}"


def _number(value: Any, where: str) -> int:
    if isinstance(value, str) and is_count(value) or (
            isinstance(value, float) and value.is_integer()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise RowError(("span_offset", f"{where} is {value!r:.40}; needed is a number"))
    return value


def _label(value: Any, place: str) -> str:
    """A span's type as text; a list of one type is allowed.

    Raises:
      RowError: for no type, several types, or a type that is not text.
    """
    if isinstance(value, (list, tuple)):
        if len(value) != 1:
            raise RowError(("span_label", f"{place} has {len(value)} types: {value!r:.60}; allowed "
                            "is one"))
        value = value[0]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise RowError(("span_label", f"{place} has the number {value!r} for its type; needed is "
                        "its name"))
    if not isinstance(value, str) or not value.strip():
        raise RowError(("span_label", f"{place} has the type {value!r:.40}; needed is a name"))
    return value.strip()


def _of_dict(given: Dict[str, Any], text: Optional[str]) -> Span:
    entity = {plain_key(key): value for key, value in given.items()}
    came = ", ".join(map(str, given))
    places = next((entity[key] for key in PLACES if key in entity), None)
    if isinstance(places, list) and len(places) == 1 and isinstance(places[0], list):
        places = places[0]  # An entity of one part, in the form of those of several.
    if isinstance(places, list) and len(places) == 2:
        entity = {**entity, "start": places[0], "end": places[1]}
    begin_key = next((key for key in BEGINS if key in entity), None)
    end_key = next((key for key in (*ENDS, *LENGTHS) if key in entity), None)
    if begin_key is None or end_key is None:
        raise RowError(("span_keys", f"an entity has the keys {came}; "
                        "needed are start, end and label (start, start_offset, begin, ...; end, "
                        "end_offset, stop, ...)"))
    begin = _number(entity[begin_key], f"{begin_key!r} of an entity")
    end = _number(entity[end_key], f"{end_key!r} of an entity")
    end += begin if end_key in LENGTHS else 0
    place = f"entity {begin} to {end}"
    stands = text[begin:end] if text is not None and 0 <= begin <= end else None
    keys = [key for key in LABELS if key in entity]
    # A key whose value is the entity's text is not its type, if there is another key.
    keys = [key for key in keys if entity[key] != stands] or keys
    if not keys:
        raise RowError(("span_keys", f"{place} has the keys {came}; "
                        f"its type is read from {', '.join(LABELS[:14])}, ..."))
    surface = next((entity[key] for key in SURFACES if isinstance(entity.get(key), str)), None)
    return Span(begin, end, _label(entity[keys[0]], place), surface)


def _of_list(entity: Sequence[Any], text: Optional[str]) -> Span:
    numbers = [value for value in entity if isinstance(value, int) and not isinstance(value, bool)]
    others = [value for value in entity if not isinstance(value, (int, float))]
    if len(numbers) != 2:
        raise RowError(("span_keys", f"an entity is {list(entity)!r:.60}; needed are start, end "
                        "and label"))
    begin, end = numbers
    place = f"entity {begin} to {end}"
    stands = text[begin:end] if text is not None and 0 <= begin <= end else None
    labels = [value for value in others if value != stands or len(others) == 1]
    if len(labels) != 1:
        raise RowError(("span_label", f"{place} has {len(labels)} types: {labels!r:.60}; allowed "
                        "is one"))
    return Span(begin, end, _label(labels[0], place))


def is_spans(value: Any) -> bool:
    """True if a value is a list of possible entities."""
    return isinstance(value, list) and all(
        isinstance(one, dict) or isinstance(one, (list, tuple)) and any(
            isinstance(part, int) for part in one) for one in value)


def read_spans(entities: Iterable[Any], text: Optional[str]) -> List[Span]:
    """Reads entities by the keys of common tools.

    Args:
      entities: objects, or lists such as [start, end, type].
      text: the text of the offsets; None if they count tokens.

    Raises:
      RowError: for an entity without offsets, or without exactly one type.
    """
    found = [_of_dict(one, text) if isinstance(one, dict) else _of_list(one, text)
             for one in _points(entities)]
    return [span for span in found if span.label != "O"]  # Some tools write what is no entity, too.


def _points(entities: Iterable[Any]) -> Iterable[Any]:
    """Splits DataTurks' entities, which have one type and several places, into single ones."""
    for one in entities:
        if isinstance(one, dict) and isinstance(one.get("points"), list):
            yield from ({**one, **point} for point in one["points"])
        else:
            yield one


def plain_label(label: str) -> Tuple[str, bool]:
    """(type without a scheme's letter, True if the letter is I-)."""
    if is_tag(label) and label != "O" and (label[0] in "BI" or label[2:].isupper()):
        return label[2:], label[0] in "IEML"
    return label, False


def _joined(spans: Sequence[Span], text: str, counts: Tally) -> List[Span]:
    """Sorts spans, drops duplicates and scheme letters, and joins I- spans to the span before."""
    joined: List[Span] = []
    for span in sorted(dict.fromkeys(spans), key=lambda one: (one.begin, one.end)):
        label, goes_on = plain_label(span.label)
        counts["span_letters"] += label != span.label
        last = joined[-1] if joined else None
        if goes_on and last and last.label == label and not text[last.end:span.begin].strip():
            joined[-1] = dataclasses.replace(last, end=span.end)
        else:
            joined.append(dataclasses.replace(span, label=label))
    counts["repeated_entities"] += len(spans) - len(set(spans))
    return joined


def trimmed(span: Span, text: str) -> Span:
    """Removes white space at a span's ends."""
    stands = text[span.begin:span.end]
    begin = span.begin + len(stands) - len(stands.lstrip())
    return dataclasses.replace(span, begin=begin, end=begin + len(stands.strip()))


def _cut_words(words: Sequence[Word], spans: Sequence[Span], counts: Tally) -> List[Word]:
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


def without_nested(spans: Sequence[Span], counts: Tally, nested: str) -> List[Span]:
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


def tag_words(text: str, spans: Sequence[Span], words: Sequence[Word], counts: Tally, *,
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
      RowError: for entities that overlap or contain no word.
    """
    joined = _joined(spans, text, counts)
    spans = [trimmed(span, text) for span in joined]
    outside = [span for span in joined if not 0 <= span.begin <= span.end <= len(text)]
    if outside:
        raise RowError(("span", f"{outside[0]} lies outside the text's {len(text)} characters"))
    empty = [whole for whole, span in zip(joined, spans) if span.begin >= span.end]
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
            found, stands = ("".join(one.split()).casefold()
                             for one in (span.surface, text[span.begin:span.end]))
            counts["other_surfaces"] += found != stands
        tags[at:end] = [f"B-{span.label}"] + [f"I-{span.label}"] * (end - at - 1)
        at = end
    return list(words), tags, list(spans)


def tag_tokens(words: Sequence[str], spans: Sequence[Span], counts: Tally, *,
               nested: str = "refuse") -> Tuple[str, ...]:
    """Converts entities that count words, with exclusive ends, to tags.

    Raises:
      RowError: for entities that overlap or exceed the row.
    """
    tags = ["O"] * len(words)
    ordered = sorted(dict.fromkeys(spans), key=lambda one: (one.begin, one.end))
    wrong = [one for one in ordered if not 0 <= one.begin < one.end <= len(words)]
    if wrong:
        raise RowError(("span", f"{wrong[0]} holds none of the {len(words)} tokens"))
    for span in without_nested(ordered, counts, nested):
        label, _ = plain_label(span.label)
        counts["span_letters"] += label != span.label
        tags[span.begin:span.end] = [f"B-{label}"] + [f"I-{label}"] * (span.end - span.begin - 1)
    return tuple(tags)
