"""Cuts running text, and rows that are too long, into sentences."""

import re
from typing import Iterator, List, Sequence, Tuple

from xtremedistil_tf.data.readers.rows import Example

# Longer rows than this fit no encoder named in README.
MOST_WORDS = 510
# Rows of more words than this that hold several sentences are documents.
LONG_ROW = 200
# A sentence ends at . ! ? with closing quotes, if what follows is not in lower case; in CJK text
# and Hindi the mark alone ends it. A line ends one, too.
_SENTENCE_END = re.compile(
    r"(?<=[.!?…؟])[\"'”’»)\]]*\s+(?=[^\s])|(?<=[。！？।])[」』”’)]*|[\n\r]+\s*")
_ABBREVIATION = re.compile(r"(?:^|\s)\(?(?:\w|[A-Z]\w{1,2}|\w+(?:\.\w+)+|\d{1,2})\.$")
_END_WORDS = frozenset(".!?…؟。！？।")
_CLOSING = frozenset("\"'”’»)]」』") | {"''", "``"}


def sentence_bounds(text: str) -> List[Tuple[int, int]]:
    """(begin, end) of the sentences of a running text, in characters; abbreviations end none."""
    bounds, begin = [], 0
    for match in _SENTENCE_END.finditer(text):
        before, after = text[begin:match.start()], text[match.end():match.end() + 1]
        line = "\n" in match.group() or "\r" in match.group()
        if not after or not line and (after.islower() or _ABBREVIATION.search(before)):
            continue
        bounds.append((begin, match.end()))
        begin = match.end()
    bounds.append((begin, len(text)))
    return [(begin, end) for begin, end in bounds if text[begin:end].strip()]


def split_sentences(text: str) -> List[str]:
    """Cuts running text into sentences by their end marks; abbreviations do not end one."""
    return [text[begin:end].strip() for begin, end in sentence_bounds(text)]


def count_ends(words: Sequence[str]) -> int:
    """End marks inside a row, with a word behind them that may begin a sentence."""
    return sum(mark in _END_WORDS and word[:1].isalnum() and not word[:1].islower()
               for mark, word in zip(words, words[1:]))


def _ends(words: Sequence[str], tags: Sequence[str]) -> Iterator[int]:
    """Places behind the words that end a sentence: end marks outside of entities."""
    at = 0
    while at < len(words):
        at += 1
        if words[at - 1] in _END_WORDS and tags[at - 1] == "O":
            while at < len(words) and words[at] in _CLOSING and tags[at] == "O":
                at += 1
            yield at
    yield len(words)


def cut_row(row: Example) -> List[Example]:
    """Cuts a row behind the words that end sentences."""
    rows, begin = [], 0
    for end in _ends(row.words, row.tags or ["O"] * len(row.words)):
        if end > begin:
            rows.append(Example(row.words[begin:end], row.tags[begin:end], row.language))
        begin = end
    return rows
