"""Running text: splitting it into words with offsets, and joining tagged words into entities."""

import re
import unicodedata
from typing import List, Tuple

Word = Tuple[str, int, int]

# What a character is to the splitting rule; every runtime has the same classes.
OTHER, SPACE, PUNCTUATION, CJK = range(4)

_CJK_RANGES = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2CEAF), (0xF900, 0xFAFF),
               (0x2F800, 0x2FA1F))
_CHUNK = re.compile(r"\S+")  # On str, \s is what str.isspace says.
_CJK = "".join(f"{chr(first)}-{chr(last)}" for first, last in _CJK_RANGES)
_HAS_CJK = re.compile(f"[{_CJK}]")
_CORE = re.compile(f"[{_CJK}]|[^{_CJK}]+")


def character_class(char: str) -> int:
    """OTHER, SPACE, PUNCTUATION (Unicode category P) or CJK."""
    if char.isspace():
        return SPACE
    if unicodedata.category(char)[0] == "P":
        return PUNCTUATION
    code = ord(char)
    return CJK if any(first <= code <= last for first, last in _CJK_RANGES) else OTHER


def _cut(text: str, begin: int, end: int) -> List[Word]:
    """Sets a chunk's leading and trailing punctuation apart; each mark is a word."""
    head, tail = begin, end
    while head < tail and unicodedata.category(text[head])[0] == "P":
        head += 1
    while tail > head and unicodedata.category(text[tail - 1])[0] == "P":
        tail -= 1
    words = [(text[at], at, at + 1) for at in range(begin, head)]
    words += [(match.group(), *match.span()) for match in _CORE.finditer(text, head, tail)]
    return words + [(text[at], at, at + 1) for at in range(tail, end)]


def split_words(text: str, keep_whole: bool = False) -> List[Word]:
    """Splits running text as the corpora are: white space, outer punctuation, CJK by character.

    Args:
      text: any text.
      keep_whole: split at white space only.

    Returns:
      (word, begin, end) in characters of `text`.
    """
    words: List[Word] = []
    for match in _CHUNK.finditer(text):
        chunk = match.group()
        # Letters and digits only, the usual chunk: no punctuation mark can be in it.
        if keep_whole or (chunk.isalnum() and not _HAS_CJK.search(chunk)):
            words.append((chunk, *match.span()))
        else:
            words += _cut(text, *match.span())
    return words




