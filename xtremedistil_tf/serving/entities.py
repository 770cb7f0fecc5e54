"""Running text: splitting it into words with offsets, and joining tagged words into entities."""

import unicodedata
from typing import Any, Dict, List, Sequence, Tuple

Word = Tuple[str, int, int]


def _is_cjk(char: str) -> bool:
    code = ord(char)
    return (
        0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0x20000 <= code <= 0x2CEAF
        or 0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F
    )


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char).startswith("P")


def _cut(text: str, begin: int, end: int) -> List[Word]:
    """Sets a chunk's leading and trailing punctuation apart; each mark is a word."""
    head, tail = begin, end
    while head < tail and _is_punctuation(text[head]):
        head += 1
    while tail > head and _is_punctuation(text[tail - 1]):
        tail -= 1
    words = [(text[at], at, at + 1) for at in range(begin, head)]
    start = head
    for at in range(head, tail):
        if _is_cjk(text[at]):
            if start < at:
                words.append((text[start:at], start, at))
            words.append((text[at], at, at + 1))
            start = at + 1
    if start < tail:
        words.append((text[start:tail], start, tail))
    return words + [(text[at], at, at + 1) for at in range(tail, end)]


def split_words(text: str, keep_whole: bool = False) -> List[Word]:
    """Splits running text as the corpora are: white space, outer punctuation, CJK by character.

    Args:
      text: any text.
      keep_whole: split at white space only.

    Returns:
      (word, begin, end) in characters of `text`.
    """
    words, begin = [], None
    for at, char in enumerate(text + " "):
        if char.isspace():
            if begin is not None:
                words += [(text[begin:at], begin, at)] if keep_whole else _cut(text, begin, at)
                begin = None
        elif begin is None:
            begin = at
    return words


def join_entities(
    text: str, words: Sequence[Word], tags: Sequence[str], scores: Sequence[float]
) -> List[Dict[str, Any]]:
    """Joins B- and I- words into entities.

    Args:
      text: what the offsets count in.
      words: (word, begin, end).
      tags: an IOB2 tag a word.
      scores: the tag's probability a word, 0 to 1.

    Returns:
      Dicts like those of transformers' `pipeline("ner", aggregation_strategy="simple")`:
      entity_group, score (mean over words), word (the text itself), start, end (characters).
    """
    entities: List[Dict[str, Any]] = []
    open_scores: List[float] = []
    for (_, begin, end), tag, score in zip(words, tags, scores):
        if tag.startswith("I-") and open_scores and entities[-1]["entity_group"] == tag[2:]:
            open_scores.append(float(score))
        elif tag != "O":
            entities.append({"entity_group": tag[2:], "start": begin})
            open_scores = [float(score)]
        else:
            open_scores = []
            continue
        entities[-1].update(end=end, word=text[entities[-1]["start"]:end],
                            score=sum(open_scores) / len(open_scores))
    keys = ("entity_group", "score", "word", "start", "end")
    return [{key: entity[key] for key in keys} for entity in entities]
