"""Recognises a file's format from a sample of its lines: running text or a labelled format."""

import collections
import csv
import itertools
import json
import pathlib
import re
import statistics
from typing import Any, List, Optional, Sequence, Tuple

from xtremedistil_tf.data.first_bytes import page_of
from xtremedistil_tf.data.lines import read_lines
from xtremedistil_tf.data.readers.marks import DOCUMENT_LINE, doubts_of, marked_form
from xtremedistil_tf.data.readers.rows import split_prefix
from xtremedistil_tf.data.readers.tables import has_broken_cells, table_form, unquoted_row
from xtremedistil_tf.data.words import END_MARKS, has_unspaced

LETTERS = frozenset("BIESLUM")
# Phrase types (CoNLL-2000); CoNLL-2003 has a column of them beside the entities.
CHUNKS = frozenset({"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST",
                    "UCP", "NC", "VC", "PC"})
# The second where all words are in lower case, the last in JNLPBA.
DOCUMENT = ("-DOCSTART-", "-docstart-", "###MEDLINE:")
WIKIANN = re.compile(r"([a-z]{2,3}(?:-[a-z]+)*):(.*)", re.DOTALL)
SPACES = re.compile(r"[ \t]+")
# Name of each format in messages.
FORMS = {
    "text": "running text", "words": "one word a line", "columns": "columns of words and tags",
    "wikiann": "WikiAnn's columns", "tsv": "rows of words, a tab and tags", "jsonl": "JSON",
    "prefixed": "text behind its class (__label__)", "subtitles": "subtitles",
    "markup": "HTML or XML", "inline": "words with their tags behind | or /",
    "webanno": "WebAnno TSV 3", "csv": "CSV", "table": "a table with tabs",
}
# First line of WebAnno's files.
WEBANNO = "#FORMAT=WebAnno TSV 3"
# A cell of OntoNotes' brackets: the entities that begin at a word and the number that end there.
_BRACKETS = re.compile(r"(?:\([^\W\d][^\s()*|]*)*[*-]?\)*")
# fastText's classes before a text, and the times of subtitles.
CLASSES = re.compile(r"\s*(?:__label__\S+\s*)+")
TIMES = re.compile(r"\s*[\d:]+[,.]\d+ --> [\d:]+[,.]\d+.*")
_MARKUP = re.compile(r"\s*<[/!?\w][^>]*>(?:.*</?\w[^>]*>)?\s*")
# CoNLL-2012's lines between documents.
DOCUMENTS = ("#begin document", "#end document")
# CoNLL-U's number of columns, and the number of a word, of a range of words or of an empty node.
_CONLLU, _NUMBER = 10, re.compile(r"\d+(?:[-.]\d+)?")
# With fewer lines, a table or a list of words cannot be recognised.
_FEWEST = 3
_FEWEST_ANNOTATED = 8
_FEWEST_LOWER = 20
_MOST_COLUMNS = 30
# Header names of a table's text column, in lower case.
TEXTS = frozenset({"text", "sentence", "content", "document", "review", "body", "title",
                    "headline"})


def is_tag(text: str) -> bool:
    """True if a text is one tag: O, or a tag of IOB, BIOES, BILOU or BMES.

    A type may contain a space (`B-First Name`).
    """
    if text == "O":
        return True
    return len(text) > 2 and text[0] in LETTERS and text[1] == "-" and not are_tags(text)


def are_tags(text: str) -> bool:
    """True if a text is several tags with spaces between, as for nested entities."""
    return " " in text and all(map(is_tag, text.split()))


def split_tags(text: str) -> Optional[List[str]]:
    """The tags of a sentence in one text, with spaces or commas between; None for another text.

    Example:
      >>> split_tags("O,B-PER,O")
      ['O', 'B-PER', 'O']
    """
    parts = [item.strip() for item in text.split(",")]
    items = parts if all(map(is_tag, parts)) else text.split()
    return items if items and all(map(is_tag, items)) else None


def split_inline(item: str) -> Tuple[str, str]:
    """Splits `Anna|NNP|I-PER` or `Anna/B-PER` into word and tag; without a tag, (item, "")."""
    for separator in "|/":
        front, found, tag = item.rpartition(separator)
        if found and front and is_tag(tag):
            return (front.split("|")[0] or front) if separator == "|" else front, tag
    return item, ""


def _is_inline(lines: Sequence[str]) -> bool:
    """True if nearly all words of nearly all lines have a tag behind them."""
    tagged = sum(all(split_inline(item)[1] for item in line.split()) for line in lines)
    # With one word a line, these are columns.
    return tagged >= 0.9 * len(lines) and sum(" " in line.strip() for line in lines) >= (
        0.5 * len(lines))


def is_bracketed(cells: Sequence[str]) -> bool:
    """True if cells hold entities in brackets, as in OntoNotes: `(PERSON*`, `*)`, `*`."""
    return any("(" in cell for cell in cells) and any(cell in ("*", "-") for cell in cells) and (
        sum(map(bool, map(_BRACKETS.fullmatch, cells))) >= 0.98 * len(cells))


def split_fields(line: str, separator: Optional[str]) -> List[str]:
    """Splits a line into columns; without a separator, at runs of spaces and tabs.

    Between tabs, only cells that programs put in quotes lose them; see `unquoted_row`.
    """
    if separator is None:
        return [field for field in SPACES.split(line) if field]
    if separator == "\t":
        cells = line.split("\t")
        return unquoted_row(cells) if '"' in line else cells
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:  # A cell is too long for the csv module.
        return [line]


def usual_width(rows: Sequence[Sequence[str]]) -> Tuple[int, float]:
    """(most frequent number of columns, fraction of rows that have it)."""
    (width, count), = collections.Counter(map(len, rows)).most_common(1)
    return width, count / len(rows)


def find_separator(lines: Sequence[str]) -> Optional[str]:
    """The tab, comma or semicolon that splits most lines into equally many columns, or None."""
    if sum("\t" in line for line in lines) >= 0.5 * len(lines):
        return "\t"
    for separator in ",;":
        width, share = usual_width([split_fields(line, separator) for line in lines])
        if width > 1 and share >= 0.9:
            return separator
    return None


def _is_json(lines: Sequence[str]) -> bool:
    first = lines[0].lstrip()
    if len(lines) >= _FEWEST and all(line.startswith('"') and line.endswith('"') for line in lines):
        return isinstance(_json_or_none(first), str)
    if sum(line.lstrip().startswith("{") for line in lines) >= 0.5 * len(lines):
        return True
    # A file that is one array or one object, on one line or on many.
    return first.rstrip() in ("[", "{") or (first[:1] in "[{" and begins_json(first))


def begins_json(text: str) -> bool:
    """True if a text is, or begins, a JSON object, or a list of texts, lists or objects."""
    if re.match(r'\{\s*"|\[\s*(\{\s*["}]|\[\s*["\[{\d])', text):
        return True
    value = _json_or_none(text)
    return isinstance(value, list) and any(isinstance(one, (str, dict, list)) for one in value)


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _tags_of_row(line: str) -> List[str]:
    """Tags of a line of the form `word word<TAB>tag tag`; empty for other lines."""
    columns = line.split("\t")
    tags = [split_prefix(tag)[1] for tag in columns[1].split()] if len(columns) == 2 else []
    return tags if all(map(is_tag, tags)) else []


def _has_tags(rows: Sequence[Sequence[str]], *, documents: bool) -> bool:
    """True if a column holds tags in at least half of the rows; `documents` have marks of CoNLL."""
    most = 0.5 * len(rows)
    if sum(len(row) > 1 and is_tag(row[-1].strip()) for row in rows) >= most:
        return True
    # The number of columns behind those of the entities may change from sentence to sentence.
    least = sorted(map(len, rows))[len(rows) // 50]
    width, share = usual_width(rows)
    # In a few lines of news a place in brackets or a dash may be the same word of all.
    few = len(rows) < _FEWEST_ANNOTATED and share < 1 and not documents
    for at in range(1, 0 if few else min(least, _MOST_COLUMNS)):
        if is_bracketed([row[at].strip() for row in rows if len(row) > at]):
            return True
    alike = [row for row in rows if len(row) == width]
    return 1 < width <= _MOST_COLUMNS and share >= 0.9 and any(
        sum(is_tag(row[at].strip()) for row in alike) >= most for at in range(width))


def _is_words(lines: Sequence[str], parted: bool) -> bool:
    """True if most lines are one short word, and some are empty or an end mark, or most lower case.

    The second condition excludes sentences in scripts without spaces, and lists of titles.
    """
    single = [line.strip() for line in lines if len(SPACES.split(line.strip())) == 1]
    # Titles begin with a capital letter.
    lower = len(lines) >= _FEWEST_LOWER and sum(one[:1].islower() for one in single) > (
        0.5 * len(lines))
    if not parted and not lower and not any(line.strip() in END_MARKS for line in lines):
        return False
    if len(lines) < _FEWEST or len(single) < 0.9 * len(lines):
        return False
    spaceless = sum(map(has_unspaced, single)) > 0.3 * len(single)
    return statistics.median(map(len, single)) <= (3 if spaceless else 15)


def _parted(sample: Sequence[str]) -> bool:
    """True if there are empty lines between other lines."""
    text = "\n".join(line.strip() for line in sample).strip("\n")
    return "\n\n" in text


def _is_annotated(rows: Sequence[Sequence[str]], parted: bool) -> bool:
    """True if rows are words with annotations other than tags, such as parts of speech."""
    width, share = usual_width(rows)
    return parted and len(rows) >= _FEWEST_ANNOTATED and 1 < width <= _MOST_COLUMNS and (
        share >= 0.98 and all(" " not in field for row in rows for field in row))


def _is_conllu(rows: Sequence[Sequence[str]]) -> bool:
    """True if all rows have CoNLL-U's columns, of which the first numbers the words."""
    return all(len(row) == _CONLLU and _NUMBER.fullmatch(row[0]) for row in rows)


def _is_table(lines: Sequence[str], separator: Optional[str]) -> bool:
    """True if lines are rows of a table; a table with commas must also have quotes."""
    if separator is None:
        return False
    if separator != "\t":
        names = [field.strip().lower() for field in split_fields(lines[0], separator)]
        if TEXTS.intersection(names):
            return True
        begun = lines[0].startswith('"') or len(lines) > 1
        return begun and sum('"' + separator in line or separator + '"' in line
                             for line in lines) >= 0.5 * len(lines)
    width, share = usual_width([line.split("\t") for line in lines])
    return len(lines) >= _FEWEST and width > 1 and share >= 0.9


def why_no_text(path: pathlib.Path) -> Optional[str]:
    """Describes a file that is not running text with one sentence a line; None for running text.

    Raises:
      UserError: if the file cannot be read.
    """
    sample = _first_lines(path)
    form = recognise(sample)
    lines = [line for line in sample if line.strip()]
    if form == "text":
        return why_marked(lines)
    way_out = "keep the column of its text only" if form in ("table", "csv") else \
        "xtremedistil-prepare --input=DATA --transfer=FILE --output=NEW makes it of that"
    return _why(FORMS[form], lines, way_out)


def _first_lines(path: pathlib.Path) -> List[str]:
    head = itertools.islice(read_lines(path), 500)
    return [text for _, text in head if isinstance(text, str)]


def doubts_of_file(path: pathlib.Path) -> List[str]:
    """Tells what in a file of running text would become words or sentences and is none.

    Raises:
      UserError: if the file cannot be read.
    """
    lines = _first_lines(path)
    marks = sum(map(bool, map(DOCUMENT_LINE.fullmatch, lines)))
    told = [f"{marks} of its first lines are <doc ...> or </doc> and read as words; "
            "xtremedistil-prepare leaves them out"] if marks else []
    return told + doubts_of(lines)


def _why(form: str, lines: Sequence[str], way_out: str) -> str:
    return (f"looks like {form} ({lines[0].strip()!r:.60}), but running text is needed, one "
            f"sentence a line; {way_out}")


def why_marked(lines: Sequence[str]) -> Optional[str]:
    """Describes lines of a text that are a table, or have marks of labels; None for plain text.

    Args:
      lines: lines without empty ones.
    """
    table = table_form(lines, TEXTS)
    if table is not None:
        return _why(table, lines, "keep the column of its text only")
    marked = marked_form(lines)
    if marked is None:
        return None
    return _why(marked.told, lines, "keep the text without its marks" if marked.has_texts else
                "write the texts themselves")


def recognise(sample: Sequence[str]) -> str:
    """Recognises the format of a file from some of its lines.

    Half of the lines decide. The reader of that format reports the others as bad rows.

    Args:
      sample: lines without line ends.

    Returns:
      One of FORMS.
    """
    lines = [line for line in sample if line.strip()
             and line.split(None, 1)[0] not in DOCUMENT and not line.startswith(("# ", *DOCUMENTS))
             and not DOCUMENT_LINE.fullmatch(line)]
    if not lines:
        return "text"
    if lines[0].startswith(WEBANNO):
        return "webanno"
    if page_of(lines[0]):
        return "markup"
    if _is_json(lines):
        return "jsonl"
    for form, matches, least in (("prefixed", CLASSES.match, 0.5),
                                 ("subtitles", TIMES.fullmatch, 0.2),
                                 ("markup", _MARKUP.fullmatch, 0.5)):
        if len(lines) >= _FEWEST and sum(map(bool, map(matches, lines))) >= least * len(lines):
            return form
    if _is_inline(lines):
        return "inline"
    rows = [(line, tags) for line, tags in zip(lines, map(_tags_of_row, lines)) if tags]
    # A word with several tags is a line of columns, with nested entities.
    if len(rows) >= 0.5 * len(lines) and any(
            len(tags) > 1 and len(line.split()) > 1 + len(tags) for line, tags in rows):
        return "tsv"
    separator = find_separator(lines)
    fields = [split_fields(line, separator) for line in lines]
    if _has_tags(fields, documents=any(line.startswith(DOCUMENTS) for line in sample)):
        prefixed = sum(bool(WIKIANN.fullmatch(row[0])) for row in fields if row)
        return "wikiann" if prefixed >= 0.5 * len(fields) else "columns"
    parted = _parted(sample)
    if separator == "\t" and _is_conllu(fields) or _is_annotated(fields, parted):
        return "columns"
    if _is_words(lines, parted):
        return "words"
    if _is_table(lines, separator):
        return "table" if separator == "\t" else "csv"
    if has_broken_cells(lines):
        return "csv"
    return "text"
