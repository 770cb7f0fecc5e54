"""Words that are pieces or marks of an encoder's tokenizer, written in place of whole words."""

import re
from typing import Optional, Sequence

# Special tokens as tokenizers write them: [CLS], <s>, <eos> and <EOS>.
_ANGLED = ("EOS", "BOS", "PAD", "UNK", "NEWLINE")
_SPECIAL = (r"\[(?:CLS|SEP|PAD|UNK|EOS|BOS)\]|</?s>|"
            rf"<(?:{'|'.join((*_ANGLED, *map(str.lower, _ANGLED)))})>")
# Subword tokens of WordPiece, of SentencePiece and byte-level BPE, and of subword-nmt.
_PIECE = re.compile(rf"##\w.*|[▁Ġ]\w.*|{_SPECIAL}|.*\w@@")
_MARKS = re.compile(rf"##|[▁Ġ]|{_SPECIAL}|@@")
# With fewer words nothing is said; above this share of the words, marks are no accident.
_FEWEST_WORDS, _SHARE = 20, 0.05


def count_pieces(words: Sequence[str]) -> int:
    """Number of words that are pieces or marks of a tokenizer.

    Example:
      >>> count_pieces(["[CLS]", "dis", "##til", "C#", "[SEP]"])
      3
    """
    # Most sentences have none, and one search is faster than one a word.
    if not _MARKS.search(" ".join(words)):
        return 0
    return sum(map(bool, map(_PIECE.fullmatch, words)))


def told_pieces(pieces: int, words: int) -> Optional[str]:
    """Tells of text whose words are those of a tokenizer; None if they are not.

    Args:
      pieces: number of them, see `count_pieces`.
      words: number of all words.
    """
    if words < _FEWEST_WORDS or pieces <= _SHARE * words:
        return None
    return (f"{pieces:,} of {words:,} words are subword or special tokens (##ing, [CLS]); "
            "needed are whole words")
