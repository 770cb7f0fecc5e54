"""Rounds batch sizes and lengths up, so that a student's layers see few shapes.

oneDNN caches data for every shape of a matrix product. Without rounding, a server that meets all
lengths and batch sizes would need more and more memory.
"""

from typing import Any, Optional

import numpy as np

from xtremedistil_tf.keras2 import tf

# 1, 2, 3, 4, 6, 8, 12, ...: no batch grows by more than half. The server's batch sizes (1, 4, 16
# and 64) are among them.
ROWS = np.array(sorted({1, 2, *(2**power for power in range(2, 24)),
                        *(3 * 2**power for power in range(23))}), np.int32)
# Short sequences are rounded to multiples of 8 subword tokens, long ones to multiples of 32.
TIMES = np.array([*range(8, 65, 8), *range(96, 4097, 32)], np.int32)


def _rounded(size: Any, grid: np.ndarray) -> Any:
    """Rounds up to the next number of a grid; sizes beyond the grid stay."""
    at = tf.searchsorted(tf.constant(grid), size[None])[0]
    return tf.where(at < len(grid), tf.gather(grid, tf.minimum(at, len(grid) - 1)), size)


class Rounded(tf.Module):
    """A student that is called with rounded shapes; its result has the original shape.

    Args:
      student: see `GraphStudent`.
      seq_len_limit: longest sequence; None without a limit.
    """

    def __init__(self, student: Any, *, seq_len_limit: Optional[int] = None):
        super().__init__()
        self._student, self._seq_len_limit = student, seq_len_limit

    def __call__(self, ids: Any, lengths: Any) -> Any:
        """Returns logits of sequences padded on the right; see `GraphStudent`."""
        shape = tf.shape(ids)
        rows, time = shape[0], shape[1]
        wide = _rounded(time, TIMES)
        if self._seq_len_limit is not None:
            wide = tf.maximum(time, tf.minimum(wide, self._seq_len_limit))
        more = _rounded(rows, ROWS) - rows
        # Added sequences have length 1, since a mean over length 0 would divide by 0.
        logits = self._student(tf.pad(ids, [[0, more], [0, wide - time]]),
                               tf.pad(lengths, [[0, more]], constant_values=1))
        return logits[:rows] if logits.shape.rank == 2 else logits[:rows, :time]
