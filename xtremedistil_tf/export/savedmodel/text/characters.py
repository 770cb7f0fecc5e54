"""Tables of a BERT tokenizer's treatment of every Unicode character, for a graph.

The code builds the tables by running the tokenizer on every character. So they match the Unicode
version that the tokenizer was built with.
"""

import dataclasses
import functools
import json
import sys
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

import numpy as np
from tokenizers import Tokenizer

from xtremedistil_tf.data.words import SPACE, character_class

CODES = sys.maxunicode + 1
# Ranges of unassigned and private characters; all of a range are treated like its first one.
_ALIKE = ((0x40000, 0xE0000), (0xE1000, 0xF0000), (0xF0000, CODES))
# Separates probed characters. No character decomposes to it, and it takes no combining marks.
_SEPARATOR = "0"
KEPT, REMOVED, ALONE = range(3)


class NotInGraph(Exception):
    """The tokenizer has a part that a graph cannot do; the message names it."""


class SpecialIds(NamedTuple):
    """The tokenizer's ids of the special tokens of a sequence.

    Attributes:
      opening, closing: [CLS] and [SEP], or <s> and </s>.
      between: those between two texts.
    """

    opening: int
    between: Tuple[int, ...]
    closing: int


def special_ids(tokenizer: Tokenizer) -> SpecialIds:
    """Finds the special tokens of sequences.

    Raises:
      NotInGraph: if a text is not enclosed in two of them.
    """
    single, pair = tokenizer.encode("").ids, tokenizer.encode("", "").ids
    if len(single) != 2 or [pair[0], pair[-1]] != single:
        raise NotInGraph("its sequences are not enclosed in two special tokens")
    return SpecialIds(single[0], tuple(pair[1:-1]), single[1])


@dataclasses.dataclass(frozen=True)
class PieceTables:
    """Tables for the tokenizer's normalization and word splitting.

    Attributes:
      change: int32 [CODES]; 0 if the character stays, else an index into `replacements`.
      replacements: int32 code points that replace a character; index 0 is unused.
      treatment: uint8 [CODES], for normalized characters: KEPT, REMOVED (white space, which splits)
        or ALONE (a word of its own).
      vocabulary: subword tokens by id.
      unknown: the token for unknown words.
      special: the special tokens of a sequence.
      longest_word: largest number of characters of a word; longer words are unknown.
    """

    change: np.ndarray
    replacements: List[np.ndarray]
    treatment: np.ndarray
    vocabulary: List[str]
    unknown: str
    special: SpecialIds
    longest_word: int


def check_word_piece(tokenizer: Tokenizer) -> None:
    """Checks that a WordPiece tokenizer can run inside a graph.

    Raises:
      NotInGraph: if it cannot.
    """
    parts = json.loads(tokenizer.to_str())
    found = {
        part: (parts[part] or {}).get("type", "nothing")
        for part in ("normalizer", "pre_tokenizer", "model")
    }
    wanted = {"normalizer": "BertNormalizer", "pre_tokenizer": "BertPreTokenizer",
              "model": "WordPiece"}
    if found != wanted:
        raise NotInGraph("its tokenizer is " + ", ".join(found.values()))
    if parts["model"]["continuing_subword_prefix"] != "##":
        prefix = parts["model"]["continuing_subword_prefix"]
        raise NotInGraph(f"its subword tokens are continued with {prefix!r}")
    if sorted(parts["model"]["vocab"].values()) != list(range(len(parts["model"]["vocab"]))):
        raise NotInGraph("its vocabulary has gaps")
    special_ids(tokenizer)


def probed() -> List[int]:
    """Returns the code points to probe; the others are treated like one of these."""
    codes = [*range(_ALIKE[0][0] + 1), *range(_ALIKE[0][1], _ALIKE[1][0] + 1), _ALIKE[2][0]]
    return [code for code in codes if not 0xD800 <= code <= 0xDFFF]


def spread(table: np.ndarray) -> np.ndarray:
    """Fills a table's entries that were not probed, in place; returns the table."""
    for first, end in _ALIKE:
        table[first:end] = table[first]
    return table


def code_rows(replacements: Iterable[str]) -> List[np.ndarray]:
    """Returns the int32 code points of each replacement, behind an empty row 0."""
    return [np.zeros(0, np.int32),
            *(np.array([ord(char) for char in row], np.int32) for row in replacements)]


def piece_tables(tokenizer: Tokenizer) -> PieceTables:
    """Builds the tables by running the tokenizer on every character.

    Args:
      tokenizer: a tokenizer that `check_word_piece` accepts.
    """
    chars = [chr(code) for code in probed() if chr(code) != _SEPARATOR]
    text = _SEPARATOR.join(chars)
    change, treatment = np.zeros(CODES, np.int32), np.full(CODES, KEPT, np.uint8)
    rows: Dict[str, int] = {}
    for char, result in zip(chars, tokenizer.normalizer.normalize_str(text).split(_SEPARATOR)):
        if result == f" {char} ":
            treatment[ord(char)] = ALONE
        elif result != char:
            change[ord(char)] = rows.setdefault(result, len(rows) + 1)
    # Characters missing from all spans are white space; spans of one character are punctuation.
    seen = np.zeros(len(text), np.uint8)
    for _, (begin, end) in tokenizer.pre_tokenizer.pre_tokenize_str(text):
        seen[begin:end] = 2 if end - begin == 1 else 1
    seen = seen[::2]
    codes = np.array([ord(char) for char in chars])
    treatment[codes[seen == 0]] = REMOVED
    treatment[codes[seen == 2]] = ALONE
    parts = json.loads(tokenizer.to_str())["model"]
    vocabulary = sorted(parts["vocab"], key=parts["vocab"].get)
    return PieceTables(
        spread(change), code_rows(rows), spread(treatment), vocabulary, parts["unk_token"],
        special_ids(tokenizer), parts["max_input_chars_per_word"],
    )


@functools.lru_cache(maxsize=None)
def word_classes(segmentation: Optional[str] = None) -> np.ndarray:
    """Returns uint8 [CODES], the class of each character in `data.words.split_words`."""
    classes = np.zeros(CODES, np.uint8)
    codes = probed()
    classes[codes] = [character_class(chr(code), segmentation=segmentation) for code in codes]
    return spread(classes)


def space_classes() -> np.ndarray:
    """Returns uint8 [CODES] like `word_classes`, but only space and tab separate words.

    This is how a classifier's files are read. The tokenizer handles other white space.
    """
    classes = np.zeros(CODES, np.uint8)
    classes[[ord(" "), ord("\t")]] = SPACE
    return classes


def paged(table: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Stores a table over all characters as its distinct pages of 256 entries.

    Returns:
      (int32 index [CODES / 256], flat pages [distinct * 256]): entry `code` of the table is
      pages[index[code >> 8] * 256 + (code & 255)].
    """
    seen: Dict[bytes, int] = {}
    pages = table.reshape(-1, 256)
    index = np.array([seen.setdefault(page.tobytes(), len(seen)) for page in pages], np.int32)
    return index, pages[np.unique(index, return_index=True)[1]].reshape(-1)
