"""Reads entities by the keys of common tools' exports."""

import functools
import re
from typing import Any, Dict, Iterable, List, Optional, Sequence

from xtremedistil_tf.corpora.annotations.spans import Span
from xtremedistil_tf.data.lines import RowError, is_count

_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[- ]")
# Keys in the form of `plain_key`, in the order of precedence; the first that exists is used.
BEGINS = ("start", "start_offset", "begin", "begin_offset", "start_char", "char_start",
          "offset_start", "start_idx", "start_index", "start_pos", "start_position", "begin_pos",
          "begin_position", "start_character", "begin_char", "char_begin", "from", "offset",
          "region_offset")
ENDS = ("end", "end_offset", "stop", "end_char", "char_end", "offset_end", "end_idx", "end_index",
        "end_pos", "end_position", "end_character", "to")
# Keys of a list [begin, end].
PLACES = ("span", "offsets", "position", "positions", "pos", "char_span", "indices", "extent",
          "location", "range")
LENGTHS = ("length", "len", "region_length")
# Some tools use one of the last keys for the entity's text; then another key is its type. Beside
# `label_name`, `type` may say that it is a span.
LABELS = ("label", "labels", "tag", "tags", "entity_type", "ner_tag", "label_type", "label_name",
          "class_name", "tag_name", "entity_class", "entity_label", "ner_label", "ner_type",
          "ent_type", "type", "types", "category", "class", "entity_group", "label_", "ner",
          "entity", "name", "value", "display_name")
# Keys of a type's name, if the type is an object.
_NAMES = ("name", "value", "label", "text", "title", "display_name")
SURFACES = ("text", "word", "surface", "surface_form", "mention", "span_text", "entity_text",
            "covered_text", "mention_text", "surface_text")


@functools.lru_cache(maxsize=4096)  # The keys of all rows are the same.
def plain_key(key: str) -> str:
    """A key in lower case with _ between its words: startOffset and Start-Offset are equal."""
    return _BETWEEN_WORDS.sub("_", str(key)).lower()


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
    if isinstance(value, dict):  # Flair's {"value": "PER", "confidence": 0.9}, or a named label.
        value = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise RowError(("span_label", f"{place} has the number {value!r} for its type; needed is "
                        "its name"))
    if not isinstance(value, str) or not value.strip():
        raise RowError(("span_label", f"{place} has the type {value!r:.40}; needed is a name"))
    return value.strip()


def _own_texts(text: Optional[str], begin: int, end: int) -> List[str]:
    """Texts that an entity's offsets may mean: from 0 or 1, the end outside or inside."""
    if text is None or not 0 <= begin <= end:
        return []
    own = [text[begin:end], text[begin:end + 1]]
    # For an entity of one character, the character before may stand elsewhere by chance.
    if 0 < begin < end - 1:
        own += [text[begin - 1:end], text[begin - 1:end - 1]]
    return own


def _surface(values: Iterable[Any], own: List[str]) -> Optional[str]:
    """The first of the texts in `own` that stands among an entity's values."""
    given = [value for value in values if isinstance(value, str)]
    return next((one for one in own if one.strip() and one in given), None)


def is_placed(given: Dict[str, Any]) -> bool:
    """True if an object has a key of an entity's place."""
    return any(plain_key(key) in BEGINS or isinstance(value, list) and plain_key(key) in PLACES
               for key, value in given.items())


def lifted(given: Dict[str, Any]) -> Dict[str, Any]:
    """An entity with the keys of an object that holds its place, as in Google's AutoML."""
    inner = [value for value in given.values() if isinstance(value, dict)]
    if not inner or is_placed(given):
        return given
    return {key: value for one in (*map(lifted, inner), given) for key, value in one.items()}


def _of_dict(given: Dict[str, Any], text: Optional[str]) -> Span:
    entity = {plain_key(key): value for key, value in lifted(given).items()}
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
    keys = [key for key in LABELS if key in entity]
    own = _own_texts(text, begin, end)
    # A key whose value is the entity's text is not its type, if there is another key.
    keys = [key for key in keys if entity[key] not in own] or keys
    if not keys:
        raise RowError(("span_keys", f"{place} has the keys {came}; "
                        f"its type is read from {', '.join(LABELS[:7])}, type, category, class, "
                        "..."))
    surface = next((entity[key] for key in SURFACES if isinstance(entity.get(key), str)), None)
    if surface is None:
        surface = _surface((entity[key] for key in entity if key != keys[0]), own)
    return Span(begin, end, _label(entity[keys[0]], place), surface)


def _of_list(entity: Sequence[Any], text: Optional[str]) -> Span:
    numbers = [value for value in entity if isinstance(value, int) and not isinstance(value, bool)]
    others = [value for value in entity if not isinstance(value, (int, float))]
    if len(numbers) != 2:
        raise RowError(("span_keys", f"an entity is {list(entity)!r:.60}; needed are start, end "
                        "and label"))
    begin, end = numbers
    place = f"entity {begin} to {end}"
    own = _own_texts(text, begin, end)
    labels = [value for value in others if value not in own or len(others) == 1]
    if len(labels) != 1:
        raise RowError(("span_label", f"{place} has {len(labels)} types: {labels!r:.60}; allowed "
                        "is one"))
    return Span(begin, end, _label(labels[0], place), _surface(others, own) if len(others) > 1
                else None)


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
