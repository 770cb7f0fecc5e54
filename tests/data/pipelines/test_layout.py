"""Windows laid out in batches: each as it would be alone, each word's result given once."""

import numpy as np
import pytest

from xtremedistil_tf.data.pipelines.layout import lay_out
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.inference.tagger import windows


@pytest.mark.parametrize("tokens", [1, 40, 10_000])
def test_each_window_is_laid_out_as_alone_and_each_word_is_given_once(tokens):
    draw = np.random.default_rng(1)
    pieces = Ragged.of([draw.integers(10, 99, count) for count in draw.integers(0, 4, 300)])
    ends = pieces.starts[np.sort(draw.integers(0, 301, 12))]
    ends[-1] = pieces.starts[-1]
    begins = np.concatenate([[0], ends[:-1]])
    rows = np.array([np.add(begin, window) for begin, end in zip(begins, ends)
                     for window in windows(int(end - begin), seq_len_limit=30)])
    found, given = [], []
    for ids, words, at in lay_out(pieces, rows, (1, 2), tokens=tokens):
        assert ids.dtype == np.int32 and (ids.size <= tokens or len(ids) == 1)
        found += [row[:np.flatnonzero(row)[-1] + 1].tolist() for row in ids]
        assert ids.reshape(-1)[at].tolist() == [pieces[word][0] for word in words]
        given += words.tolist()
    assert sorted(found) == sorted(
        [1, *pieces.values[begin:end].tolist(), 2] for begin, end, _, _ in rows)
    assert sorted(given) == np.flatnonzero(pieces.lengths).tolist()
    alone = []
    for row in rows:
        ((ids, words, at),) = lay_out(pieces, row[None], (1, 2), tokens=tokens)
        assert ids.tolist() == [[1, *pieces.values[row[0]:row[1]].tolist(), 2]]
        assert ids[0, at].tolist() == [pieces[word][0] for word in words]
        alone += words.tolist()
    assert sorted(alone) == sorted(given)
    assert not list(lay_out(pieces, rows[:0], (1, 2), tokens=tokens))
