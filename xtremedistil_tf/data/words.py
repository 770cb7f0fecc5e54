"""Splits running text into words with offsets, as the corpora do."""

import functools
import importlib.util
import re
import unicodedata
from typing import Any, Iterable, List, Optional, Tuple

from xtremedistil_tf.errors import UserError

Word = Tuple[str, int, int]

# Character classes of the splitting rule; every runtime uses the same classes.
OTHER, SPACE, PUNCTUATION, CJK = range(4)

_CJK_RANGES = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2CEAF), (0xF900, 0xFAFF),
               (0x2F800, 0x2FA1F))
CJK_CLASS = "".join(f"{chr(first)}-{chr(last)}" for first, last in _CJK_RANGES)
_HAS_CJK = re.compile(f"[{CJK_CLASS}]")
_CORE = re.compile(f"[{CJK_CLASS}]|[^{CJK_CLASS}]+")

# Scripts written without spaces: Han, kana, Thai, Lao, Myanmar, Khmer.
_UNSPACED_RANGES = (*_CJK_RANGES, (0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA),
                    (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F), (0x0E01, 0x0EFF),
                    (0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F), (0x1780, 0x17FF),
                    (0x19E0, 0x19FF))
_UNSPACED = "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSPACED_RANGES)
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_UNSPACED_CORE = re.compile(f"[{_UNSPACED}]|[^{_UNSPACED}]+")
# Marks that end a sentence if white space follows, and those that end it alone: of Chinese and
# Japanese, Hindi, Amharic, Burmese and Khmer.
SPACED_ENDS, ENDS = ".!?…؟۔։\u037e", "。！？।॥።፧။។"
END_MARKS = frozenset(f"{SPACED_ENDS}{ENDS}．")
# Marks of sentences and clauses: as words of a tokenized sentence, and behind a word.
_MARKS = END_MARKS | frozenset(",;:،؛，、；：፣፤၊")
_MARK_TEXT = "".join(_MARKS)
CLOSING = "\"'”’»)]」』"
# Segmentation of these scripts in running text: each character a word, or words of a dictionary.
# None is for students trained without such text: each Han character is a word.
CHARACTERS, DICTIONARY = "characters", "dictionary"
SEGMENTATIONS = (None, CHARACTERS, DICTIONARY)


def character_class(char: str, *, segmentation: Optional[str] = None) -> int:
    """OTHER, SPACE, PUNCTUATION (Unicode category P) or CJK.

    Args:
      char: one character.
      segmentation: one of SEGMENTATIONS; under CHARACTERS all scripts without spaces are CJK.
    """
    if char.isspace():
        return SPACE
    if unicodedata.category(char)[0] == "P":
        return PUNCTUATION
    code = ord(char)
    ranges = _UNSPACED_RANGES if segmentation == CHARACTERS else _CJK_RANGES
    return CJK if any(first <= code <= last for first, last in ranges) else OTHER


def has_unspaced(text: str) -> bool:
    """True if a text holds a character of a script that is written without spaces."""
    return _HAS_UNSPACED.search(text) is not None


def has_dictionary() -> bool:
    """True if ICU is installed, so that text can be split by DICTIONARY."""
    return importlib.util.find_spec("icu4py") is not None


def segmentation_of_text(text: str) -> Optional[str]:
    """Chooses the segmentation of running text without a student, as in preparing a corpus.

    Returns:
      DICTIONARY if the text has kana, Thai, Lao, Khmer or Burmese, else None. Text with only Han is
      split by character, like most Chinese corpora.
    """
    return DICTIONARY if _HAS_UNSPACED.search(_HAS_CJK.sub("", text)) else None


def segmentation_of(rows: Iterable[Iterable[str]]) -> Optional[str]:
    """Detects a corpus's word segmentation in scripts that are written without spaces.

    Args:
      rows: the words of each sentence.

    Returns:
      CHARACTERS if most words in such scripts are single characters (WikiAnn's Chinese, Japanese
      and Thai), DICTIONARY if most are longer, None if the corpus has no such words.

    Example:
      >>> segmentation_of([["นายก", "รัฐมนตรี", "Bonn"]])
      'dictionary'
    """
    single = total = 0
    for words in rows:
        for word in words:
            if has_unspaced(word):
                total += 1
                single += len(word) == 1
    if not total:
        return None
    return CHARACTERS if 2 * single > total else DICTIONARY


@functools.lru_cache(maxsize=None)
def _word_breaker() -> Any:
    """ICU's word segmentation, with its dictionaries of Thai, Lao, Khmer, Burmese and CJK.

    Raises:
      UserError: if it is not installed.
    """
    try:
        from icu4py.breakers import WordBreaker
    except ImportError:
        raise UserError(
            "this text is in a script without spaces between words, and its words are those of a "
            "dictionary: install the extra [segmentation], or give the words themselves"
        ) from None
    return WordBreaker


def _dictionary_words(text: str, begin: int, end: int) -> List[Word]:
    """Splits text[begin:end] at ICU's word boundaries (Unicode UAX 29)."""
    words = []
    for part in _word_breaker()(text[begin:end], "en"):
        words.append((part, begin, begin + len(part)))
        begin += len(part)
    return words


def _core_words(text: str, begin: int, end: int, segmentation: Optional[str]) -> List[Word]:
    """Splits a chunk without its outer punctuation."""
    if begin == end:
        return []
    if segmentation == DICTIONARY and _HAS_UNSPACED.search(text, begin, end):
        return _dictionary_words(text, begin, end)
    pattern = _UNSPACED_CORE if segmentation == CHARACTERS else _CORE
    return [(match.group(), *match.span()) for match in pattern.finditer(text, begin, end)]


def _cut(
    text: str, begin: int, end: int, segmentation: Optional[str], *, spaced: bool
) -> List[Word]:
    """Splits off a chunk's leading and trailing punctuation; each mark is a word.

    Args:
      text, begin, end: the chunk is text[begin:end].
      segmentation: see `split_words`.
      spaced: True if the text has no character that is a word without spaces around it.
    """
    head, tail = begin, end
    while head < tail and unicodedata.category(text[head])[0] == "P":
        head += 1
    while tail > head and unicodedata.category(text[tail - 1])[0] == "P":
        tail -= 1
    words = [(text[at], at, at + 1) for at in range(begin, head)]
    if not spaced:
        words += _core_words(text, head, tail, segmentation)
    elif head < tail:
        words.append((text[head:tail], head, tail))
    for at in range(tail, end):
        words.append((text[at], at, at + 1))
    return words


def count_marks(rows: Iterable[Iterable[str]]) -> Tuple[int, int]:
    """Counts marks of sentences and clauses in rows of words.

    Returns:
      (number of marks that end a word of three letters or more, number of marks that are words).

    Example:
      >>> count_marks([["Anna", "lebt", "in", "Bonn."], ["Anna", "lacht", "."]])
      (1, 1)
    """
    attached = alone = 0
    for words in rows:
        for word in words:
            if word in _MARKS:
                alone += 1
            elif len(word) > 3 and (word[-1] in _MARKS or word[-1] in CLOSING):
                attached += _has_attached_mark(word)
    return attached, alone


def _has_attached_mark(word: str) -> bool:
    """True if marks, perhaps with closing quotes, stand behind three letters or digits."""
    front = word.rstrip(CLOSING)
    core = front.rstrip(_MARK_TEXT)
    # Vowel signs are marks (M) of Unicode, and parts of words.
    return core != front and len(core) > 2 and all(
        char == "_" or unicodedata.category(char)[0] in "LMN" for char in core[-3:])


def unspaced_length(rows: Iterable[Iterable[str]]) -> Tuple[float, int]:
    """Measures words in scripts that are written without spaces.

    Args:
      rows: the words of each sentence.

    Returns:
      (their mean number of characters or 0, number of sentences that have such words).
    """
    characters = found = sentences = 0
    for words in rows:
        own = [len(word) for word in words if has_unspaced(word)]
        characters += sum(own)
        found += len(own)
        sentences += bool(own)
    return characters / max(1, found), sentences


def split_words(
    text: str, *, keep_whole: bool = False, segmentation: Optional[str] = None
) -> List[Word]:
    """Splits running text at white space and outer punctuation, and scripts without spaces by rule.

    Args:
      text: any text.
      keep_whole: split at white space only.
      segmentation: one of SEGMENTATIONS, for scripts without spaces.

    Returns:
      (word, begin, end) in characters of `text`.

    Raises:
      UserError: if `segmentation` is DICTIONARY and ICU is not installed.

    Example:
      >>> split_words("Anna lebt in Bonn.")[-2:]
      [('Bonn', 13, 17), ('.', 17, 18)]
    """
    words: List[Word] = []
    inner = _HAS_UNSPACED if segmentation else _HAS_CJK
    spaced = not inner.search(text)
    at = 0
    # For str, split() agrees with isspace(), and it is faster than a pattern that finds the places.
    for chunk in text.split():
        begin = text.index(chunk, at)
        at = begin + len(chunk)
        # The usual chunk has only letters and digits: no punctuation to split off.
        if keep_whole or (chunk.isalnum() and (spaced or not inner.search(chunk))):
            words.append((chunk, begin, at))
        else:
            words += _cut(text, begin, at, segmentation, spaced=spaced)
    return words
