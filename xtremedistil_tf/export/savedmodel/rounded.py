"""Few shapes: rows and their time are rounded up before a student's layers see them.

oneDNN keeps what it has prepared for every shape of a matrix product. A server that meets texts of
all lengths in batches of all sizes would grow for as long as new shapes come.
"""

from typing import Any, Optional

import numpy as np

from xtremedistil_tf.keras2 import tf

# 1, 2, 3, 4, 6, 8, 12, ...: no batch grows by more than half. The sizes that the server makes of
# requests (1, 4, 16 and 64) are among them.
ROWS = np.array(sorted({1, 2, *(2**power for power in range(2, 24)),
                        *(3 * 2**power for power in range(23))}), np.int32)
# Short rows to multiples of 8 pieces, long ones to multiples of 32.
TIMES = np.array([*range(8, 65, 8), *range(96, 4097, 32)], np.int32)


def _rounded(size: Any, grid: np.ndarray) -> Any:
    """The next number of a grid; what lies beyond it stays."""
    at = tf.searchsorted(tf.constant(grid), size[None])[0]
    return tf.where(at < len(grid), tf.gather(grid, tf.minimum(at, len(grid) - 1)), size)


class Rounded(tf.Module):
    """A student's graph that is called with rounded shapes only, and gives what was asked for.

    Args:
      student: see `GraphStudent`; called with ids and lengths.
      seq_len_limit: length of the longest sequence; None if nothing limits it.
    """

    def __init__(self, student: Any, *, seq_len_limit: Optional[int] = None):
        super().__init__()
        self._student, self._seq_len_limit = student, seq_len_limit

    def __call__(self, ids: Any, lengths: Any) -> Any:
        """Logits of rows padded on the right, see `GraphStudent`."""
        shape = tf.shape(ids)
        rows, time = shape[0], shape[1]
        wide = _rounded(time, TIMES)
        if self._seq_len_limit is not None:
            wide = tf.maximum(time, tf.minimum(wide, self._seq_len_limit))
        more = _rounded(rows, ROWS) - rows
        # A row that fills up is as long as a piece: nothing is divided by 0.
        logits = self._student(tf.pad(ids, [[0, more], [0, wide - time]]),
                               tf.pad(lengths, [[0, more]], constant_values=1))
        return logits[:rows] if logits.shape.rank == 2 else logits[:rows, :time]
