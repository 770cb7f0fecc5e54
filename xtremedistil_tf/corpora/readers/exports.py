"""Splits JSON files into records: lines, arrays, and exports of annotation tools."""

import itertools
import json
import re
from typing import Any, Iterable, Iterator, List, Optional, Tuple

from xtremedistil_tf.corpora.annotations.answers import is_rejected
from xtremedistil_tf.corpora.annotations.keys import BEGINS, LABELS, lifted, plain_key
from xtremedistil_tf.corpora.annotations.services import of_service, utterances_of
from xtremedistil_tf.corpora.annotations.tools import (
    Record,
    by_sentence,
    label_studio_spans,
    list_of,
    objects_of,
    of_argilla,
    of_automl,
    of_control,
    of_spacy,
    with_spans,
)
from xtremedistil_tf.corpora.readers.base import Place, ReadOptions, Tally
from xtremedistil_tf.corpora.readers.parts import LANGUAGES, TEXTS, TOKENS, is_tagged_token
from xtremedistil_tf.data.json_rows import each_key_once, parse_json, whole_characters
from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, Line, RowError, is_count
from xtremedistil_tf.data.readers.recognise import is_tag
from xtremedistil_tf.data.split_names import split_of

# Keys for the records in a file that is one object.
_RECORDS = ("annotations", "data", "examples", "rows", "records", "items", "documents", "train",
            "common_examples", "rasa_nlu_data", "sentences", "utterances")
# (key, tool, place of the texts) of annotations whose texts stand in other files.
_TEXTS_ELSEWHERE = (("annotatable", "tagtog's ann.json", "the plain.html beside it"),
                    ("projectFileVersion", "Azure's labels", "the files that `location` names"))
_CONTENTS = frozenset({*TEXTS, *TOKENS, *_RECORDS, "row", "paragraphs"})
_NO_SPACE = re.compile(r"\S")


def _is_whole(line: str) -> bool:
    """True if the first line shows that the file is one array or object, not one a line."""
    line = line.strip()
    if line.startswith("{"):
        return not line.endswith("}")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line.startswith("[")
    return isinstance(value, list) and not _is_record(value)


def _is_record(value: List[Any]) -> bool:
    """True if a list is one record: [text, {...}], [words, tags], or words each with its tag."""
    pair = len(value) == 2
    if pair and isinstance(value[0], str) and isinstance(value[1], (dict, list)):
        return True
    if pair and all(_is_texts(one) for one in value) and len(value[0]) == len(value[1]):
        return all(map(is_tag, value[1]))
    return bool(value) and (all(map(is_tagged_token, value)) or all(
        _is_texts(one) and len(one) == 2 and is_tag(one[1]) for one in value))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def json_values(lines: Iterable[Line], counts: Tally) -> Iterator[Tuple[Place, Any]]:
    """Yields (place, value or RowError) for a JSON file; an array is read completely."""
    lines = iter(lines)
    begin = []
    for number, text in lines:
        begin.append((number, text))
        if isinstance(text, RowError) or text.strip():
            break
    if begin and isinstance(begin[-1][1], str) and _is_whole(begin[-1][1]):
        yield from _whole_file(itertools.chain(begin, lines))
        return
    for number, text in itertools.chain(begin, lines):
        if isinstance(text, RowError):
            yield number, text
        elif not text.strip():
            counts["empty_lines"] += 1
        else:
            try:
                yield number, parse_json(text.lstrip(BYTE_ORDER_MARK))
            except RowError as error:
                yield number, error


def _whole_file(lines: Iterable[Line]) -> Iterator[Tuple[Place, Any]]:
    parts: List[str] = []
    for number, text in lines:
        if isinstance(text, RowError):
            yield number, text
            return
        parts.append(text)
    text, at, count = "\n".join(parts), 0, 0
    decoder = json.JSONDecoder(object_pairs_hook=each_key_once)
    while True:
        # Not by cutting the text: a file may hold very many values.
        begin = _NO_SPACE.search(text, at)
        if begin is None:
            return
        at = begin.start()
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            line = text.count("\n", 0, getattr(error, "pos", at)) + 1
            yield line, RowError(("json", f"not JSON: {error}"))
            return
        for one in value if isinstance(value, list) and not _is_record(value) else [value]:
            count += 1
            try:
                yield f"record {count}", whole_characters(one)
            except RowError as error:
                yield f"record {count}", error


def unpack(value: Any, options: ReadOptions, counts: Tally) -> Iterator[Record]:
    """Yields the records of a JSON value: objects with tokens and tags, or text and entities.

    Raises:
      RowError: for a value of another structure.
    """
    if isinstance(value, RowError):
        raise value
    if isinstance(value, list) and _is_record(value):
        yield _of_list(value)
        return
    value = _as_object(value)
    utterances = utterances_of(value)
    if utterances is not None:
        yield from utterances
        return
    _check_texts_are_here(value)
    data, paragraphs = value.get("data"), value.get("paragraphs")
    contents = [value.get(name) for name in (*TEXTS, *TOKENS)]
    if isinstance(data, dict):
        if any(name in value for name in ("annotations", "completions", "predictions")):
            yield from _label_studio(value, options, counts)
        else:
            yield from unpack(data, options, counts)
    elif isinstance(paragraphs, list) and any(
            isinstance(one, dict) and "context" in one for one in paragraphs):
        for one in objects_of(paragraphs, "paragraphs"):  # SQuAD's questions.
            yield {"text": one.get("context")}
    elif isinstance(paragraphs, list):
        yield from of_spacy(value)
    elif isinstance(value.get("sentences"), list) and isinstance(value.get("ner"), list):
        yield from by_sentence(value)
    elif not any(name in value for name in (*TEXTS, *TOKENS)) and _held_alone(value):
        for one in _held(value) or ():
            if one is not None:
                yield from unpack(one, options, counts)
    elif any(_is_batch(one) or _is_text_column(one, value) for one in contents):
        yield from _by_place(value)
    elif any(map(_is_numbered, contents)):
        yield from _by_number(value)
    elif _are_rows(value):
        for one in value.values():
            yield from unpack(one, options, counts)
    else:
        yield of_argilla(with_spans(value))


def _as_object(value: Any) -> Record:
    """A value as an object in the form of its tool's other exports.

    Raises:
      RowError: if it is none.
    """
    if isinstance(value, str):
        value = {"text": value}
    if not isinstance(value, dict):
        way = " (--kind=classification reads lists of texts and labels)" \
            if isinstance(value, list) else ""
        raise RowError(("json", f"not a JSON object but {type(value).__name__} {value!r:.40}{way}"))
    value = of_automl(of_service(value))
    if isinstance(value.get("data"), str) and not any(name in value for name in TEXTS):
        return {**value, "text": value["data"]}  # doccano until 1.8.
    return value


def _check_texts_are_here(value: Record) -> None:
    """Raises RowError for annotations whose texts stand in other files."""
    for name, tool, place in _TEXTS_ELSEWHERE:
        if name in value and not any(isinstance(value.get(key), str) for key in TEXTS):
            raise RowError(("other_file", f"{tool}: the texts stand in {place}; write each text "
                            'with its entities as {"text": ..., "entities": [{"start", "end", '
                            '"label"}]}'))


def _by_place(table: Record) -> Iterator[Record]:
    """Yields the rows of a table whose columns are lists."""
    columns = {name: one for name, one in table.items() if isinstance(one, list)}
    for at in range(max(map(len, columns.values()))):
        yield {name: one[at] for name, one in columns.items() if at < len(one)}


def _by_number(table: Record) -> Iterator[Record]:
    """Yields the rows of a table whose columns are objects with the numbers of rows as keys."""
    columns = {name: one for name, one in table.items() if isinstance(one, dict)}
    for row in dict.fromkeys(itertools.chain(*columns.values())):
        yield {name: one[row] for name, one in columns.items() if row in one}


def _is_batch(value: Any) -> bool:
    """True if a value is a column with the tokens of many rows."""
    return isinstance(value, list) and bool(value) and all(map(_is_texts, value))


def _is_numbered(value: Any) -> bool:
    """True if a value is a column with the numbers of its rows, as pandas writes a table."""
    return isinstance(value, dict) and bool(value) and all(map(is_count, value))


def _is_text_column(value: Any, record: Record) -> bool:
    """True if a value is a column with the texts of many rows, rather than the words of one."""
    if not isinstance(value, list) or len(value) < 2 or not _is_texts(value):
        return False
    if 2 * sum(len(one.split()) > 2 for one in value) <= len(value):
        return False
    # A list of tags beside them would be those of words.
    return not any(_is_texts(other) and all(map(is_tag, other)) for other in record.values()
                   if other is not value)


def _held_alone(value: Record) -> Optional[List[Any]]:
    """The list of records in an object; see `_held`.

    Raises:
      RowError: if the object holds several splits.
    """
    splits = [name for name, one in value.items()
              if split_of(name) and one and isinstance(one, (list, dict))]
    lists = [name for name in splits if isinstance(value[name], list)]
    if len(lists) > 1 or len(set(map(split_of, splits))) > 1:
        raise RowError(("splits", f"one object holds {', '.join(splits[:4])}; give each split in a "
                        "file of its own"))
    return _held(value)


def _held(value: Record) -> Optional[List[Any]]:
    """The list of records under a key of the object, or None."""
    for name in _RECORDS:
        found = value.get(name)
        if isinstance(found, dict) and name == "rasa_nlu_data":
            return _held(found)
        if isinstance(found, list) and found and all(map(_may_be_record, found)) and not (
                name == "annotations" and _are_mentions(found, value)):
            return found
    return None


def _are_mentions(found: List[Any], value: Record) -> bool:
    """True if annotations are no records but entities of the object that holds them.

    The text of each then stands in a text beside them, or its place in an object of its own.
    """
    beside = [one for part in (value, *value.values()) if isinstance(part, dict)
              for one in part.values() if isinstance(one, str)]
    for one in found:
        if not isinstance(one, dict):
            return False
        own = [text for name, text in one.items() if isinstance(text, str) and text.strip()
               and plain_key(name) not in LABELS]
        text = next((one[name] for name in TEXTS if one.get(name) in own), max(
            own, key=len, default=None))
        placed = any(plain_key(name) in BEGINS for name in lifted(one))
        if not placed and (text is None or not any(text in other for other in beside)):
            return False
    return True


def _names_contents(value: Record) -> bool:
    """True if an object has a key of what a record holds, or holds such objects by names."""
    return any(plain_key(name) in _CONTENTS for name in value) or _are_rows(value)


def _are_rows(value: Record) -> bool:
    """True if an object's values are records by their names, rather than parts of one record."""
    rows = list(value.values())
    if not rows or not all(isinstance(one, dict) for one in rows):
        return False
    shared = set(rows[0]).intersection(*rows[1:])
    return len(rows) > 1 and bool(shared) or any(map(_names_contents, rows))


def _may_be_record(value: Any) -> bool:
    if isinstance(value, dict):
        return not any(plain_key(name) in BEGINS for name in value)
    return value is None or isinstance(value, list) and _is_record(value)


def _of_list(value: List[Any]) -> Record:
    if isinstance(value[0], dict):
        return {"tokens": value}
    if isinstance(value[0], str):
        text, spans = value
        return with_spans({**spans, "text": text}) if isinstance(spans, dict) else {
            "text": text, "entities": spans}
    pairs = all(len(one) == 2 and is_tag(one[1]) for one in value)
    if len(value) == 2 and not pairs:
        return {"tokens": value[0], "ner_tags": value[1]}
    return {"tokens": [word for word, _ in value], "ner_tags": [tag for _, tag in value]}


def _text_field(data: Record, spans: List[Record], wanted: Optional[str]) -> str:
    """Name of the field of a task's data that holds the text of its entities.

    Raises:
      RowError: if several could.
    """
    fields = {name: value for name, value in data.items() if isinstance(value, str)}
    if wanted in fields:
        return str(wanted)
    named = [name for name in TEXTS if name in fields]
    whole = [span for span in spans if isinstance(span["text"], str) and all(
        isinstance(span[end], int) for end in ("start", "end"))]
    for name in (*named, *fields) if whole else ():
        if all(fields[name][span["start"]:span["end"]] == span["text"] for span in whole):
            return name
    if not named and len(fields) > 1:
        raise RowError(("json", f"'data' holds several texts: {', '.join(fields)}; "
                        "--word_column=NAME says which to read"))
    return [*named, *fields][0]


def _label_studio(task: Record, options: ReadOptions, counts: Tally) -> Iterator[Record]:
    """Record of a Label Studio task: its first annotation that was not cancelled or left empty."""
    data = task["data"]
    if not any(isinstance(value, str) for value in data.values()):
        raise RowError(("json", f"'data' has no text; its fields are {', '.join(data) or 'none'}"))
    annotations = list_of(task.get("annotations") or task.get("completions") or [], "annotations")
    usable = [one for one in annotations if isinstance(one, dict) and not is_rejected(one)]
    if not usable and options.labelled:
        counts["rejected_rows" if annotations else "unannotated_rows"] += 1
        return
    counts["several_annotations"] += len(usable) > 1
    usable.sort(key=lambda one: (not one.get("ground_truth"), not one.get("result")))
    wanted = None if is_count(options.tag_column or "1") else options.tag_column
    spans = label_studio_spans(usable[0]) if usable else []
    spans = of_control(spans, wanted, counts.controls) if options.labelled else spans
    record = {**{name: data[name] for name in LANGUAGES if name in data},
              "text": data[_text_field(data, spans, options.word_column)]}
    yield {**record, wanted or "spans": spans} if usable else record
