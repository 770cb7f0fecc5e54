"""Aligns the subword tokens of a student that has its own tokenizer with those of its teacher.

Both tokenizers split the same words. The first token of a word in the student corresponds to the
first token of this word in the teacher, and special tokens correspond to each other. A word's later
tokens, and words that either sequence lost to truncation, have no counterpart and no target.
"""

import dataclasses
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple

import numpy as np

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import (
    Features,
    chunked,
    encode_words,
    first_pieces,
)
from xtremedistil_tf.data.tokenization.ragged import Ragged


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


def places_of(
    teacher: np.ndarray, teacher_length: int, student: np.ndarray, student_length: int, *,
    words_only: bool = False, same: bool = False,
) -> np.ndarray:
    """Position in the teacher's sequence for each token of the student's; int32, -1 for none.

    Args:
      teacher, student: for each word the position of its first subword token, -1 for none.
      teacher_length, student_length: lengths of the sequences, special tokens included.
      words_only: True if only the first tokens of words have logits.
      same: True if both sequences are the same.
    """
    places = np.full(student_length, -1, np.int32)
    if same:
        places[:] = -2 - np.arange(student_length)
    both = (teacher >= 0) & (student >= 0)
    places[student[both]] = teacher[both]
    ends = np.array([0, teacher_length - 1])
    places[[0, -1]] = -2 - ends if words_only else ends
    return places


def word_starts_of(places: np.ndarray) -> np.ndarray:
    """Positions in the teacher's sequence that have logits, those of words' first tokens."""
    return places[places >= 0]


def realign_features(
    teacher: Features, student: Features, *, words_only: bool = False
) -> Realigned:
    """Aligns labelled sequences that both tokenizers have tokenised; see `places_of`."""
    if student.pooled:
        return Realigned(student.input_ids)
    return Realigned(student.input_ids, Ragged.of([
        places_of(teacher.word_starts[row], len(teacher.input_ids[row]),
                  student.word_starts[row], len(student.input_ids[row]), words_only=words_only,
                  same=teacher is student)
        for row in range(len(student))]))


def realigned_of(
    teacher: Any, student: Any, texts: Iterable[Example], seq_len: int, *, words_only: bool = False
) -> Iterator[Tuple[Ragged, Ragged, Dict[str, int]]]:
    """Tokenises sentences with both tokenizers, chunk by chunk, in constant memory.

    Args:
      teacher, student: fast Hugging Face tokenizers.
      texts: the sentences.
      seq_len: maximum length in subword tokens of both, special tokens included.
      words_only: see `places_of`.

    Yields:
      (the student's sequences of a chunk, their `places`, counts of sentences and tokens).
    """
    for chunk in chunked(texts):
        own = encode_words(student, chunk, seq_len)
        theirs = own if teacher is student else encode_words(teacher, chunk, seq_len)
        places = []
        for example, *rows in zip(chunk, theirs.encodings, own.encodings):
            starts = [np.array(first_pieces(row.word_ids, len(example.words)), np.int32)
                      for row in rows]
            places.append(places_of(starts[0], len(rows[0]), starts[1], len(rows[1]),
                                    words_only=words_only, same=teacher is student))
        input_ids = Ragged.of(own["input_ids"])
        yield (input_ids, Ragged.of(places),
               {"sentences": len(chunk), "pieces": len(input_ids.values)})
