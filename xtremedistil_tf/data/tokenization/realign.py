"""Aligns the subword tokens of a student that has its own tokenizer with those of its teacher.

Both tokenizers split the same words. The first token of a word in the student corresponds to the
first token of this word in the teacher, and special tokens correspond to each other. A word's later
tokens, and words that either sequence lost to truncation, have no counterpart and no target. If the
student's tokenizer is the teacher's, cut to fewer tokens, it splits most words alike; all tokens of
these have their counterparts.
"""

import dataclasses
from typing import Any, Dict, Iterable, Iterator, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import chunked, encode_words
from xtremedistil_tf.data.tokenization.ragged import Ragged

# Values of "known": the outputs that a position has; 0 for none.
HAS_ALL, HAS_STATES, HAS_LOGITS = 1, 2, 3


@dataclasses.dataclass(frozen=True)
class Realigned:
    """A student's sequences, aligned with its teacher's.

    Attributes:
      input_ids: subword token ids of the student's tokenizer, special tokens included.
      places: for each token the position of its counterpart in the teacher's sequence, -1 for none.
        A counterpart that has hidden states but no logits is -2 minus its position. None if a
        sequence has one target, or if each token is its own counterpart.
    """

    input_ids: Ragged
    places: Optional[Ragged] = None


@dataclasses.dataclass(frozen=True)
class _Pieces:
    """Sequences of subword tokens with the words that they belong to.

    Attributes:
      input_ids: the sequences, special tokens included.
      words: int [tokens], number of each token's word among all words of the sequences; -1 for
        special tokens. It never falls.
      first, count: int [all words], index of a word's first token in `input_ids.values` (undefined
        for words without one), and number of its tokens.
    """

    input_ids: Ragged
    words: np.ndarray
    first: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, tokenizer: Any, chunk: Sequence[Example], seq_len: int) -> "_Pieces":
        """Tokenises sentences."""
        encoded = encode_words(tokenizer, chunk, seq_len)
        before = np.cumsum([0, *(len(example.words) for example in chunk)])
        words = np.array([-1 if word is None else offset + word
                          for row, offset in zip(encoded.encodings, before.tolist())
                          for word in row.word_ids], np.int64)
        at = np.flatnonzero(words >= 0)
        first = np.zeros(before[-1], np.int64)
        # Backwards, so that the first token of a word is written last.
        first[words[at[::-1]]] = at[::-1]
        return cls(Ragged.of(encoded["input_ids"]), words, first,
                   np.bincount(words[at], minlength=int(before[-1])))


def _places(teacher: _Pieces, student: _Pieces, own_ids: Optional[np.ndarray]) -> Ragged:
    """Returns `Realigned.places` of some sequences.

    Args:
      teacher, student: the sequences of both.
      own_ids: see `realigned_of`.
    """
    begins, own_begins = teacher.input_ids.starts, student.input_ids.starts
    at = np.flatnonzero(student.words >= 0)
    word = student.words[at]
    within = at - student.first[word]
    known = (within == 0) & (teacher.count[word] > 0)
    if own_ids is not None:
        same = teacher.count == student.count
        inside = np.where(same[word], teacher.first[word] + within, 0)
        equal = own_ids[teacher.input_ids.values[inside]] == student.input_ids.values[at]
        # A word counts as split alike if all of its tokens are equal.
        same &= np.bincount(word, ~equal, minlength=len(same)) == 0
        known |= same[word]
    flat = np.full(len(student.words), -1, np.int64)
    rows = np.repeat(np.arange(len(student.input_ids)), student.input_ids.lengths)
    flat[at[known]] = (teacher.first[word] + within - begins[rows[at]])[known]
    flat[own_begins[:-1]], flat[own_begins[1:] - 1] = 0, teacher.input_ids.lengths - 1
    return Ragged(flat.astype(np.int32), own_begins)


def _word_places(pieces: _Pieces) -> Ragged:
    """Returns the places of a teacher that has logits for the first tokens of words only."""
    starts = pieces.input_ids.starts
    places = np.arange(len(pieces.words)) - np.repeat(starts[:-1], pieces.input_ids.lengths)
    at = np.flatnonzero(pieces.words >= 0)
    first = np.zeros(len(places), bool)
    first[at] = pieces.first[pieces.words[at]] == at
    return Ragged(np.where(first, places, -2 - places).astype(np.int32), starts)


def word_starts_of(places: np.ndarray) -> np.ndarray:
    """Positions in the teacher's sequence that have logits, those of words' first tokens."""
    return places[places >= 0]


def realigned_of(
    teacher: Any, student: Any, texts: Iterable[Example], seq_len: int, *,
    own_ids: Optional[np.ndarray] = None,
) -> Iterator[Tuple[Ragged, Ragged, Dict[str, int]]]:
    """Tokenises sentences with both tokenizers, chunk by chunk, in constant memory.

    Args:
      teacher, student: fast Hugging Face tokenizers. One and the same for a teacher that has
        logits for the first tokens of words only; see `_word_places`.
      texts: the sentences.
      seq_len: maximum length in subword tokens of both, special tokens included.
      own_ids: int [teacher's ids], the student's id of each subword token of the teacher, -1 for
        none. Given, a word that both split alike has a counterpart for each of its tokens.

    Yields:
      (the student's sequences of a chunk, their `places`, counts of sentences and tokens).
    """
    for chunk in chunked(texts):
        own = _Pieces.of(student, chunk, seq_len)
        places = _word_places(own) if teacher is student else _places(
            _Pieces.of(teacher, chunk, seq_len), own, own_ids)
        yield (own.input_ids, places,
               {"sentences": len(chunk), "pieces": len(own.input_ids.values)})


def realign(teacher: Any, student: Any, texts: Iterable[Example], seq_len: int) -> Realigned:
    """Tokenises sentences with both tokenizers, in memory; see `realigned_of`."""
    return in_memory(realigned_of(teacher, student, texts, seq_len))


def in_memory(pieces: Iterable[Tuple[Ragged, Ragged, Dict[str, int]]]) -> Realigned:
    """Joins chunks of (sequences, places, counts)."""
    chunks = list(pieces)
    return Realigned(Ragged.join([ids for ids, _, _ in chunks]),
                     Ragged.join([places for _, places, _ in chunks]))
