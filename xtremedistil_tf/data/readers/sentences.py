"""Splits running text, and rows that are too long, into sentences."""

import re
from typing import Iterator, List, Sequence, Tuple

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.words import END_MARKS, ENDS, SPACED_ENDS

# Longer rows fit no encoder of 512 positions, special tokens included.
MOST_WORDS = 510
# A row with more words and several sentences is a document.
LONG_ROW = 200
# Greek's question mark looks like a semicolon, and mostly is one.
_GREEK = "\u0370-\u03ff\u1f00-\u1fff"
# A sentence ends at a mark such as . ! ? with closing quotes, if the next word is not in lower
# case; in CJK text, Hindi and others the mark alone ends it. The end of a line also does. The
# full-width full stop may stand in a number or an abbreviation.
_SENTENCE_END = re.compile(
    rf"(?:(?<=[{SPACED_ENDS}])|(?<=[{_GREEK}];))[\"'”’»)\]]*\s+(?=[^\s])"
    rf"|(?:(?<=[{ENDS}])|(?<=．)(?![\dＡ-Ｚａ-ｚ]))[」』”’)]*|[\n\r]+\s*")
_ABBREVIATION = re.compile(r"(?:^|\s)\(?(?:\w|[A-Z]\w{1,2}|\w+(?:\.\w+)+|\d{1,2})\.$")
_IS_GREEK = re.compile(f"[{_GREEK}]")
_CLOSING = frozenset("\"'”’»)]」』") | {"''", "``"}


def sentence_bounds(text: str) -> List[Tuple[int, int]]:
    """(begin, end) of each sentence in characters; abbreviations do not end a sentence."""
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
    """Splits running text into sentences at end marks; abbreviations do not end a sentence."""
    return [text[begin:end].strip() for begin, end in sentence_bounds(text)]


def _ends_sentence(words: Sequence[str], at: int) -> bool:
    """True if a word is an end mark."""
    return words[at] in END_MARKS or (
        words[at] == ";" and at > 0 and bool(_IS_GREEK.match(words[at - 1][-1:])))


def count_ends(words: Sequence[str]) -> int:
    """Number of end marks inside a row that are followed by a possible sentence start."""
    return sum(word[:1].isalnum() and not word[:1].islower() and _ends_sentence(words, at)
               for at, word in enumerate(words[1:]))


def _ends(words: Sequence[str], tags: Sequence[str]) -> Iterator[int]:
    """Yields the indices behind words that end a sentence: end marks outside entities."""
    at = 0
    while at < len(words):
        at += 1
        if tags[at - 1] == "O" and _ends_sentence(words, at - 1):
            while at < len(words) and words[at] in _CLOSING and tags[at] == "O":
                at += 1
            yield at
    yield len(words)


def cut_row(row: Example) -> List[Example]:
    """Splits a row into sentences."""
    rows, begin = [], 0
    for end in _ends(row.words, row.tags or ["O"] * len(row.words)):
        if end > begin:
            rows.append(Example(row.words[begin:end], row.tags[begin:end], row.language))
        begin = end
    return rows
