"""What holds of decoded tags whatever the scores are, over seeds."""

import itertools

import numpy as np
import pytest

from tests.conftest import TAGS
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.metrics.decoding import constrained_tags, decode, word_scores

LABELS = LabelSet(TAGS[:5])
SEEDS = range(8)


def drawn(seed, rows=4, words=4):
    """(logits [rows, words, classes], first pieces), a piece a word."""
    logits = np.random.default_rng(seed).normal(scale=2, size=(rows, words, LABELS.size))
    return logits.astype(np.float32), [np.arange(words)] * rows


def valid(tags):
    """IOB2: an inside tag follows a tag of its own type."""
    return all(not tag.startswith("I-") or (before != "O" and before[2:] == tag[2:])
               for before, tag in zip(["O", *tags], tags))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_the_best_of_all_valid_sequences(seed):
    logits, starts = drawn(seed)
    scores = word_scores(logits, np.stack(starts), LABELS)
    found = constrained_tags(scores, LABELS)
    for row in range(len(logits)):
        best = max(
            (path for path in itertools.product(range(len(LABELS.tags)), repeat=4)
             if valid([LABELS.tags[tag] for tag in path])),
            key=lambda path: sum(scores[row, word, tag] for word, tag in enumerate(path)))
        assert tuple(found[row]) == best


@pytest.mark.parametrize("seed", SEEDS)
def test_tags_are_valid_probabilities_are_and_more_padding_changes_nothing(seed):
    logits, starts = drawn(seed, rows=6, words=9)
    starts = [start[:length] for start, length in zip(starts, (9, 1, 5, 3, 9, 7))]
    found = decode(logits, starts, LABELS)
    wider = decode(np.pad(logits, [(0, 0), (0, 2), (0, 0)]), starts, LABELS)
    for (tags, chosen), (same, _), start in zip(found, wider, starts):
        assert tags == same and valid(tags) and len(tags) == len(chosen) == len(start)
        assert ((chosen > 0) & (chosen <= 1)).all()
