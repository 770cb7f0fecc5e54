"""Reads running text, lists of words, tables with a text column, and the project's own rows."""

import ast
import csv
import itertools
import statistics
from typing import Iterable, Iterator, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.readers.base import SAMPLE, ReadOptions, Row, Tally, corpus_words
from xtremedistil_tf.corpora.readers.layout import is_break
from xtremedistil_tf.data.lines import Line, RowError, is_count
from xtremedistil_tf.data.readers.recognise import (
    CLASSES,
    TIMES,
    find_separator,
    is_tag,
    split_fields,
    split_inline,
)
from xtremedistil_tf.data.readers.rows import (
    DEFAULT_LANGUAGE,
    Example,
    split_prefix,
    split_tagged,
)
from xtremedistil_tf.data.readers.sentences import split_sentences
from xtremedistil_tf.errors import UserError

_TEXTS = frozenset({"text", "sentence", "sentences", "content", "document", "review", "body",
                    "premise", "sentence1", "question", "title", "headline", "description"})
_SENTENCES = _TEXTS | {"words", "tokens"}


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


def read_subtitles(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads the text of subtitles, without numbers and times."""
    counts.note("numbers and times of subtitles left out")
    return read_text(((number, text) for number, text in lines if isinstance(text, RowError)
                      or not text.strip().isdecimal() and not TIMES.fullmatch(text)),
                     options, counts)


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


def _sentences(text: str, options: ReadOptions, counts: Tally) -> Iterator[Tuple[str, ...]]:
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


def read_text(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads running text and splits it into sentences and words, unless it is tokenised."""
    language = options.language or DEFAULT_LANGUAGE
    for number, text in lines:
        if isinstance(text, RowError):
            yield number, text
        elif not text.strip():
            counts["empty_lines"] += 1
        else:
            for words in _sentences(text, options, counts):
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


def _text_column(rows: Sequence[Sequence[str]], options: ReadOptions) -> Tuple[int, bool]:
    """(index of a table's text column, True if the first row is a header).

    Raises:
      UserError: if no column is named and the choice is ambiguous.
    """
    names = [name.strip().lower() for name in rows[0]]
    wanted = (options.word_column or "").lower()
    header = wanted in names or any(name in _TEXTS for name in names)
    if is_count(wanted) and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1, header
    for name in [wanted] if wanted else [name for name in names if name in _TEXTS]:
        if name in names:
            return names.index(name), True
    lengths = [statistics.mean(len(row[at].split()) if at < len(row) else 0 for row in rows)
               for at in range(len(names))]
    longest = [at for at, length in enumerate(lengths) if length >= 2]
    if wanted or len(longest) != 1:
        asked = f"--word_column is {options.word_column!r}; " if wanted else ""
        raise UserError(f"{asked}a table of {len(names)} columns; name the column of the text with "
                        f"--word_column={' or '.join(str(at + 1) for at in range(len(names)))}; "
                        f"the first row is {rows[0]!r:.120}")
    return longest[0], False


def _items(cell: str) -> List[str]:
    """Splits a cell into words or tags: separated by spaces, or a Python list."""
    if cell.startswith("["):
        try:
            found = ast.literal_eval(cell)
        except (ValueError, SyntaxError):
            found = None
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return found
    return cell.split()


def _tagged_columns(rows: Sequence[Sequence[str]]) -> Optional[Tuple[int, int]]:
    """(sentence column, tag column), or None if there are none; the first row may be a header."""
    rows = [row for row in rows if len(row) == len(rows[-1])]
    for tags in range(len(rows[-1])):
        tagged = [row for row in rows if row[tags].strip() and all(map(is_tag, _items(row[tags])))]
        if len(tagged) < max(1, len(rows) - 1):
            continue
        for words in range(len(rows[-1])):
            if words != tags and all(len(_items(row[words])) == len(_items(row[tags]))
                                     for row in tagged):
                return words, tags
    return None


def read_table(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads the text column of a table, with tabs or CSV, as running text.

    If one column has a tag for each word of another, they are read as words and tags.
    """
    lines = iter(lines)
    head = list(itertools.islice(lines, SAMPLE))
    sample = [text for _, text in head if isinstance(text, str) and text.strip()]
    separator = find_separator(sample) or ","
    cells = [split_fields(text, separator) for text in sample]
    tagged = _tagged_columns(cells)
    if tagged:
        column, header = tagged[0], not all(map(is_tag, _items(cells[0][tagged[1]])))
        counts.note(f"words from column {tagged[0] + 1} of the table, tags from column "
                    f"{tagged[1] + 1}")
    elif options.labelled:
        raise UserError(f"no column of the table holds tags such as B-PER and O; the first row is "
                        f"{', '.join(cells[0])!r:.120} (--tag_column=NUMBER names the column)")
    else:
        column, header = _text_column(cells, options)
        counts.note(f"text from column {column + 1} of the table")
    numbered = itertools.chain(head, lines)
    bad: List[Row] = []

    def plain() -> Iterator[str]:
        for number, text in numbered:
            if isinstance(text, RowError):
                bad.append((number, text))
            else:
                yield text + "\n"

    # Only quoted cells may contain line ends; a table with tabs has no quotes.
    rows = csv.reader(plain(), delimiter=separator,
                      quoting=csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL)
    first: Optional[List[str]] = None
    for row in rows:
        yield from bad
        bad.clear()
        first = row if first is None else first
        # The header stands again where tables were joined.
        if header and row == first or not any(row):
            continue
        if len(row) <= max(column, tagged[1] if tagged else 0):
            yield rows.line_num, RowError(("columns", f"{len(row)} columns; the text is expected "
                                           f"in column {column + 1}"))
            continue
        if tagged:
            yield rows.line_num, Example(
                tuple(_items(row[column])), tuple(_items(row[tagged[1]])),
                options.language or DEFAULT_LANGUAGE)
            continue
        for words in _sentences(row[column], options, counts):
            yield rows.line_num, Example(words, (), options.language or DEFAULT_LANGUAGE)
    yield from bad
