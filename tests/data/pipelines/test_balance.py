"""Language-balanced sampling: shares, lengths, repetition, and the steps of an epoch."""

import collections

import numpy as np
import pytest

from xtremedistil_tf.config import BatchSize, DistilConfig
from xtremedistil_tf.data.pipelines.balance import LanguageBalance
from xtremedistil_tf.data.pipelines.batches import labelled_batches
from xtremedistil_tf.data.pipelines.buckets import bucket_numbers, count_steps
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.errors import UserError

# 80 rows of de, 16 of en, 4 of fi; the languages' lengths differ.
LANGUAGES = ["de"] * 80 + ["en"] * 16 + ["fi"] * 4
LENGTHS = np.array([5, 9, 14, 20] * 20 + [6, 30] * 8 + [7, 7, 25, 25])
BUCKETS = bucket_numbers(LENGTHS)


def drawn(exponent, seed=0):
    return LanguageBalance(LANGUAGES, BUCKETS, exponent).draw(seed)


@pytest.mark.parametrize("exponent, expected", [
    (1.0, {"de": 80, "en": 16, "fi": 4}),
    (0.5, {"de": 60, "en": 27, "fi": 13}),  # 8.94 : 4 : 2 of a hundred
    (0.0, {"de": 34, "en": 33, "fi": 33}),
])
def test_shares_are_powers_of_the_rows(exponent, expected):
    rows = drawn(exponent)
    assert collections.Counter(LANGUAGES[row] for row in rows) == expected


def test_an_exponent_of_one_is_every_row_once():
    assert drawn(1.0, seed=3).tolist() == list(range(100))


@pytest.mark.parametrize("exponent", [0.5, 0.0])
def test_a_language_keeps_its_lengths_and_repeats_evenly(exponent):
    rows = drawn(exponent)
    for name in ("de", "en", "fi"):
        own = [row for row in rows if LANGUAGES[row] == name]
        before = collections.Counter(BUCKETS[[at for at, known in enumerate(LANGUAGES)
                                              if known == name]])
        after = collections.Counter(BUCKETS[own])
        for bucket, count in before.items():
            assert abs(after[bucket] / len(own) - count / sum(before.values())) <= 1 / len(own)
            times = collections.Counter(row for row in own if BUCKETS[row] == bucket)
            there = [times[row] for row, known in enumerate(LANGUAGES)
                     if known == name and BUCKETS[row] == bucket]
            assert max(there) - min(there) <= 1


def test_epochs_differ_in_rows_and_not_in_steps():
    first, second = drawn(0.5, 1), drawn(0.5, 2)
    assert first.tolist() == drawn(0.5, 1).tolist() and sorted(first) != sorted(second)
    assert sorted(BUCKETS[first]) == sorted(BUCKETS[second])
    size = BatchSize(8)
    assert count_steps(LENGTHS[first], size) == count_steps(LENGTHS[second], size)


def test_batches_hold_the_drawn_rows_with_their_labels():
    ids = Ragged.of([[1000 + row] * length for row, length in enumerate(LENGTHS)])
    labels = Ragged.of([[row % 7] * length for row, length in enumerate(LENGTHS)])
    features = Features(ids, labels, Ragged.of([[]] * 100), LANGUAGES, None, {})
    rows = drawn(0.0, 4)
    batches = list(labelled_batches(features, BatchSize(8), 4, rows=rows))
    assert len(batches) == count_steps(LENGTHS[rows], BatchSize(8))
    seen = []
    for inputs, targets in batches:
        for piece, label, mask in zip(inputs["input_ids"][:, 0].numpy(),
                                      targets["labels"][:, 0].numpy(), targets["mask"].numpy()):
            seen.append(piece - 1000)
            assert label == seen[-1] % 7 and mask.sum() == LENGTHS[seen[-1]]
    assert sorted(seen) == sorted(rows)


def test_what_is_no_share_is_refused():
    with pytest.raises(UserError, match="--language_exponent is 2; allowed: 0 to 1"):
        DistilConfig(language_exponent=2)
