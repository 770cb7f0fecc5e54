"""Grouping rows of similar length into batches, so that little is padded."""

from typing import Iterator

import numpy as np

TOKENS_PER_BATCH = 4096


def length_batches(lengths: np.ndarray, *, tokens: int = TOKENS_PER_BATCH) -> Iterator[np.ndarray]:
    """Groups rows of similar length.

    Args:
      lengths: int [rows].
      tokens: most positions of a padded batch.

    Yields:
      Row numbers of a batch, longest batches first: memory runs out at once or never.
    """
    order = np.argsort(-lengths, kind="stable")
    at = 0
    while at < len(order):
        rows = max(1, tokens // max(1, int(lengths[order[at]])))
        yield order[at : at + rows]
        at += rows
