"""Batches of sequences of similar length, for little padding."""

from typing import Iterator

import numpy as np

TOKENS_PER_BATCH = 4096
# Where a graph counts the subword tokens, batches are of characters.
CHARACTERS_PER_BATCH = 16384


def length_batches(lengths: np.ndarray, *, tokens: int = TOKENS_PER_BATCH) -> Iterator[np.ndarray]:
    """Groups sequences of similar length.

    Args:
      lengths: int [rows].
      tokens: maximum number of positions of a padded batch.

    Yields:
      Indices of a batch's sequences. The longest batch comes first: if memory is too small, the
      first batch fails.
    """
    order = np.argsort(-lengths, kind="stable")
    at = 0
    while at < len(order):
        rows = max(1, tokens // max(1, int(lengths[order[at]])))
        yield order[at : at + rows]
        at += rows
