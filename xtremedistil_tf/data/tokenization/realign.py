"""Rows of a student with a tokenizer of its own, beside those of its teacher.

Words are what both cut up: the first piece of a word in the one belongs to the first piece of the
same word in the other, and the two markers belong together. What the teacher says of a word's other
pieces, or of words that one of them lost to seq_len, has no place and is no target.
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
    """A student's rows and where its teacher speaks of each of their pieces.

    Attributes:
      input_ids: piece ids of the student's tokenizer, markers included.
      places: of the same lengths: the position in the teacher's row, -1 where there is none. None
        where a row has one target, which needs no place.
    """

    input_ids: Ragged
    places: Optional[Ragged] = None


def places_of(
    teacher: np.ndarray, teacher_length: int, student: np.ndarray, student_length: int
) -> np.ndarray:
    """For each piece of a student's row its position in the teacher's; int32, -1 for none.

    Args:
      teacher, student: for each word the position of its first piece, -1 where it has none.
      teacher_length, student_length: pieces of the rows, markers included.
    """
    places = np.full(student_length, -1, np.int32)
    both = (teacher >= 0) & (student >= 0)
    places[student[both]] = teacher[both]
    places[0], places[-1] = 0, teacher_length - 1
    return places


def realign_features(teacher: Features, student: Features) -> Realigned:
    """The same for labelled rows that both have tokenised."""
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
      seq_len: longest row of either in pieces, markers included.

    Yields:
      The student's rows of a chunk, their places, and how many sentences and pieces they are.
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
