"""Reads column files: one word with its tag a line, and an empty line between sentences."""

import dataclasses
import functools
import itertools
import re
from typing import Iterable, Iterator, List, Optional, Sequence, Tuple, Union

from xtremedistil_tf.corpora.annotations.comments import (
    STATED,
    domains_are_languages,
    language_of_comment,
)
from xtremedistil_tf.corpora.annotations.spans import Span, tag_tokens
from xtremedistil_tf.corpora.readers.base import SAMPLE, ReadOptions, Row, Tally
from xtremedistil_tf.corpora.readers.layout import Layout, find_layout, is_break, is_empty_row
from xtremedistil_tf.data.lines import Line, RowError
from xtremedistil_tf.data.readers.recognise import DOCUMENT, DOCUMENTS, WIKIANN, is_tag
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example
from xtremedistil_tf.data.words import has_unspaced

# In HIPE's files the last word of a sentence has one of these marks.
_SENTENCE_END = re.compile(r"(?:^|[\t |])(?:EndOfSentence|PySBDSegment)(?:$|[\t |])")
# CoNLL-U lines of multiword tokens, which the next lines split, and of empty nodes.
_RANGE = re.compile(r"\d+[-.]\d+")
# A comment in front of a tab, and a word that begins with a sharp sign.
_NAMED, _HASHTAG = re.compile(r"#+ +\S"), re.compile(r"#\w*[^\W\d]")
_DIGIT, _NO_DIGIT = re.compile(r"\d"), re.compile(r"[^\W\d]\D*")
# A bracket that begins an entity, with its type, or ends one.
_BRACKET = re.compile(r"\(([^\s()*]+)|\)")
# A character, and its place in its word.
_NUMBERED = re.compile(r"\D[0-9]")
# Cells in place of a sentence's name behind its first word; pandas writes NaN.
_MISSING = frozenset({"", "NaN", "nan"})
_Fields = Union[List[str], RowError]
_Block = List[Tuple[int, _Fields]]


def _ends_sentence(text: str) -> bool:
    """True if a mark says that a line is the last of its sentence."""
    # Most lines of large files have none.
    return ("EndOfSentence" in text or "PySBDSegment" in text) and bool(_SENTENCE_END.search(text))


class _Blocks:
    """Groups a file's lines into sentences, each a list of split lines.

    Args:
      layout, counts: the file's columns and counts.
      domains: True if the domains in its comments are languages.

    Attributes:
      language: language of the sentence that was read last, by the comments; None without one.
    """

    def __init__(self, layout: Layout, counts: Tally, *, domains: bool):
        self._layout, self._counts, self._domains = layout, counts, domains
        self._last: Optional[str] = None
        self.language: Optional[str] = None

    def _note_language(self, told: str, comment: str) -> None:
        self.language = told or None
        if told:
            self._counts.note("languages from comments")
        elif STATED.fullmatch(comment):
            self._counts["unknown_languages"] += 1

    def _begins(self, fields: List[str]) -> bool:
        """True if a line's columns show that it begins a sentence."""
        layout, before = self._layout, self._last
        at = layout.sentence[-1] if layout.sentence else layout.index
        if at is None or fields[at] in _MISSING:
            return False
        self._last = " ".join(fields[one] for one in layout.sentence or (at,))
        if layout.sentence:
            return self._last != before
        return fields[at] == "0" or (fields[at] == "1" and before != "0")

    def _is_comment(self, text: str, fields: List[str], inside: bool) -> bool:
        """True for a comment; a line inside a sentence is none if it has all columns of a word."""
        layout = self._layout
        if not text.startswith("#") or is_tag(fields[layout.tag]):
            return False
        if layout.separator is not None:
            # In KLUE the text itself stands behind the name of a sentence and a tab.
            return not inside and bool(_NAMED.match(text))
        if not all(fields) or len(layout.fields(text)) != layout.width:
            return True
        numbers = layout.sentence if layout.index is None else (*layout.sentence, layout.index)
        if text.startswith(DOCUMENTS) or not all(_DIGIT.search(fields[at]) for at in numbers):
            return True
        # In front of a sentence a comment may have as many columns; #Brexit is a word of Twitter.
        return not inside and not is_tag(fields[-1]) and not (
            _HASHTAG.match(text) and _NO_DIGIT.fullmatch(fields[layout.tag]))

    def _passed(self, text: str, fields: List[str], inside: bool) -> bool:
        """True for lines without a word: comments, the header, ranges of words. Counts them."""
        layout = self._layout
        if self._is_comment(text, fields, inside):
            self._counts["comments"] += 1
            return True
        if layout.header and tuple(fields) == layout.header:
            return True
        if layout.index is not None and _RANGE.fullmatch(fields[layout.index]):
            self._counts["ranges"] += 1
            return True
        return False

    def read(self, lines: Iterable[Line]) -> Iterator[_Block]:
        """Yields the sentences, without document marks, comments and headers."""
        block: _Block = []
        layout = self._layout
        # Lines that only hold fields between tabs need no further look: most lines of large files.
        plain = layout.separator == "\t" and layout.index is None and (
            not layout.sentence and not layout.header and not layout.features
            and layout.types is None)
        for number, text in lines:
            if isinstance(text, RowError):
                block.append((number, text))
                continue
            ends = _ends_sentence(text)
            if plain and "\t" in text and " " not in text and not ends:
                parts = text.split("\t")
                if len(parts) == layout.width and not text.isspace() and (
                        not text.startswith(DOCUMENT)):
                    block.append((number, parts))
                    continue
            if is_break(text):
                of_document = text.startswith(DOCUMENT)
                self._counts["document_markers"] += of_document
                self._counts["sentence_marks"] += bool(text.strip()) and not of_document
                if block:
                    yield block
                block = []
                continue
            told = language_of_comment(text, domains=self._domains) if (
                text.startswith("#")) else None
            if told is not None:  # It begins a sentence.
                if block:
                    yield block
                block = []
                self._note_language(told, text)
            fields = self._fields(text)
            if isinstance(fields, list):
                if layout.separator != "\t" and is_empty_row(fields, layout.word, layout.tag):
                    if block:
                        yield block
                    block = []
                    continue
                if self._passed(text, fields, bool(block)):
                    continue
                if self._begins(fields) and block:
                    yield block
                    block = []
            elif text.startswith("#"):
                self._counts["comments"] += 1
                continue
            block.append((number, fields))
            if ends:
                yield block
                block = []
        if block:
            yield block

    def _fields(self, text: str) -> _Fields:
        layout = self._layout
        fields = layout.fields(text)
        if len(fields) == layout.width:
            return fields
        if len(fields) <= max(layout.word, layout.tag):
            count = f"{len(fields)} column{'s' if len(fields) != 1 else ''}"
            needed = "a word and its tag" if layout.width <= 2 else \
                f"{layout.width}, as in most lines"
            return RowError(("columns", f"{count}: {text.strip()[:40]!r}; needed are {needed}"))
        # In CoNLL-2012 the number of columns differs between sentences.
        if layout.separator is None and len(fields) > layout.width and not layout.brackets:
            return RowError(("columns", f"{len(fields)} columns: {text.strip()[:40]!r}; most lines "
                             f"have {layout.width}; a word holds no space"))
        return fields + [""] * (layout.width - len(fields))


def bracket_spans(cells: Sequence[str]) -> List[Span]:
    """Entities of a sentence in OntoNotes' brackets; of nested ones the outer first.

    Args:
      cells: for each word, the entities that begin at it and those that end: `(PERSON*`, `*)`.

    Raises:
      RowError: for a bracket without its other one.
    """
    found: List[Span] = []
    opened: List[int] = []
    for at, cell in enumerate(cells):
        for label in _BRACKET.findall(cell):
            if label:
                opened.append(len(found))
                found.append(Span(at, -1, label))
            elif not opened:
                raise RowError(("scheme", f"the bracket of word {at + 1}, {cell!r:.40}, closes "
                                "no entity"))
            else:
                begun = opened.pop()
                found[begun] = dataclasses.replace(found[begun], end=at + 1)
    if opened:
        raise RowError(("scheme", f"{found[opened[-1]].label} of word "
                        f"{found[opened[-1]].begin + 1} has no closing bracket"))
    return found


def _example(block: _Block, layout: Layout, prefixed: bool, options: ReadOptions, counts: Tally,
             stated: Optional[str]) -> Row:
    language = stated or options.language or DEFAULT_LANGUAGE
    words: List[str] = []
    tags: List[str] = []
    known = None  # The language of the words before, with its colon.
    for number, fields in block:
        if isinstance(fields, RowError):
            return number, fields
        word = fields[layout.word]
        if known is not None and word.startswith(known):
            word = word[len(known):]
        elif prefixed:
            match = WIKIANN.fullmatch(word)
            if not match:
                return number, RowError(
                    ("prefix", f"word {word[:40]!r} lacks its language; needed is xx:word"))
            if words and match.group(1) != language:
                return number, RowError(
                    ("mixed_languages",
                     f"language {match.group(1)!r} in a sentence of {language!r}"))
            language, word = match.groups()
            known = f"{language}:"
        words.append(word)
        tags.append(fields[layout.tag])
    if layout.brackets and options.labelled:
        try:
            tags = list(tag_tokens(words, bracket_spans(tags), counts, nested=options.nested))
        except RowError as error:
            return block[0][0], error
    return block[0][0], Example(tuple(words), tuple(tags), language)


def _are_numbered(lines: Sequence[Line], layout: Layout) -> bool:
    """True if nearly all words are a character with its place in its word, as in Weibo: 北0 京1."""
    fields = [layout.fields(text) for _, text in lines if isinstance(text, str)]
    words = [own[layout.word] for own in fields if len(own) == layout.width > 1]
    found = sum(bool(_NUMBERED.fullmatch(word)) and has_unspaced(word) for word in words)
    return found >= 0.9 * len(words) > 0


def _without_numbers(row: Row) -> Row:
    place, example = row
    if isinstance(example, Example):
        example = dataclasses.replace(example, words=tuple(
            word[:1] if _NUMBERED.fullmatch(word) else word for word in example.words))
    return place, example


def read_columns(lines: Iterable[Line], options: ReadOptions, counts: Tally,
                 *, prefixed: bool = False) -> Iterator[Row]:
    """Reads one word with its tag a line; `find_layout` chooses the columns."""
    lines = iter(lines)
    head = list(itertools.islice(lines, SAMPLE))
    layout = find_layout([text for _, text in head if isinstance(text, str)], options)
    if layout.told:
        counts.note(layout.told)
    counts.cut = not layout.parted and not any(
        isinstance(text, str) and _ends_sentence(text) for _, text in head)
    numbered = _are_numbered(head, layout)
    if numbered:
        counts.note("numbers behind the characters left out")
    blocks = _Blocks(layout, counts, domains=domains_are_languages(
        text for _, text in head if isinstance(text, str) and text.startswith("#")))
    for block in blocks.read(itertools.chain(head, lines)):
        row = _example(block, layout, prefixed, options, counts, blocks.language)
        yield _without_numbers(row) if numbered else row


# Lines `xx:word TAG` (Rahimi et al.).
read_wikiann = functools.partial(read_columns, prefixed=True)
