"""Input lines of a student. Files that are not running text are refused with a message.

Otherwise a student would also read the labels of labelled files, the braces of JSON, and UTF-16 or
Latin-1 as nonsense. It would give predictions without meaning.
"""

import codecs
import contextlib
import itertools
import json
import logging
import re
from typing import Callable, Collection, Iterable, Iterator, List, Optional, Sequence

from xtremedistil_tf.data.first_bytes import no_text
from xtremedistil_tf.data.json_rows import mend
from xtremedistil_tf.data.lines import (
    BYTE_ORDER_MARK,
    ISO_2022,
    UTF8,
    check_encoding,
    cut_lines,
    decode_lines,
    encoding_of,
    ends_with_cr,
    is_count,
    is_iso_2022,
)
from xtremedistil_tf.data.readers.marks import damage_in, doubts_of, marked_form, wordless_form
from xtremedistil_tf.data.readers.pair_columns import doubts_of_pairs, pairs_problem
from xtremedistil_tf.data.readers.recognise import FORMS, TEXTS, begins_json, recognise
from xtremedistil_tf.data.readers.tables import is_csv, table_form
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.streaming import decode_line
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import task_kind

log = logging.getLogger("absl")
WHOLE_LINE = "line"
SAMPLE = 200
# Fraction of the sample's non-empty lines that must have the same form.
_SHARE = 0.8
_TAG = re.compile(r"(?:[A-Za-z]{2,3}(?:[-_][A-Za-z]+)*:)?(?:O|[BIESLU]-\S+)")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
# With fewer lines, a sentence such as "She got an O" would look like columns.
_FEWEST = 3


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode(UTF8)
    except UnicodeDecodeError:
        return False
    return True


def _is_tag(text: str, labels: Collection[str]) -> bool:
    return bool(_TAG.fullmatch(text)) or text in labels


def _several_words(line: str) -> bool:
    return " " in line.rpartition("\t")[0]


def _tagged_row(line: str, labels: Collection[str]) -> bool:
    """Returns True for `word word ...<TAB>tag tag ...`; a language may stand before the tags."""
    words, tab, tags = line.rpartition("\t")
    return (bool(tab) and len(words.split(" ")) == len(tags.split(" "))
            and all(_is_tag(tag, labels) for tag in tags.split(" ")))


def _tagged_word(line: str, labels: Collection[str]) -> bool:
    """Returns True for a word and its tag in columns, as in CoNLL files."""
    columns = line.split()
    return len(columns) > 1 and _is_tag(columns[-1], labels)


def _labelled_text(line: str, labels: Collection[str]) -> bool:
    """Returns True for `text<TAB>class`; a language may stand before the class."""
    text, tab, label = line.rpartition("\t")
    return bool(tab and text.strip()) and (label in labels or label.partition(":")[2] in labels)


def _numbered_text(line: str, labels: Collection[str]) -> bool:
    """Returns True for `text<TAB>number`."""
    text, tab, label = line.rpartition("\t")
    return bool(tab and text.strip() and _NUMBER.fullmatch(label.strip()))


def _json_object(line: str, labels: Collection[str]) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _names_column(text: str) -> bool:
    """True if a first line is a usual name of texts, as a table of one column begins."""
    return text.lower() in TEXTS and text in (text.lower(), text.capitalize(), text.upper())


def _mostly(lines: Sequence[str], looks: Callable[[str, Collection[str]], bool],
            labels: Collection[str]) -> bool:
    return sum(looks(line, labels) for line in lines) >= _SHARE * len(lines)


def why_no_text(lines: Sequence[str], kind: str, labels: Collection[str]) -> Optional[str]:
    """Explains why lines are not one text each; None if they are.

    Args:
      lines: the first lines of a file.
      kind: name of the student's kind of task, which takes one text a line.
      labels: labels of the student.

    Returns:
      Description of the lines, and advice.
    """
    given, lines = lines, [line for line in lines if line.strip()]
    if not lines:
        return None
    whole = f"; --text_column={WHOLE_LINE} reads them as they are"
    if _mostly(lines, _json_object, labels):
        keys = [key for key, value in json.loads(next(
            line for line in lines if _json_object(line, labels))).items()
            if isinstance(value, str)]
        return ("its lines are JSON objects; --text_column=KEY reads the text of a key, of the "
                f"first row one of {', '.join(keys)[:80] or 'none: it has no text'}{whole}")
    first = lines[0].strip()
    if first in ("[", "{") or (first[0] == "[" and begins_json(first)):
        return f"it is a JSON document; one object a line, or one text a line, is needed{whole}"
    record = task_kind(kind)
    # Several lines of one word each are columns, whose words are no sentences.
    if record.tags_words and _mostly(lines, _tagged_row, labels) and (
            len(lines) < _FEWEST or any(map(_several_words, lines))):
        return ("its rows are labelled: words, a tab, their tags; --text_column=1 reads the words "
                f"alone{whole}")
    if record.tags_words and _mostly(lines, _tagged_word, labels) and (
            len(lines) > 1 or "\t" in lines[0]):
        return ("it has a word and its tag a line; needed is a sentence a line, without tags"
                f"{whole}")
    labelled = _labelled_text if record.classes else _numbered_text
    if record.pooled and _mostly(lines, labelled, labels):
        return ("its rows are labelled: a text, a tab, its label; --text_column=1 reads the text "
                f"alone{whole}")
    form = recognise(given)  # Empty lines part columns and lists of words.
    if (form == "csv" and len(lines) >= _FEWEST) or is_csv(lines, labels):
        return ("it is a table with commas (CSV), whose cells may hold line breaks; needed is one "
                f"text a line, or JSON objects and --text_column=KEY{whole}")
    table = table_form(lines, TEXTS, labels) if form == "text" else None
    if table:
        return f"it looks like {table}; needed is one text a line{whole}"
    # Other students may have learnt from texts with marks, but hardly from addresses or ids.
    marked = None if form != "text" else marked_form(lines) if record.tags_words else \
        wordless_form(lines)
    if marked:
        needed = "is the text without its marks" if marked.has_texts else \
            "are the texts themselves"
        return f"it looks like {marked.told}; needed {needed}{whole}"
    if form == "text" and len(lines) >= _FEWEST and _names_column(first.strip('"')):
        return (f"its first line, {first!r:.40}, is the name of a column, and would be read as a "
                f"text; leave it out{whole}")
    if form == "text" or len(lines) < _FEWEST:
        return None
    column = "--text_column=NUMBER reads one of its columns" if "\t" in lines[0] and (
        form == "table") else "needed is one text a line"
    return f"it looks like {FORMS[form]}; {column}{whole}"


def text_of_line(line: str, column: str, where: str) -> str:
    """Returns the text of a line; "" for an empty line.

    Half a character of a JSON object (`\\ud83d` alone) becomes U+FFFD.

    Args:
      line: the line.
      column: number of its column, its key, or WHOLE_LINE.
      where: the line's place, for messages.

    Raises:
      UserError: if the line has no such text.
    """
    return mend(_as_given(line, column, where))


def _as_given(line: str, column: str, where: str) -> str:
    if column == WHOLE_LINE or not line.strip():
        return line
    if is_count(column):
        columns = line.split("\t")
        if not 1 <= int(column) <= len(columns):
            raise UserError(f"{where} has {len(columns)} columns, counted from 1; --text_column is "
                            f"{column}")
        return columns[int(column) - 1]
    try:
        found = json.loads(line)[column]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        found = None
    if not isinstance(found, str):
        raise UserError(f"{where} is no JSON object with a text under {column!r}, which "
                        "--text_column names")
    return found


def _refuse_header(line: str, column: str, name: str) -> None:
    """Refuses a first line of names over the columns of a table.

    Raises:
      UserError: with the name over the column that is read.
    """
    cells = line.split("\t")
    own = cells[int(column) - 1].strip() if 1 <= int(column) <= len(cells) else ""
    if len(cells) > 1 and _names_column(own) and all(map(str.isidentifier, cells)):
        raise UserError(f"{name}, line 1 names the columns ({own!r} over column {column}), and "
                        "would be read as a text; leave it out")


def check_reading(model: TextModel, column: Optional[str], encoding: Optional[str]) -> None:
    """Refuses an unknown encoding, and a column for a student that reads two texts.

    Raises:
      UserError: for either.
    """
    if encoding is not None:
        check_encoding(encoding)
    if column is not None and model.pairs:
        raise UserError("--text_column is for students that read one text; this one reads two, "
                        "with a tab between or as a JSON object")


class InputLines:
    """The texts of a file, read lazily.

    Args:
      file: lines as bytes, each with its line feed. Without any, carriage returns end lines.
      name: name of the file, for messages.
      model: the student. Its kind of task and labels help to recognise labelled lines.
      column: column or key of the text, see --text_column; None takes whole lines, after a check of
        the first ones.
      encoding: encoding of the file; None for UTF-8 or the encoding of a byte order mark.

    Attributes:
      broken: number of lines so far with invalid bytes or half a character, each replaced by
        U+FFFD.
      first_broken: number of the first such line.
      marks: number of byte order marks so far inside the file, as where files were joined. They
        are left out.
    """

    def __init__(self, file: Iterable[bytes], name: str, model: TextModel, *,
                 column: Optional[str] = None, encoding: Optional[str] = None):
        self._file, self._name, self._model = file, name, model
        self._column, self._encoding = column, encoding
        self.broken = self.first_broken = self.marks = 0

    def _note_broken(self, number: int) -> None:
        self.broken += 1
        self.first_broken = self.first_broken or number

    def _decoded(self, lines: Iterable[bytes]) -> Iterator[str]:
        for number, raw in enumerate(lines, 1):
            if not _is_utf8(raw):
                self._note_broken(number)
            self.marks += raw.count(codecs.BOM_UTF8)
            yield decode_line(raw)

    def _of_encoding(self, chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
        for number, line in decode_lines(chunks, encoding=encoding):
            if isinstance(line, UserError):
                raise UserError(f"{self._name}, line {number}: {line}")
            self.marks += line.count(BYTE_ORDER_MARK)
            yield line.replace(BYTE_ORDER_MARK, "")

    def _check_start(self, first: bytes) -> None:
        refused = no_text(first)
        if refused is not None:
            raise UserError(f"{self._name} is {refused[0]}; needed is text: {refused[1]}")

    def _check_bytes(self, head: Sequence[bytes]) -> None:
        """Refuses files that are not text, or have another encoding."""
        self._check_start(next((raw for raw in head if raw.strip()), b""))
        if any(is_iso_2022(raw.decode("latin-1")) for raw in head if b"\x1b" in raw):
            raise UserError(f"{self._name} is {ISO_2022}; --encoding names it, such as iso2022_jp")
        if any(b"\0" in raw for raw in head):
            raise UserError(f"{self._name} holds NUL bytes: it is binary, or UTF-16 without its "
                            "mark; --encoding=utf-16-le reads the latter")
        foreign = [raw for raw in head if not raw.isascii()]
        wrong = sum(not _is_utf8(raw) for raw in foreign)
        if self._encoding is None and wrong and 2 * wrong >= len(foreign):
            raise UserError(
                f"{self._name} is not UTF-8: {wrong} of its first {len(head)} lines are not; "
                "--encoding=latin-1 (or another name) reads it, --encoding=utf-8 replaces what is "
                "broken")

    def _texts(self) -> Iterator[str]:
        chunks = iter(self._file)
        first = next(chunks, b"")
        self._check_start(first)  # Zeros of binary files would look like UTF-16.
        told, mark = encoding_of(first)
        encoding = told or self._encoding or UTF8
        if codecs.lookup(encoding).name != UTF8:
            return self._of_encoding(itertools.chain([first], chunks), encoding)
        lines = cut_lines(itertools.chain([first[mark:]] if first else [], chunks),
                          every_cr=ends_with_cr(first))
        head: List[bytes] = list(itertools.islice(lines, SAMPLE))
        self._check_bytes(head)
        return self._decoded(itertools.chain(head, lines))

    def _tell_doubts(self, lines: Sequence[str]) -> None:
        """Warns of what the first texts hold that is none; see `doubts_of`."""
        texts = []
        for line in lines:
            with contextlib.suppress(UserError):  # Told when its turn comes.
                texts.append(_as_given(line, self._column or WHOLE_LINE, self._name))
        for doubt in doubts_of_pairs(texts) if self._model.pairs else (
                *doubts_of(texts), *damage_in(list(filter(str.strip, texts)))):
            log.warning("%s: %s", self._name, doubt)

    def __iter__(self) -> Iterator[str]:
        """Yields one text a line.

        Raises:
          UserError: if the file is not text, has labelled lines, or lacks the column.
        """
        texts = self._texts()
        head = [] if self._column == WHOLE_LINE else list(itertools.islice(texts, SAMPLE))
        if self._column is None:
            if self._model.pairs:
                problem = pairs_problem(head, self._model.labels)
                problem = problem and f"it {problem}; needed are two texts a line, a tab between"
            else:
                problem = why_no_text(head, self._model.kind, self._model.labels)
            if problem:
                raise UserError(f"{self._name}: {problem}")
        self._tell_doubts(head)
        column = WHOLE_LINE if self._column is None else self._column
        for number, line in enumerate(itertools.chain(head, texts), 1):
            if number == 1 and is_count(column):
                _refuse_header(line, column, self._name)
            text = _as_given(line, column, f"{self._name}, line {number}")
            whole = mend(text)
            if whole != text:
                self._note_broken(number)
            yield whole
