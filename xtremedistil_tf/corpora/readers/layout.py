"""Finds the layout of a column file: words, tags, word numbers, sentence breaks."""

import dataclasses
import re
from typing import Any, Callable, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.readers.base import ReadOptions
from xtremedistil_tf.corpora.readers.column_values import Column
from xtremedistil_tf.data.lines import is_count
from xtremedistil_tf.data.readers.recognise import (
    DOCUMENT,
    LETTERS,
    find_separator,
    is_tag,
    split_fields,
    usual_width,
)
from xtremedistil_tf.data.readers.sentences import count_ends
from xtremedistil_tf.errors import UserError

# Names in headers, in lower case.
_WORDS = frozenset({"token", "tokens", "word", "words", "form", "tok", "surface", "text"})
_TAGS = frozenset({"tag", "tags", "ner", "ner_tag", "ner_tags", "ner-tag", "label", "labels", "ne",
                   "bio", "iob", "iob2", "entity", "named_entity"})
_SENTENCES = re.compile(r"sid|sent(ence)?[ _.-]*(#|id|idx|index|n[or]?\.?|num|number)?")
# Sentences may count from 1 in each document.
_DOCUMENTS = re.compile(r"doc(ument)?[ _.-]*(#|id|idx|index|n[or]?\.?|num|number)?")
_COLUMNS = "# global.columns ="
# A tag among the features of CoNLL-U's last column.
_FEATURE = re.compile(r"(?:^|\|)(?:name|ner|ne|bio|iob|entity)=(O|[BIESLUM]-[^|]+)(?:\||$)", re.I)
# Marks of sentences on lines of their own: XML's, as in <s> and </sentence>, and MeCab's.
_MARK = re.compile(r"\s*(?:</?[A-Za-z][^<>]*>|EOS|BOS)\s*")
# With fewer rows, a header cannot be recognised.
_FEWEST_ROWS = 5
_NEAR = 2000  # Lines that are all looked at.
# Fewer lines, without an empty line and with fewer end marks, may be one sentence.
_LONG_SENTENCE, _SEVERAL_ENDS = 60, 2


@dataclasses.dataclass(frozen=True)
class Layout:
    """The columns of a file.

    Attributes:
      separator: a tab, a comma or a semicolon; None for runs of spaces and tabs.
      width: number of columns of most lines.
      word, tag: indices of the two columns, from 0.
      index: index of the column that numbers the words of a sentence, or None.
      sentence: indices of the columns that name a word's sentence; the last one may be empty in
        all words but the first.
      header: fields of the first line, if it names the columns.
      parted: True if the file separates its sentences.
      brackets: True if the tags are OntoNotes' brackets, `(PERSON*` and `*)`.
      features: True if the tags are among features, as in `NER=B-PER|SpaceAfter=No`.
      types: index of the column of the types, if that of the tags has letters only (B, I, O).
      told: description of the choice, for messages.
    """

    separator: Optional[str]
    width: int
    word: int
    tag: int
    index: Optional[int] = None
    sentence: Tuple[int, ...] = ()
    header: Tuple[str, ...] = ()
    parted: bool = True
    features: bool = False
    brackets: bool = False
    types: Optional[int] = None
    told: str = ""

    def fields(self, line: str) -> List[str]:
        """Splits a line into fields."""
        fields = split_fields(line, self.separator)
        if self.separator is not None and " " in line:
            fields = [field.strip(" \t") for field in fields]
        if self.features and len(fields) > self.tag:
            fields[self.tag] = tag_of_features(fields[self.tag])
        if self.types is not None and len(fields) > max(self.tag, self.types) and (
                fields[self.tag] in LETTERS):
            fields[self.tag] += f"-{fields[self.types]}"
        return fields


def tag_of_features(field: str) -> str:
    """The tag among the features of a word; O if there is none.

    Example:
      >>> tag_of_features("SpaceAfter=No|name=B-PER")
      'B-PER'
    """
    match = _FEATURE.search(field)
    return match.group(1) if match else "O"


class _Columns:
    """The columns of a sample, and the choice among them by name or by content."""

    def __init__(self, rows: Sequence[Sequence[str]], width: int, header: Sequence[str]):
        self.header = header
        self.columns = [Column([row[at] for row in rows]) for at in range(width)]

    @property
    def _names(self) -> List[str]:
        return [name.strip().lower() for name in self.header]

    def name(self, at: int) -> str:
        """Name of a column in the form that --word_column and --tag_column accept."""
        return self.header[at] if at < len(self.header) and self.header[at] else str(at + 1)

    def given(self, flag: str, wanted: str) -> int:
        """Index of the column that a flag names.

        Raises:
          UserError: if there is no such column.
        """
        if is_count(wanted) and 1 <= int(wanted) <= len(self.columns):
            return int(wanted) - 1
        if wanted.lower() in self._names:
            return self._names.index(wanted.lower())
        names = f" or {', '.join(self.header)}" if self.header else ", and no header names them"
        raise UserError(f"--{flag} is {wanted!r}; allowed: 1 to {len(self.columns)}{names}")

    def named(self, is_name: Callable[[str], Any]) -> Optional[int]:
        """Index of the first column whose header name is one of these, or None."""
        return next((at for at, name in enumerate(self._names) if is_name(name)), None)

    def sentence(self, besides: Sequence[int]) -> Tuple[int, ...]:
        """Indices of the columns that name sentences by their headers; may be empty."""
        found = self.named(_SENTENCES.fullmatch)
        if found is None or found in besides:
            return ()
        document = self.named(_DOCUMENTS.fullmatch)
        return (found,) if document is None or document in besides else (document, found)

    def runs(self, word: int, besides: Sequence[int]) -> Tuple[int, ...]:
        """Indices of the columns that name sentences by their values; may be empty."""
        words = self.columns[word].values
        return tuple(at for at, column in enumerate(self.columns)
                     if at not in besides and column.names_sentences(words))

    def tag(self, labelled: bool) -> Tuple[int, List[int]]:
        """(index of the tag column, indices of other columns with tags).

        Raises:
          UserError: if the choice is ambiguous.
        """
        layers = [at for at, column in enumerate(self.columns) if column.is_tags]
        typed = [at for at in layers if self.types_of(at) is not None]
        if len(typed) == 1:
            return typed[0], []
        if not layers:
            raise UserError(
                f"no column holds tags such as B-PER and O in most of its rows; the first row is "
                f"{', '.join(column.values[0] for column in self.columns)!r:.120} "
                "(--tag_column=NUMBER names the column; --kind=classification reads labelled "
                "texts)")
        if len(layers) == len(self.columns) > 1:
            raise UserError("all columns hold tags, and none holds words: do these stand in a file "
                            "of their own, as seq.in beside seq.out? Write a word and its tag a "
                            "line")
        typed = [at for at in layers if self.columns[at].types or self.columns[at].bare]
        entities = [at for at in typed if not self.columns[at].is_chunks] or typed or layers[-1:]
        different: List[int] = []
        for at in entities:
            if all(self.columns[at].values != self.columns[old].values for old in different):
                different.append(at)
        called = [at for at in different if at < len(self._names) and self._names[at] in _TAGS]
        if len(called) == 1:
            different = called
        if len(different) > 1 and labelled:
            told = "; ".join(f"{self.name(at)} ({self.columns[at].examples()})" for at in different)
            raise UserError(
                f"{len(different)} columns hold tags: {told}; choose one with "
                f"--tag_column={' or '.join(self.name(at) for at in different)}")
        return different[0], [at for at in layers if at != different[0]]

    def types_of(self, tag: int) -> Optional[int]:
        """Index of the one column with the types of a column of letters, or None."""
        letters = self.columns[tag]
        found = [at for at, column in enumerate(self.columns) if column.are_types_of(letters)] \
            if letters.is_letters else []
        return found[0] if len(found) == 1 else None

    def word(self, tag: int) -> int:
        """Index of the word column: the first with many values that are neither numbers nor tags.

        Identifiers and places (s0-t1, 0:5, doc3.txt) are words only if no other column can be.

        Raises:
          UserError: if there is no such column.
        """
        named = self.named(_WORDS.__contains__)
        if named is not None and named != tag:
            return named
        found = [at for at, column in enumerate(self.columns) if at != tag and not (
            column.is_tags or column.is_empty or column.is_number)]
        # If all candidates are numbers, the numbers are the words.
        found = found or [at for at in range(len(self.columns)) if at != tag]
        if not found:
            raise UserError(f"{len(self.columns)} column{'s' if len(self.columns) > 1 else ''}, "
                            "none of which holds words; needed are a word and its tag a line "
                            "(--word_column=NUMBER names the column)")
        most = max(self.columns[at].distinct for at in found)
        spoken = [at for at in found if not self.columns[at].is_id]
        if any(self.columns[at].may_be_words for at in spoken):
            found, most = spoken, max(self.columns[at].distinct for at in spoken)
        return next(at for at in found if self.columns[at].distinct >= 0.3 * most)

    def is_header(self, first: Sequence[str], word: int, tag: int) -> bool:
        """True if the first row names the columns: it has no tag, and all others have one."""
        values = self.columns[tag].values
        if len(values) < _FEWEST_ROWS or is_tag(first[tag]):
            return False
        return first[tag].isalpha() and first[word].isalpha() and all(map(is_tag, values[1:]))

    def index(self, besides: Sequence[int]) -> Optional[int]:
        """Index of the column that counts 1, 2, 3, ... in each sentence, or None."""
        for at, column in enumerate(self.columns):
            if at in besides or not column.is_index:
                continue
            counts = [int(value) for value in column.values if is_count(value)]
            up = sum(after == before + 1 for before, after in zip(counts, counts[1:]))
            # Numbers that stay the same are those of sentences; 1 and 1 are two of one word each.
            stays = sum(after == before > 1 for before, after in zip(counts, counts[1:]))
            if counts[:1] in ([0], [1]) and up >= 0.5 * (len(counts) - 1) and stays <= 0.1 * up:
                return at
        return None

    def told(self, word: int, tag: int, layers: Sequence[int]) -> str:
        """Describes the choice, for messages."""
        text = (f"words from column {self.name(word)}, tags from column {self.name(tag)} of "
                f"{len(self.columns)}")
        if layers:
            text += f" (tags of column{'s' if layers[1:] else ''} " + ", ".join(
                map(self.name, layers)) + " not read)"
        return text


def _header(rows: Sequence[Sequence[str]], wanted: Sequence[Optional[str]]) -> Tuple[str, ...]:
    """The first row if it names columns and has no tag, else empty."""
    first = [field.strip() for field in rows[0]]
    known = {name.lower() for name in first} & {
        *_WORDS, *(name.lower() for name in wanted if name and not name.isdecimal())}
    if known and len(first) > 1 and not any(map(is_tag, first)):
        return tuple(first)
    return ()


def is_empty_row(fields: Sequence[str], word: int, tag: int) -> bool:
    """True for a row without word and tag: an empty line, as tables have it (`,` or `7;;`)."""
    return len(fields) > max(word, tag) and not fields[word].strip() and not fields[tag].strip()


def is_break(line: str) -> bool:
    """True if a line separates sentences: it is empty, or a mark of a document or sentence."""
    return not line or line.isspace() or line.startswith(DOCUMENT) or (
        line.lstrip()[:1] in "<EB" and bool(_MARK.fullmatch(line)))


def find_layout(sample: Sequence[str], options: ReadOptions) -> Layout:
    """Finds the layout from a sample of a file's lines and from the columns in the options.

    Raises:
      UserError: if a named column does not exist, none holds words or tags, or several hold tags.
    """
    # Far into a file, every tenth line shows whether other columns hold tags.
    lines = [line for line in [*sample[:_NEAR], *sample[_NEAR::10]]
             if not is_break(line) and not line.startswith("# ")]
    if not lines:
        return Layout(None, 2, 0, 1)
    separator = find_separator(lines)
    rows = [split_fields(line, separator) for line in lines]
    header = _header(rows, (options.word_column, options.tag_column))
    named = next((line for line in sample if line.startswith(_COLUMNS)), None)
    if header:
        rows = rows[1:]
    elif named:
        header = tuple(named[len(_COLUMNS):].split())
    width, _ = usual_width(rows) if rows else (len(header), 1.0)
    alike = [list(map(str.strip, row)) for row in rows if len(row) == width]
    features = bool(alike) and any(_FEATURE.search(row[-1]) for row in alike)
    alike = [[*row[:-1], tag_of_features(row[-1])] for row in alike] if features else alike
    found = _Columns(alike or [list(header)], width, header)
    layers: List[int] = []
    if options.tag_column is not None:
        tag = found.given("tag_column", options.tag_column)
    elif width == 1 or not options.labelled and not any(one.is_tags for one in found.columns):
        tag = width - 1
    else:
        tag, layers = found.tag(options.labelled)
    word = found.word(tag) if options.word_column is None else \
        found.given("word_column", options.word_column)
    first = [field.strip() for field in rows[0]] if rows else []
    if not header and len(first) == width and found.is_header(first, word, tag):
        found.header = header = tuple(first)
    sentence = found.sentence((word, tag))
    index = found.index((word, tag, *sentence))
    last = len(sample) - list(reversed(sample)).index(lines[-1])
    one_sentence = len(lines) <= _LONG_SENTENCE and (
        count_ends(found.columns[word].values) < _SEVERAL_ENDS)
    inner = sample[sample.index(lines[0]):last]
    told = found.told(word, tag, layers) if word != 0 or width > 2 or header else ""
    types = found.types_of(tag) if options.schemed else None
    told += "" if types is None else f", their types from column {found.name(types)}"
    if separator in (",", ";") and any(
            is_empty_row(split_fields(line, separator), word, tag) for line in inner):
        inner = [*inner, ""]
    if index is None and not sentence and not any(not line or line.isspace() for line in inner):
        sentence = found.runs(word, (word, tag, *layers))
        told += f", sentences from column {found.name(sentence[-1])}" if sentence else ""
    # Numbers that never begin again count the words of the whole file.
    again = index is not None and (
        found.columns[index].values.count(found.columns[index].values[0]) > 1)
    parted = again or bool(sentence) or one_sentence or any(map(is_break, inner))
    return Layout(separator, width, word, tag, index=index, sentence=sentence, header=header,
                  parted=parted, features=features and tag == width - 1,
                  brackets=found.columns[tag].is_brackets, types=types, told=told)
