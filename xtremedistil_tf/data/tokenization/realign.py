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
        None if a sequence has one target, which needs no alignment.
    """

    input_ids: Ragged
    places: Optional[Ragged] = None


def places_of(
    teacher: np.ndarray, teacher_length: int, student: np.ndarray, student_length: int
) -> np.ndarray:
    """Position in the teacher's sequence for each token of the student's; int32, -1 for none.

    Args:
      teacher, student: for each word the position of its first subword token, -1 for none.
      teacher_length, student_length: lengths of the sequences, special tokens included.
    """
    places = np.full(student_length, -1, np.int32)
    both = (teacher >= 0) & (student >= 0)
    places[student[both]] = teacher[both]
    places[0], places[-1] = 0, teacher_length - 1
    return places


def realign_features(teacher: Features, student: Features) -> Realigned:
    """Aligns labelled sequences that both tokenizers have tokenised."""
    if student.pooled:
        return Realigned(student.input_ids)
    return Realigned(student.input_ids, Ragged.of([
        places_of(teacher.word_starts[row], len(teacher.input_ids[row]),
                  student.word_starts[row], len(student.input_ids[row]))
        for row in range(len(student))]))


def realigned_of(
    teacher: Any, student: Any, texts: Iterable[Example], seq_len: int
) -> Iterator[Tuple[Ragged, Ragged, Dict[str, int]]]:
    """Tokenises sentences with both tokenizers, chunk by chunk, in constant memory.

    Args:
      teacher, student: fast Hugging Face tokenizers.
      texts: the sentences.
      seq_len: maximum length in subword tokens of both, special tokens included.

    Yields:
      (the student's sequences of a chunk, their `places`, counts of sentences and tokens).
    """
    for chunk in chunked(texts):
        theirs, own = (encode_words(tokenizer, chunk, seq_len) for tokenizer in (teacher, student))
        places = []
        for example, *rows in zip(chunk, theirs.encodings, own.encodings):
            starts = [np.array(first_pieces(row.word_ids, len(example.words)), np.int32)
                      for row in rows]
            places.append(places_of(starts[0], len(rows[0]), starts[1], len(rows[1])))
        input_ids = Ragged.of(own["input_ids"])
        yield (input_ids, Ragged.of(places),
               {"sentences": len(chunk), "pieces": len(input_ids.values)})
