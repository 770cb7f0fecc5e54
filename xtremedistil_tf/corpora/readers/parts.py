"""Extracts the contents of a JSON record: tokens and tags, or a text and its entities."""

import dataclasses
import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.annotations.answers import ANSWERS, without_rejected
from xtremedistil_tf.corpora.annotations.keys import is_spans, plain_key, read_spans
from xtremedistil_tf.corpora.annotations.layers import refuse_other_spans, refuse_other_tags
from xtremedistil_tf.corpora.annotations.spans import Span
from xtremedistil_tf.corpora.annotations.written import read_written
from xtremedistil_tf.corpora.readers.base import ReadOptions
from xtremedistil_tf.data.lines import RowError, is_count
from xtremedistil_tf.data.readers.recognise import is_tag, split_tags
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE
from xtremedistil_tf.data.words import Word

# Keys in the order of precedence.
TOKENS = ("tokens", "words", "tokenized_text", "token", "sentence", "text", "tokenized")
TAGS = ("ner_tags", "tags", "labels", "ner", "ner_labels", "bio_tags", "iob_tags", "label", "tag",
        "ner_tags_str", "entity_tags", "bio", "iob", "slots", "slot_labels")
TEXTS = ("text", "sentence", "content", "raw", "document", "body", "txt", "tokens", "words")
ENTITIES = ("entities", "spans", "ents", "label", "labels", "annotations", "annotation", "ner",
            "named_entities", "entity", "mentions", "tags", "ner_tags")
# Keys of a record that a message names at most.
_MOST_NAMED = 12
LANGUAGES = ("lang", "language", "langs", "language_code", "locale")
# Keys of a tag in a token that is an object; of the last ones only a scheme's tags, since they may
# also hold its part of speech.
_TOKEN_TAGS = ("ner", "ner_tag", "ner_tags", "bio", "iob", "bio_tag", "iob_tag")
_TOKEN_LABELS = ("tag", "tags", "label", "labels", "entity")
# Fields that may hold a list as text; a sentence never does.
_LISTED = frozenset({*TOKENS, *TAGS, *ENTITIES} - set(TEXTS)) | {"tokens", "words"}
# MASSIVE's field of a text with its entities in brackets.
SLOTS = "annot_utt"
_SLOT = re.compile(r"\[\s*([^\[\]:]*[^\[\]:\s])\s*:\s*([^\[\]]*[^\[\]\s])\s*\]")
_TOKEN_TEXTS = ("text", "orth", "form", "word", "token")


@dataclasses.dataclass(frozen=True)
class Parts:
    """Contents of a record.

    Attributes:
      language: its language.
      words: its words, or None.
      tags: a tag for each word, or None.
      text: its text, or None.
      offsets: the words with their character offsets in the text, or None.
      spans: its entities; None if the record has no key for them.
      by_token: True if its entities count tokens, by GLiNER's key.
      labelled: True if the record shows that its file is annotated: it has entities, or an
        annotator's answer.
      rejected: number of its entities that an annotator rejected; they are not in `spans`.
    """

    language: str
    words: Optional[List[str]] = None
    tags: Optional[Tuple[str, ...]] = None
    text: Optional[str] = None
    offsets: Optional[List[Word]] = None
    spans: Optional[List[Span]] = None
    by_token: bool = False
    labelled: bool = False
    rejected: int = 0


def _language(record: Dict[str, Any], options: ReadOptions) -> str:
    """The language of a record.

    Raises:
      RowError: if it is not text, or not a single language.
    """
    value = next((record[name] for name in LANGUAGES if record.get(name) is not None), None)
    if isinstance(value, list):
        if len(set(map(str, value))) > 1:
            raise RowError(("language", f"languages {value!r:.60}; allowed is one a row"))
        value = value[0] if value else None
    if value is not None and not isinstance(value, str):
        raise RowError(("language", f"the language is {value!r:.40}; needed is a text"))
    return value or options.language or DEFAULT_LANGUAGE


def named_tags(tags: Sequence[Any], names: Tuple[str, ...]) -> Tuple[str, ...]:
    """Returns tags as text; numbers are looked up in `names`.

    Raises:
      RowError: for numbers without names.
    """
    if tags and all(isinstance(tag, int) or isinstance(tag, str) and is_count(tag)
                    for tag in tags):
        if not names:
            raise RowError(
                ("tag_names", "tags are numbers; name them with --tag_names=O,B-PER,..."))
        for at, tag in enumerate(map(int, tags), 1):
            if not 0 <= tag < len(names):
                raise RowError(
                    ("tag_names", f"tag {at} is {tag}; --tag_names gives 0 to {len(names) - 1}"))
        return tuple(names[int(tag)] for tag in tags)
    return tuple(str(tag) for tag in tags)


def _tagged_text(text: str, record: Dict[str, Any]) -> Optional[List[str]]:
    """The words of a text if the record has a tag for each, else None."""
    words = text.split()
    if any(_is_tags(record.get(name)) and len(record[name]) == len(words) and all(
            isinstance(tag, str) and is_tag(tag) for tag in record[name])
            for name in TAGS):
        return words
    return None


def _listed(name: str, value: Any) -> Any:
    """The list that a field holds as text: `"B-PER O"`, or what `str` made of a list.

    Where pandas had nothing, there is NaN, or an empty text in place of entities.
    """
    if not isinstance(value, str) or name not in _LISTED:
        return None if isinstance(value, float) and value != value else value
    if name in ENTITIES[:3] and not value.strip():
        return None
    listed = read_written(value) if value.lstrip()[:1] == "[" else name in TAGS and split_tags(
        value)
    return listed if isinstance(listed, list) else value


def _is_tags(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, (str, int)) for one in value)


def _words_in(text: Optional[str], record: Dict[str, Any]
              ) -> Tuple[Optional[List[str]], Optional[List[Word]]]:
    """(words of a record, their offsets in its text); None for each that is missing."""
    for name in TOKENS:
        value = record.get(name)
        if not isinstance(value, list) or not value and name == "text":
            continue
        if all(isinstance(one, (str, int, float)) for one in value):
            words = [str(one) for one in value]
            return words, None if text is None else _located(words, text)
        if value and all(isinstance(one, dict) for one in value):
            found = [_token(one, text) for one in value]
            words = [one[0] for one in found]
            if all(one[1] >= 0 for one in found):
                return words, found
            return words, None if text is None else _located(words, text)
        if not all(isinstance(one, list) for one in value):
            wrong = next(one for one in value if not isinstance(one, (str, int, float)))
            raise RowError(("json", f"{name!r} holds {wrong!r:.40}; needed are texts"))
    return None, None


def _token(token: Dict[str, Any], text: Optional[str]) -> Word:
    """(word, begin, end) of a token that is an object; -1 without offsets."""
    begin, end = token.get("start"), token.get("end")
    word = next((token[name] for name in _TOKEN_TEXTS if isinstance(token.get(name), str)), None)
    placed = isinstance(begin, int) and isinstance(end, int)
    if word is None and placed and text is not None:
        word = text[begin:end]
    if word is None:
        raise RowError(("json", f"a token has the keys {', '.join(token)}; needed is text"))
    return (word, begin, end) if placed else (word, -1, -1)  # type: ignore[return-value]


def is_tagged_token(value: Any) -> bool:
    """True if a value is a word with its tag, as Stanza lists them, rather than a record."""
    return isinstance(value, dict) and all(
        any(isinstance(value.get(name), str) and len(value[name].split()) == 1 for name in names)
        for names in (_TOKEN_TEXTS, _TOKEN_TAGS))


def _tags_inside(record: Dict[str, Any]) -> Optional[List[Any]]:
    """The tags of tokens that are objects with their tags inside, as Stanza and CoreNLP write them.

    Raises:
      RowError: if only some of the tokens have one.
    """
    tokens = next((record[name] for name in TOKENS if isinstance(record.get(name), list)), None)
    if not tokens or not all(isinstance(one, dict) for one in tokens):
        return None
    for name in _TOKEN_TAGS + _TOKEN_LABELS:
        tags = [one.get(name) for one in tokens]
        given = [tag for tag in tags if isinstance(tag, str) and tag]
        if not given or name in _TOKEN_LABELS and not all(map(is_tag, given)):
            continue
        if len(given) < len(tags):
            at = next(at for at, tag in enumerate(tags) if tag not in given)
            raise RowError(("no_tags", f"token {at + 1} has no {name!r}, but others have"))
        return given
    return None


def _located(words: List[str], text: str) -> Optional[List[Word]]:
    """Finds the offsets of words in a text; None if they do not occur in this order."""
    found, at = [], 0
    for word in words:
        begin = text.find(word, at)
        if begin < 0 or text[at:begin].strip():
            return None
        at = begin + len(word)
        found.append((word, begin, at))
    return found


def _entities(record: Dict[str, Any], has_words: bool) -> Tuple[Optional[List[Any]], str, bool]:
    """(entities of a record, their key, True if the record shows that its file is annotated).

    Raises:
      RowError: if the value of a key for entities is not a list of entities.
    """
    there = [name for name in ENTITIES if name in record]
    # An empty list of tags proves nothing, unless it is GLiNER's list of entities.
    lists = [name for name in there if is_spans(record[name]) and (
        record[name] or not has_words or name not in TAGS or "tokenized_text" in record)]
    name = next((name for name in lists if record[name]), lists[0] if lists else "")
    if name:
        return record[name], name, True
    if any(record[name] is None for name in there):
        return None, "", True
    if there and not has_words:
        raise RowError(("json", f"{there[0]!r} is {record[there[0]]!r:.60}; needed is a list of "
                        "entities with start, end and label"))
    return None, "", any(name in record for name in ANSWERS[:2])


def _tags_in(record: Dict[str, Any], count: int, *, schemed: bool) -> Optional[List[Any]]:
    """The tags for `count` words: preferably as many as words, names before numbers, and with
    `schemed` those of a scheme before others, such as parts of speech.

    Raises:
      RowError: for a list of other values, of which none is an entity.
    """
    lists = [record[name] for name in TAGS if _is_tags(record.get(name)) and (
        record[name] or not count)]
    if any(is_spans(record.get(name)) and record[name] for name in ENTITIES):
        # Beside entities, a list of types is no list of tags.
        lists = [tags for tags in lists if len(tags) == count and all(
            isinstance(tag, str) and is_tag(tag) for tag in tags)]
    for name in TAGS if not lists else ():
        value = record.get(name)
        if isinstance(value, list) and len(value) == count and not _is_tags(value) and all(
                one is None or isinstance(one, (str, int, float)) for one in value):
            wrong = next(one for one in value if not isinstance(one, (str, int)))
            raise RowError(("tag_value", f"{name!r} holds {wrong!r:.40}; needed are tags, as texts "
                            "or whole numbers"))
    lists.sort(key=lambda tags: (len(tags) != count, not all(isinstance(t, str) for t in tags),
                                 schemed and not all(is_tag(str(t)) for t in tags)))
    return lists[0] if lists else [] if not count else None


def has_slots(record: Dict[str, Any]) -> bool:
    """True for MASSIVE's rows, whose text has its entities in brackets."""
    return isinstance(record.get(SLOTS), str)


def _of_slots(record: Dict[str, Any]) -> Dict[str, Any]:
    """A row with the text and the entities of `wake me at [time : nine am]`."""
    text, at, spans = "", 0, []
    for match in _SLOT.finditer(record[SLOTS]):
        text += record[SLOTS][at:match.start()]
        spans.append({"start": len(text), "end": len(text + match.group(2)),
                      "label": match.group(1)})
        text += match.group(2)
        at = match.end()
    return {**record, "text": text + record[SLOTS][at:], "entities": spans}


def _as_named(record: Dict[str, Any], options: ReadOptions) -> Dict[str, Any]:
    """The record with the field that --tag_column names, and without others of tags.

    Raises:
      RowError: if it has no such field.
    """
    wanted = options.tag_column
    if wanted is None or is_count(wanted) or not options.labelled:
        return record  # A number is a column of other files.
    if wanted not in record:
        raise RowError(("json", f"--tag_column is {wanted!r}; the fields of the row are "
                        f"{', '.join(list(record)[:_MOST_NAMED])}"))
    others = {name: value for name, value in record.items()
              if not isinstance(value, list) or plain_key(name) not in (*TAGS, *ENTITIES)
              or plain_key(name) in TOKENS}
    value = record[wanted]
    return {**others, "entities" if is_spans(value) and value else TAGS[0]: value}


def read_parts(given: Dict[str, Any], options: ReadOptions) -> Parts:
    """Extracts the contents of a record.

    Raises:
      RowError: for an object of another structure.
    """
    given = _as_named(given, options)
    record = {**{plain_key(name): value for name, value in given.items()}, **given}
    record = _of_slots(record) if has_slots(record) else record
    record = {name: _listed(name, value) for name, value in record.items()}
    language = _language(record, options)
    text = next((record[name] for name in TEXTS if isinstance(record.get(name), str)), None)
    words, offsets = _words_in(text, record)
    if words is None and text is not None:
        words = _tagged_text(text, record)
    if words is not None:
        tags = _tags_in(record, len(words), schemed=options.schemed)
        if tags is None and not any(record.get(name) for name in ENTITIES):
            tags = _tags_inside(record)
        if not options.labelled:
            return Parts(language, words, (), text, offsets)
        if tags is not None:
            if options.schemed and options.tag_column is None:
                refuse_other_tags(record, tags)
            return Parts(language, words, named_tags(tags, options.tag_names), text, offsets)
    elif text is not None and not options.labelled:
        return Parts(language, None, None, text)
    elif text is None:
        names = [*sorted(given)[:_MOST_NAMED], *(["..."] if len(given) > _MOST_NAMED else [])]
        raise RowError(("json", f"fields {', '.join(names) or 'none'}; needed are tokens and "
                        "ner_tags, or text and entities, or text" + (
                            "; of labelled texts --text_column and --label_column name the "
                            "columns" if options.labelled else "")))
    entities, name, labelled = _entities(record, words is not None)
    if entities and options.labelled and options.tag_column is None:
        refuse_other_spans(record, name)
    kept = None if entities is None else without_rejected(entities)
    spans = None if kept is None else read_spans(kept, None if name == "ner" else text)
    by_token = words is not None and (name == "ner" or "tokenized_text" in record)
    return Parts(language, words, text=None if by_token else text, offsets=offsets, spans=spans,
                 by_token=by_token, labelled=labelled,
                 rejected=len(entities or ()) - len(kept or ()))
