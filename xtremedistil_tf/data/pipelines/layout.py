"""Batches of windows of subword tokens, laid out all at once: small batches cost little Python."""

from typing import Iterator, Tuple

import numpy as np

from xtremedistil_tf.data.pipelines.length_batches import length_batches
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.vocabulary import PAD_ID


def _ranges(begins: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Returns begin, begin + 1, .., of each range, one range after another."""
    return np.arange(lengths.sum()) + np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)


def _one_window(
    pieces: Ragged, row: np.ndarray, ends: Tuple[int, int]
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The batch of a single window; see `lay_out`."""
    begin, stop, first, last = row.tolist()
    ids = np.empty((1, stop - begin + 2), np.int32)
    ids[0, 0], ids[0, -1] = ends
    ids[0, 1:-1] = pieces.values[begin:stop]
    starts = pieces.starts[:-1]
    words = np.flatnonzero((starts < pieces.starts[1:]) & (starts >= first) & (starts < last))
    return ids, words, starts[words] - begin + 1


def lay_out(
    pieces: Ragged, rows: np.ndarray, ends: Tuple[int, int], *, tokens: int
) -> Iterator[Tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Lays windows out in batches of similar length, with special tokens around each.

    Args:
      pieces: ids of the subword tokens, int32, one row a word.
      rows: windows of `pieces.values`, int64 [windows, 4], see `tagger.windows`.
      ends: ids of the special tokens before and after a sequence.
      tokens: number of positions of a batch.

    Yields:
      (ids of a batch, int32 [batch, time]; numbers of the words whose result it gives, int64 [n];
      positions of their first subword tokens in the flat batch, int64 [n]).
    """
    if len(rows) == 1:  # A single text, as servers get it: a fifth of the time.
        yield _one_window(pieces, rows[0], ends)
        return
    batches = list(length_batches(rows[:, 1] - rows[:, 0] + 2, tokens=tokens))
    if not batches:
        return
    begins, stops, firsts, lasts = rows[np.concatenate(batches)].T
    counts = stops - begins
    sizes = np.array([len(batch) for batch in batches])
    # Windows are sorted: the first of a batch is its longest.
    times = counts[np.cumsum(sizes) - sizes] + 2
    widths = np.repeat(times, sizes)
    places = np.cumsum(widths) - widths
    ids = np.full(widths.sum(), PAD_ID, np.int32)
    ids[places], ids[places + counts + 1] = ends
    source, target = _ranges(begins, counts), _ranges(places + 1, counts)
    ids[target] = pieces.values[source]
    word_of = np.full(len(pieces.values), -1)
    with_piece = np.flatnonzero(pieces.lengths)
    word_of[pieces.starts[with_piece]] = with_piece
    given = (word_of[source] >= 0) & (source >= np.repeat(firsts, counts)) & (
        source < np.repeat(lasts, counts))
    words, target = word_of[source[given]], target[given]
    begin = 0
    for size, time in zip(sizes.tolist(), times.tolist()):
        end = begin + size * time
        first, last = np.searchsorted(target, (begin, end))
        yield ids[begin:end].reshape(size, time), words[first:last], target[first:last] - begin
        begin = end
