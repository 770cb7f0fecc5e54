"""Table of the corpus formats, and recognition of a file's format."""

import itertools
from typing import Callable, Iterable, Iterator, Tuple

from xtremedistil_tf.corpora.readers.base import ReadOptions, Row, Tally
from xtremedistil_tf.corpora.readers.columns import read_columns, read_wikiann
from xtremedistil_tf.corpora.readers.records import read_json
from xtremedistil_tf.corpora.readers.tables import (
    holds_lists,
    holds_tagged_rows,
    read_table,
)
from xtremedistil_tf.corpora.readers.texts import (
    read_inline,
    read_markup,
    read_prefixed,
    read_subtitles,
    read_text,
    read_tsv,
    read_words,
)
from xtremedistil_tf.corpora.readers.webanno import read_webanno
from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, Line
from xtremedistil_tf.data.readers.recognise import is_tag, recognise
from xtremedistil_tf.plugins import Registry

# A reader yields (place, Example or RowError) for the lines of a file.
Reader = Callable[[Iterable[Line], ReadOptions, Tally], Iterator[Row]]
FORMATS: Registry[Reader] = Registry("format", "xtremedistil_tf.readers")
for _name, _reader in {"wikiann": read_wikiann, "columns": read_columns, "tsv": read_tsv,
                       "jsonl": read_json, "text": read_text, "words": read_words,
                       "table": read_table, "csv": read_table, "inline": read_inline,
                       "webanno": read_webanno, "prefixed": read_prefixed,
                       "subtitles": read_subtitles, "markup": read_markup}.items():
    FORMATS.register(_name)(_reader)


def register_reader(name: str) -> Callable[[Reader], Reader]:
    """Returns a decorator that adds a reader; `xtremedistil-prepare --format` names it.

    An installed package can offer a reader as an entry point of the group xtremedistil_tf.readers
    instead, with the name and the function.

    Args:
      name: name of the format.

    Raises:
      UserError: from the decorator, if a reader of this name exists.

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


def _without_marks(lines: Iterator[Line], counts: Tally) -> Iterator[Line]:
    """Removes byte order marks at line starts; `clean_words` removes those in words."""
    for line in lines:
        text = line[1]
        if isinstance(text, str) and text[:1] == BYTE_ORDER_MARK:
            counts["byte_order_marks"] += 1
            line = line[0], text.lstrip(BYTE_ORDER_MARK)
        yield line


def _ends_in_tags(line: str) -> bool:
    """True for words and their tags with commas between: `Anna ran,"B-PER,O"`."""
    cells = [cell.strip('"') for cell in line.split(",")]
    tags = sum(1 for _ in itertools.takewhile(is_tag, reversed(cells)))
    return 1 < tags < len(cells) and " " in cells[-1 - tags]


def read_lines(lines: Iterator[Line], options: ReadOptions, counts: Tally
               ) -> Tuple[str, Iterator[Row]]:
    """Reads lines in the given format or, for "auto", in that of the first 500 lines.

    Returns:
      (name of the format, rows).
    """
    name = options.format
    lines = _without_marks(lines, counts)
    if name == "auto":
        head = list(itertools.islice(lines, 500))
        sample = [text for _, text in head if isinstance(text, str)]
        name = recognise(sample)
        if name == "text" and holds_lists(sample):
            name = "csv"
        elif name == "columns" and any(map(_ends_in_tags, sample)) and holds_tagged_rows(sample):
            name = "csv"
        if options.labelled and options.tag_column is not None and name in (
                "text", "table", "csv") and not holds_tagged_rows(sample):
            name = "columns"
        lines = itertools.chain(head, lines)
    return name, FORMATS.find(name)(lines, options, counts)
