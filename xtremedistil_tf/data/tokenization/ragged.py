"""Rows of different lengths in one flat array."""

import dataclasses
import itertools
from typing import Any, Collection, Sequence, Sized

import numpy as np


def lengths_of(rows: Collection[Sized]) -> np.ndarray:
    """Returns the length of each row, int64 [rows]."""
    return np.fromiter(map(len, rows), np.int64, len(rows))


@dataclasses.dataclass(frozen=True)
class Ragged:
    """Rows of different lengths in one flat array.

    Attributes:
      values: [total], concatenated rows.
      starts: int64 [rows + 1]; row i is values[starts[i]:starts[i + 1]].
    """

    values: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[Collection[int]], *, dtype: Any = np.int32) -> "Ragged":
        """Packs rows into one array."""
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths_of(rows), out=starts[1:])
        flat = np.fromiter(itertools.chain.from_iterable(rows), dtype, int(starts[-1]))
        return cls(flat, starts)

    @classmethod
    def join(cls, parts: Sequence["Ragged"]) -> "Ragged":
        """Concatenates the rows of several arrays."""
        lengths = np.concatenate([part.lengths for part in parts])
        values = np.concatenate([part.values for part in parts])
        return cls(values, np.concatenate([[0], np.cumsum(lengths)]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        return self.values[self.starts[index] : self.starts[index + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """Length of each row, int64 [rows]."""
        return np.diff(self.starts)

    def padded(self, rows: np.ndarray, fill: int) -> np.ndarray:
        """The given rows as one array [len(rows), longest], padded with `fill`."""
        lengths = self.lengths[rows]
        out = np.full((len(rows), int(lengths.max(initial=1))), fill, self.values.dtype)
        for at, (row, length) in enumerate(zip(rows, lengths)):
            out[at, :length] = self[row]
        return out
