"""Readers of the formats that people have; each yields (line number, Example or RowError)."""

import dataclasses
import functools
import itertools
import json
import re
from typing import Any, Callable, Counter, Dict, Iterable, Iterator, List, Optional, Tuple, Union

from xtremedistil_tf.corpora.readers.schemes import is_tag
from xtremedistil_tf.corpora.readers.sentences import split_sentences
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example, split_prefix
from xtremedistil_tf.data.words import split_words
from xtremedistil_tf.plugins import Registry

Line = Tuple[int, Union[str, RowError]]
Row = Tuple[int, Union[Example, RowError]]

_WIKIANN = re.compile(r"([a-z]{2,3}(?:-[a-z]+)*):(.*)", re.DOTALL)
_DOCUMENT = "-DOCSTART-"
_WHITE = re.compile(r"[ \t\r\n\0]+")


@dataclasses.dataclass(frozen=True)
class ReadOptions:
    """What the data does not say by itself.

    Attributes:
      format: one of FORMATS, or "auto".
      language: of rows that name none.
      tag_names: names of tags that are given as numbers (JSON).
      whitespace_words: plain text is split at white space only and a line is a sentence.
    """

    format: str = "auto"
    language: Optional[str] = None
    tag_names: Tuple[str, ...] = ()
    whitespace_words: bool = False


def _blocks(lines: Iterable[Line], counts: Counter[str]) -> Iterator[List[Line]]:
    """Sentences as lists of lines; document markers and comments are taken out and counted."""
    block: List[Line] = []
    for number, text in lines:
        if isinstance(text, str):
            marker = text.split(None, 1)[:1] == [_DOCUMENT]
            counts["document_markers"] += marker
            if marker or not text.strip():
                if block:
                    yield block
                block = []
                continue
            if text.startswith("#") and not is_tag(text.split()[-1]):
                counts["comments"] += 1
                continue
        block.append((number, text))
    if block:
        yield block


def _column_block(block: List[Line], prefixed: bool, language: str) -> Row:
    words: List[str] = []
    tags: List[str] = []
    for number, text in block:
        if isinstance(text, RowError):
            return number, text
        fields = text.split("\t") if "\t" in text else text.split()
        if len(fields) < 2:
            return number, RowError(
                ("columns", f"1 column: {text.strip()[:40]!r}; needed are a word and its tag"))
        word = fields[0]
        if prefixed:
            match = _WIKIANN.fullmatch(word)
            if not match:
                return number, RowError(
                    ("prefix", f"word {word[:40]!r} lacks its language; needed is xx:word"))
            if words and match.group(1) != language:
                return number, RowError(
                    ("mixed_languages",
                     f"language {match.group(1)!r} in a sentence of {language!r}"))
            language, word = match.groups()
        words.append(word)
        tags.append(fields[-1].strip())
    return block[0][0], Example(tuple(words), tuple(tags), language)


def read_columns(lines: Iterable[Line], options: ReadOptions, counts: Counter[str],
                 prefixed: bool = False) -> Iterator[Row]:
    """A word and its tag a line (first and last column), an empty line between sentences."""
    for block in _blocks(lines, counts):
        yield _column_block(block, prefixed, options.language or DEFAULT_LANGUAGE)


# `xx:word TAG` a line (Rahimi et al.).
read_wikiann = functools.partial(read_columns, prefixed=True)


def read_tsv(lines: Iterable[Line], options: ReadOptions, counts: Counter[str]) -> Iterator[Row]:
    """This project's own rows: `word word<TAB>tag tag`."""
    for number, text in lines:
        if isinstance(text, str) and not text.strip():
            counts["empty_lines"] += 1
            continue
        if isinstance(text, RowError):
            yield number, text
            continue
        columns = text.split("\t")
        if len(columns) != 2:
            yield number, RowError(
                ("columns", f"{len(columns)} columns; needed are 2: words, a tab, tags"))
            continue
        words = [word for word in columns[0].split(" ") if word]
        pairs = [split_prefix(tag) for tag in columns[1].split()]
        language = next((prefix for prefix, _ in pairs if prefix), options.language)
        yield number, Example(tuple(words), tuple(tag for _, tag in pairs),
                              language or DEFAULT_LANGUAGE)


def _first(record: Dict[str, Any], *names: str) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _named(tags: List[Any], names: Tuple[str, ...]) -> Tuple[str, ...]:
    """Tags as text; numbers are looked up."""
    if tags and all(isinstance(tag, int) for tag in tags):
        if not names:
            raise RowError(
                ("tag_names", "tags are numbers; name them with --tag_names=O,B-PER,..."))
        for at, tag in enumerate(tags, 1):
            if not 0 <= tag < len(names):
                raise RowError(
                    ("tag_names", f"tag {at} is {tag}; --tag_names gives 0 to {len(names) - 1}"))
        return tuple(names[tag] for tag in tags)
    return tuple(str(tag) for tag in tags)


def _span(entity: Any) -> Tuple[int, int, str]:
    if isinstance(entity, dict):
        return entity["start"], entity["end"], _first(entity, "label", "entity_group", "type")
    begin, end, label = entity
    return begin, end, label


def _tag_spans(text: str, entities: List[Any], language: str, counts: Counter[str]) -> Example:
    """Words and tags of a text with entities in character offsets."""
    words = split_words(text)
    tags = ["O"] * len(words)
    for entity in entities:
        begin, end, label = _span(entity)
        inside = [at for at, (_, first, last) in enumerate(words) if first < end and last > begin]
        if not inside or any(tags[at] != "O" for at in inside):
            raise RowError(("span", f"entity {begin} to {end} holds no word or overlaps another"))
        exact = words[inside[0]][1] == begin and words[inside[-1]][2] == end
        counts["widened_entities"] += not exact
        tags[inside[0]] = f"B-{label}"
        for at in inside[1:]:
            tags[at] = f"I-{label}"
    return Example(tuple(word for word, _, _ in words), tuple(tags), language)


def from_record(record: Any, options: ReadOptions, counts: Counter[str]) -> Example:
    """A JSON object with tokens and tags, with text and entities, or with text only.

    Raises:
      RowError: for an object of another form.
    """
    if not isinstance(record, dict):
        raise RowError(("json", f"not a JSON object but {type(record).__name__}"))
    language = _first(record, "lang", "language", "langs") or options.language
    language = (language[0] if isinstance(language, list) else language) or DEFAULT_LANGUAGE
    words = _first(record, "tokens", "words")
    tags = _first(record, "ner_tags", "tags", "labels", "ner")
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return Example(tuple(words), _named(tags or [], options.tag_names), language)
    text = _first(record, "text", "sentence")
    if not isinstance(text, str):
        raise RowError(("json", f"fields {', '.join(sorted(record)) or 'none'}; needed are tokens "
                        "and ner_tags, or text and entities, or text"))
    entities = _first(record, "entities", "spans", "label")
    if isinstance(entities, list):
        try:
            return _tag_spans(text, entities, language, counts)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, RowError):
                raise
            raise RowError(("json", f"entities must have start, end and label: {error}")) from None
    words = split_words(text, options.whitespace_words)
    return Example(tuple(word for word, _, _ in words), (), language)


def read_jsonl(lines: Iterable[Line], options: ReadOptions, counts: Counter[str]
               ) -> Iterator[Row]:
    """One JSON object a line."""
    for number, text in lines:
        if isinstance(text, RowError):
            yield number, text
            continue
        if not text.strip():
            counts["empty_lines"] += 1
            continue
        try:
            record = json.loads(text)
            json.dumps(record, ensure_ascii=False).encode("utf-8")
            yield number, from_record(record, options, counts)
        except RowError as error:
            yield number, error
        except UnicodeEncodeError:
            yield number, RowError(("json", "an escape that is half a character"))
        except ValueError as error:
            yield number, RowError(("json", f"not JSON: {error}"))


def read_text(lines: Iterable[Line], options: ReadOptions, counts: Counter[str]) -> Iterator[Row]:
    """Running text: sentences and words are split, unless it is tokenised already."""
    for number, text in lines:
        if isinstance(text, RowError):
            yield number, text
            continue
        sentences = [text] if options.whitespace_words else split_sentences(text)
        if not text.strip():
            counts["empty_lines"] += 1
            continue
        counts["split_lines"] += len(sentences) > 1
        for sentence in sentences:
            # Tokenised text is split as transfer files are read: at the plain space only.
            words = tuple(filter(None, sentence.replace("\t", " ").split(" "))
                          if options.whitespace_words else
                          (word for word, _, _ in split_words(sentence)))
            counts["retokenised"] += " ".join(words) != sentence
            yield number, Example(words, (), options.language or DEFAULT_LANGUAGE)


Reader = Callable[[Iterable[Line], ReadOptions, Counter[str]], Iterator[Row]]
FORMATS: Registry[Reader] = Registry("format", "xtremedistil_tf.readers")
for _name, _reader in {"wikiann": read_wikiann, "columns": read_columns, "tsv": read_tsv,
                       "jsonl": read_jsonl, "text": read_text}.items():
    FORMATS.register(_name)(_reader)


def register_reader(name: str) -> Callable[[Reader], Reader]:
    """Returns a decorator that adds a reader; `xtremedistil-prepare --format` names it.

    An installed package does without: an entry point of the group xtremedistil_tf.readers has the
    name and the function.

    Args:
      name: of the format.

    Raises:
      UserError: from the decorator, if there is a reader of this name.

    Example:
      from xtremedistil_tf.data.readers.rows import Example

      @xtremedistil_tf.register_reader("slashed")
      def read_slashed(lines, options, counts):
          for number, text in lines:
              if isinstance(text, str):
                  words, tags = zip(*(item.rsplit("/", 1) for item in text.split()))
                  text = Example(words, tags, options.language or "default")
              yield number, text
    """
    return FORMATS.register(name)


def _tags_of_row(line: str) -> List[str]:
    """Tags of a line that looks like `word word<TAB>tag tag`, else none."""
    columns = line.split("\t")
    tags = [split_prefix(tag)[1] for tag in columns[1].split()] if len(columns) == 2 else []
    return tags if all(map(is_tag, tags)) else []


def detect(sample: List[str]) -> str:
    """Tells the format of a file by some of its lines.

    The half of the lines decide: an odd one is told later, as a bad row of that format.
    """
    lines = [line for line in sample
             if line.strip() and line.split(None, 1)[0] != _DOCUMENT and not line.startswith("# ")]
    most = 0.5 * len(lines)
    if not lines:
        return "text"
    if sum(line.lstrip().startswith("{") for line in lines) >= most:
        return "jsonl"
    rows = [tags for tags in map(_tags_of_row, lines) if tags]
    if len(rows) >= most and any(len(tags) > 1 for tags in rows):
        return "tsv"
    fields = [line.split("\t") if "\t" in line else line.split() for line in lines]
    tagged = [row for row in fields if len(row) > 1 and is_tag(row[-1].strip())]
    if len(tagged) < most:
        return "text"
    prefixed = sum(bool(_WIKIANN.fullmatch(row[0])) for row in tagged)
    return "wikiann" if prefixed >= 0.5 * len(tagged) else "columns"


def read_lines(lines: Iterator[Line], options: ReadOptions, counts: Counter[str]
               ) -> Tuple[str, Iterator[Row]]:
    """Reads lines in the format that is named, or that the first 500 of them show.

    Returns:
      The format's name and the rows.
    """
    name = options.format
    if name == "auto":
        head = list(itertools.islice(lines, 500))
        name = detect([text for _, text in head if isinstance(text, str)])
        lines = itertools.chain(head, lines)
    return name, FORMATS.find(name)(lines, options, counts)


def clean_words(example: Example, counts: Counter[str]) -> Example:
    """Takes out empty words and joins words that hold white space by a no-break space, counted."""
    if all(example.words) and not _WHITE.search("".join(example.words)):
        return example
    words: List[str] = []
    tags: List[str] = []
    for at, word in enumerate(example.words):
        joined = _WHITE.sub("\u00a0", word.strip(" \t\r\n\0"))
        if not joined:
            counts["empty_words"] += 1
            continue
        counts["spaces_in_words"] += joined != word
        words.append(joined)
        tags += example.tags[at:at + 1]
    return Example(tuple(words), tuple(tags), example.language)
