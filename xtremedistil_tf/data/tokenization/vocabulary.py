"""The student's vocabulary: the teacher's subword tokens that occur in train and transfer set."""

import pathlib
from typing import Iterable

import numpy as np

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_path
from xtremedistil_tf.files.contents import write_array
from xtremedistil_tf.validation.arrays import read_integers

PAD_ID = 0
UNKNOWN_ID = 1
_PART = 1 << 22
# Upper limit of a tokenizer's vocabulary; the largest published one has 250,002 subword tokens.
_MOST = 1 << 24


class StudentVocabulary:
    """Maps subword token ids of the teacher's tokenizer to rows of the student's embedding.

    Row 0 is padding, row 1 the unknown token. The others follow in the order of the teacher's ids.

    Args:
      teacher_ids: int [V], the teacher's id of each row.
      teacher_size: size of the teacher's vocabulary.
    """

    def __init__(self, teacher_ids: np.ndarray, teacher_size: int):
        self.teacher_ids = np.asarray(teacher_ids, np.int32)
        self.table = np.full(teacher_size, UNKNOWN_ID, np.int32)
        self.table[self.teacher_ids] = np.arange(len(self.teacher_ids), dtype=np.int32)
        # Row 0 only pads batches: a literal "[PAD]" in a text must not be masked.
        self.table[self.teacher_ids[PAD_ID]] = UNKNOWN_ID

    @classmethod
    def from_seen(
        cls, seen: Iterable[np.ndarray], pad_id: int, unknown_id: int, teacher_size: int
    ) -> "StudentVocabulary":
        """Builds the vocabulary of the subword tokens that occur.

        Args:
          seen: the teacher's ids of train and transfer set, int arrays [tokens].
          pad_id, unknown_id: the teacher's ids of padding and of unknown tokens; they are always
            in it.
          teacher_size: size of the teacher's vocabulary.
        """
        found = np.zeros(teacher_size, bool)
        for array in seen:
            # In parts: a memory-mapped array may be larger than memory.
            for at in range(0, len(array), _PART):
                found[array[at : at + _PART]] = True
        found[[pad_id, unknown_id]] = False
        pieces = np.flatnonzero(found)
        return cls(np.concatenate([[pad_id, unknown_id], pieces]), teacher_size)

    def __len__(self) -> int:
        return len(self.teacher_ids)

    def save(self, path: pathlib.Path) -> None:
        """Writes the teacher ids as .npy; the array's first value is teacher_size."""
        with atomic_path(path) as temporary:
            write_array(temporary, np.concatenate(
                [[len(self.table)], self.teacher_ids]).astype(np.int32))

    @classmethod
    def load(cls, path: pathlib.Path) -> "StudentVocabulary":
        """Reads what `save` wrote.

        Raises:
          UserError: if the file is missing or not such an array; this is checked before the data
            are loaded.
        """
        stored = read_integers(path, most=_MOST + 1)
        if len(stored) < 3:
            raise UserError(f"{path} holds {len(stored)} numbers; needed are the tokenizer's size "
                            "and the ids of padding and the unknown token at least")
        size, ids = int(stored[0]), stored[1:]
        if not 2 <= size <= _MOST:
            raise UserError(f"{path}: the tokenizer's size is {size}; allowed: 2 to {_MOST}")
        if ids.min() < 0 or ids.max() >= size:
            raise UserError(f"{path}: its ids go from {ids.min()} to {ids.max()}; allowed: 0 to "
                            f"{size - 1}")
        if (np.diff(ids[2:]) <= 0).any() or np.isin(ids[:2], ids[2:]).any():
            raise UserError(f"{path}: its ids repeat or are not in their order")
        return cls(ids, size)
