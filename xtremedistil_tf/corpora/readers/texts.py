"""Reads running text, lists of words, and the project's own rows."""

import dataclasses
import itertools
import re
from typing import Iterable, Iterator, List, Sequence, Tuple

from xtremedistil_tf.corpora.readers.base import ReadOptions, Row, Tally, corpus_words
from xtremedistil_tf.corpora.readers.layout import is_break
from xtremedistil_tf.data.lines import Line, RowError
from xtremedistil_tf.data.readers.marks import DOCUMENT_LINE, doubts_of, marked_form
from xtremedistil_tf.data.readers.recognise import (
    CLASSES,
    TIMES,
    is_tag,
    split_inline,
    why_marked,
)
from xtremedistil_tf.data.readers.rows import (
    DEFAULT_LANGUAGE,
    Example,
    split_prefix,
    split_tagged,
)
from xtremedistil_tf.data.readers.sentences import split_sentences
from xtremedistil_tf.data.readers.tables import table_form
from xtremedistil_tf.data.words import count_marks
from xtremedistil_tf.errors import UserError

TEXTS = frozenset({"text", "sentence", "sentences", "content", "document", "review", "body",
                    "premise", "sentence1", "question", "title", "headline", "description"})
# Names of a column that is read if none of the others is there.
_SHORT_TEXTS = frozenset({"title", "headline"})
_SENTENCES = TEXTS | {"words", "tokens"}
# Blocks of WebVTT that no one says, and marks of voices, fonts, places and times in what is said.
_NO_CUE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)\b")
_CUE_MARK = re.compile(r"</?(?:[cibuv]|ruby|rt|lang|font)(?:[.\s][^<>]*)?>|<[\d:.]+>|\{\\[^{}]*\}",
                       re.IGNORECASE)
# With fewer rows, a header of unusual names cannot be told from a row.
_FEWEST_BELOW = 5
# In tokenised text so many marks stand alone at least, and for each that stands behind a word.
_FEWEST_ALONE, _ALONE_TO_ATTACHED = 20, 10
# Lines that show marks of labels in running text.
MARKS_SAMPLE = 500


def text_names(names: Sequence[str]) -> List[str]:
    """The names of a table that are usual for texts, titles last."""
    return sorted(filter(TEXTS.__contains__, names), key=_SHORT_TEXTS.__contains__)


def is_header(rows: Sequence[Sequence[str]], text: int) -> bool:
    """True if the first row has names that nothing below repeats, over a column of texts."""
    first, rest = rows[0], rows[1:]
    if len(rest) < _FEWEST_BELOW or len(first) <= text or len(first[text].split()) != 1:
        return False
    if not all(map(_may_be_name, filter(None, first))):
        return False
    return not any(cell == name for row in rest for cell, name in zip(row, first) if name)


def _may_be_name(cell: str) -> bool:
    """True if a cell may name a column: one or two words of letters, digits and _."""
    plain = cell.replace("_", "a").replace(" ", "a")
    return plain.isalnum() and not cell.isdecimal() and len(cell.split()) < 3


def read_tsv(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads this project's rows: `word word<TAB>tag tag`; a header is skipped."""
    begun = False
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
        if not begun and columns[0].strip().lower() in _SENTENCES and not is_tag(columns[1]):
            counts.note(f"header {columns[0].strip()}, {columns[1].strip()} left out")
            begun = True
            continue
        begun = True
        words, tags, empty = split_tagged(columns[0], columns[1].split())
        counts["empty_words"] += empty
        pairs = [split_prefix(tag) for tag in tags]
        language = next((prefix for prefix, _ in pairs if prefix), options.language)
        yield number, Example(words, tuple(tag for _, tag in pairs), language or DEFAULT_LANGUAGE)


def read_prefixed(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads running text behind classes as fastText writes them (`__label__sports A text.`)."""
    counts.note("classes before the texts left out")
    return read_text(((number, CLASSES.sub("", text, 1) if isinstance(text, str) else text)
                      for number, text in lines), options, counts)


def _of_webvtt(lines: Sequence[Line]) -> Iterator[Line]:
    """Yields WebVTT's lines without its header, its notes and styles, and names of cues."""
    passed = False
    for at, (number, text) in enumerate(lines):
        if isinstance(text, str):
            begins = at == 0 or not str(lines[at - 1][1]).strip()
            passed = bool(text.strip()) and (passed or begins and bool(_NO_CUE.match(text)))
            following = lines[at + 1][1] if at + 1 < len(lines) else ""
            if passed or begins and isinstance(following, str) and TIMES.fullmatch(following):
                continue
        yield number, text


def read_subtitles(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads the text of subtitles, without numbers and times."""
    counts.note("numbers and times of subtitles left out")
    given = list(lines)
    first = next((text for _, text in given if isinstance(text, RowError) or text.strip()), "")
    if isinstance(first, str) and first.startswith("WEBVTT"):
        given = list(_of_webvtt(given))
    return read_text(
        ((number, text if isinstance(text, RowError) else _CUE_MARK.sub("", text))
         for number, text in given if isinstance(text, RowError)
         or not text.strip().isdecimal() and not TIMES.fullmatch(text)), options, counts)


def read_markup(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Refuses HTML and XML.

    Raises:
      UserError: always.
    """
    raise UserError("HTML or XML; save it as text, CSV or JSON")
    yield  # A generator, like all readers, so that the message gets the name of the file.


def read_inline(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads a sentence a line with the tags behind the words: `Anna|NNP|I-PER`, `Anna/B-PER`."""
    for number, text in lines:
        if isinstance(text, RowError):
            yield number, text
        elif not text.strip():
            counts["empty_lines"] += 1
        else:
            pairs = [split_inline(item) for item in text.split()]
            words = tuple(word for word, _ in pairs)
            yield number, Example(words, tuple(tag for _, tag in pairs),
                                  options.language or DEFAULT_LANGUAGE)


def sentences_of(text: str, options: ReadOptions, counts: Tally) -> Iterator[Tuple[str, ...]]:
    """Yields the words of each sentence of a running text."""
    sentences = [text] if options.whitespace_words else split_sentences(text)
    counts["split_lines"] += len(sentences) > 1
    for sentence in sentences:
        # Tokenised text is split like transfer files, at plain spaces only.
        words = tuple(filter(None, sentence.replace("\t", " ").split(" "))
                      if options.whitespace_words else
                      (word for word, _, _ in corpus_words(sentence, options, counts)))
        counts["retokenised"] += " ".join(words) != sentence
        yield words


def refuse_marks(sample: Sequence[str], allowed: bool, counts: Tally) -> None:
    """Refuses running text in which labels would become words; notes what else is doubtful.

    Args:
      sample: its first lines.
      allowed: True to tell it only.
      counts: tally that gets the note and the doubts.

    Raises:
      UserError: with what was found.
    """
    problem = why_marked([line for line in sample if line.strip()])
    if problem and not allowed:
        raise UserError(f"{problem} (--on_bad_row=skip reads it as it is)")
    if problem:
        counts.note(f"{problem}; read as it is (--on_bad_row=skip)")
    counts.doubts += doubts_of(sample)


def _is_tokenised(sample: Sequence[str]) -> bool:
    """True if marks such as . and , stand apart from words: the words are as given."""
    attached, alone = count_marks(text.split() for text in sample)
    return alone >= _FEWEST_ALONE and alone > _ALONE_TO_ATTACHED * attached


def read_text(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads running text and splits it into sentences and words, unless it is tokenised."""
    language = options.language or DEFAULT_LANGUAGE
    lines = iter(lines)
    head = list(itertools.islice(lines, MARKS_SAMPLE))
    sample = [text for _, text in head if isinstance(text, str)]
    if not options.whitespace_words and _is_tokenised(sample):
        counts.note("marks stand apart from words, so words are as given")
        options = dataclasses.replace(options, whitespace_words=True)
    if options.labelled:
        if 2 * len(sample) < len(head):  # What cannot be decoded comes first, and is told.
            head.sort(key=lambda line: isinstance(line[1], str))
        filled = [text for text in sample if text.strip()]
        marked = marked_form(filled)
        counts.looks = table_form(filled, TEXTS) if marked is None else marked.told
    else:
        refuse_marks(sample, options.marked, counts)
        name = head[0][1] if len(head) > 1 else ""
        if isinstance(name, str) and name.strip().lower() in TEXTS:  # A table of one column.
            counts.note(f"header {name.strip()} left out")
            head = head[1:]
    for number, text in itertools.chain(head, lines):
        if isinstance(text, RowError):
            yield number, text
        elif not text.strip():
            counts["empty_lines"] += 1
        elif DOCUMENT_LINE.fullmatch(text):
            counts["document_markers"] += 1
        else:
            for words in sentences_of(text, options, counts):
                yield number, Example(words, (), language)


def read_words(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads one word a line, an empty line between sentences."""
    words: List[str] = []
    first, parted = 1, False
    counts.note("one word a line, joined to sentences")
    for number, text in lines:
        if isinstance(text, RowError):
            yield number, text
        elif is_break(text):
            if words:
                yield first, Example(tuple(words), (), options.language or DEFAULT_LANGUAGE)
                parted = True
            words = []
        else:
            first = first if words else number
            words.append(text.strip())
    if not words:
        return
    counts.cut = not parted
    # End marks may stand behind the words themselves; `counts.cut` sees only those on their own.
    sentences = [words] if parted else [one.split(" ") for one in split_sentences(" ".join(words))]
    for sentence in sentences:
        yield first, Example(tuple(sentence), (), options.language or DEFAULT_LANGUAGE)
