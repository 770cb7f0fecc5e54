"""Tells labelled texts and questions from tagged sentences, by the contents of a file."""

import dataclasses
import itertools
import pathlib
from typing import List, Optional, Sequence

from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.columns import (
    LABELS,
    PAIRS,
    TEXTS,
    find_columns,
    text_of,
)
from xtremedistil_tf.corpora.texts.rows import TextsOptions
from xtremedistil_tf.corpora.texts.tables import Record, Table, open_lines, open_table
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.recognise import is_tag
from xtremedistil_tf.errors import UserError

_SAMPLE = 200
_HEAD = 20_000


def looks_like_questions(source: Source, encoding: str) -> bool:
    """True for SQuAD's JSON."""
    if source.opener is None:
        return False
    try:
        lines = itertools.islice(open_lines(source, encoding), 200)
        head = "".join(line[:_HEAD] for line in lines)[:_HEAD].lstrip()
    except (UserError, OSError):
        return False
    return head.startswith("{") and '"paragraphs"' in head and '"data"' in head


def _is_single(value: object) -> bool:
    return isinstance(value, (str, int, float, bool)) and bool(text_of(value).strip())


def _has_text_and_label(table: Table, sample: Sequence[Record], options: TextsOptions,
                        path: pathlib.PurePath) -> bool:
    try:
        columns = find_columns(table, sample, options.wanted, path)
    except UserError:
        return False
    assert columns.label is not None, "labelled rows have one"
    values = [row.get(columns.label) for row in sample]
    single = [value for value in values if _is_single(value)]
    texts = [text_of(row.get(columns.texts[0])) for row in sample]
    cells = [text_of(value) for value in single]
    # A tag for each word is a tagged sentence, also under a header such as text and labels.
    tagged = sum(all(map(is_tag, cell.split())) and len(cell.split()) == len(text.split())
                 for cell, text in zip(cells, texts))
    return len(single) >= 0.8 * len(values) and tagged < 0.5 * max(1, len(single))


def sample_of(table: Table) -> List[Record]:
    """The first usable rows of a table."""
    return [row for _, row in itertools.islice(table.rows, _SAMPLE)
            if not isinstance(row, RowError)]


def looks_like_texts(source: Source, options: TextsOptions) -> Optional[bool]:
    """Tells whether a source has labelled texts, under names that columns usually have.

    Returns:
      True for pairs, False for single texts, None for neither.
    """
    try:
        with open_table(source, options.table) as table:
            names = {name.lower() for name in table.columns}
            if not table.named or not names & set(LABELS):
                return None
            pairs = any(set(pair) <= names for pair in PAIRS)
            if not pairs and not names & set(TEXTS):
                return None
            wanted = dataclasses.replace(options.wanted, pairs=pairs)
            found = _has_text_and_label(table, sample_of(table),
                                        TextsOptions(wanted=wanted), pathlib.PurePath(source.name))
            return pairs if found else None
    except (UserError, OSError):
        return None
