"""Decoding and scoring against hand-made cases, the defects of the released code among them."""

import itertools

import numpy as np
import pytest

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.metrics.decoding import constrained_tags, decode, word_scores
from xtremedistil_tf.metrics.tagging import score_tags

LABELS = LabelSet(["O", "B-PER", "I-PER", "B-TAX", "I-TAX"])


def f1(gold, predicted, languages=None):
    return score_tags(gold, predicted, languages or ["en"] * len(gold))


def test_entities_do_not_merge_across_sentences():
    gold = [["O", "B-PER"], ["B-PER", "O"]]
    assert f1(gold, gold)["macro_f1"] == 100.0
    # A wrong tag in one sentence leaves the other's entity right.
    scores = f1(gold, [["O", "B-PER"], ["O", "O"]])
    assert scores["languages"]["en"]["precision"] == 100.0
    assert scores["languages"]["en"]["recall"] == 50.0


def test_tags_with_x_in_their_name_count():
    gold = [["B-TAX", "I-TAX", "O"]]
    assert f1(gold, gold)["micro_f1"] == 100.0
    assert f1(gold, [["O", "O", "O"]])["micro_f1"] == 0.0


def test_cut_words_cost_recall():
    gold = [["B-PER", "O", "B-PER"]]
    scores = f1(gold, [["B-PER", "O", "O"]])["languages"]["en"]
    assert (scores["precision"], scores["recall"], scores["support"]) == (100.0, 50.0, 2)


def test_boundaries_must_match():
    assert f1([["B-PER", "I-PER", "O"]], [["B-PER", "O", "O"]])["macro_f1"] == 0.0


def test_macro_is_the_mean_over_languages_and_micro_over_all():
    gold = [["B-PER"], ["B-PER"], ["B-PER"], ["O"]]
    predicted = [["B-PER"], ["O"], ["O"], ["O"]]
    scores = f1(gold, predicted, ["de", "en", "en", "xx"])
    assert scores["languages"]["de"]["f1"] == 100.0
    assert scores["languages"]["en"]["f1"] == 0.0
    # xx has no entities: it takes no part in the mean.
    assert scores["macro_f1"] == 50.0 and scores["std_f1"] == 50.0
    assert scores["micro_f1"] == pytest.approx(100 * 2 * 1 * (1 / 3) / (1 + 1 / 3))


def test_decoding_is_the_best_valid_sequence():
    first, follows = LABELS.allowed_transitions()
    generator = np.random.default_rng(0)
    for _ in range(20):
        scores = generator.normal(size=(1, 4, 5)).astype(np.float32)
        best, best_value = None, -np.inf
        for path in itertools.product(range(5), repeat=4):
            valid = first[path[0]] and all(follows[a, b] for a, b in zip(path, path[1:]))
            value = sum(scores[0, word, tag] for word, tag in enumerate(path))
            if valid and value > best_value:
                best, best_value = path, value
        assert constrained_tags(scores, LABELS)[0].tolist() == list(best)


def test_words_may_be_decoded_each_for_itself():
    alone = LabelSet(LABELS.tags, "independent")
    scores = np.log(np.array([[[0.2, 0.3, 0.4, 0.1, 1e-9], [0.1, 0.1, 0.05, 0.05, 0.7]]]))
    assert constrained_tags(scores, alone).tolist() == [[2, 4]]
    assert constrained_tags(scores, LABELS).tolist() == [[3, 4]]


def test_decoding_reads_first_pieces_and_real_tags_only():
    logits = np.zeros((1, 6, LABELS.size), np.float32)
    logits[:, :, LABELS.x_id] = 9.0  # A syntactic class wins nowhere.
    logits[0, 1, 1] = 5.0
    logits[0, 3, 2] = 5.0
    logits[0, 4, 0] = 5.0
    ((tags, scores),) = decode(logits, [np.array([1, 3, 4, -1])], LABELS)
    assert tags == ["B-PER", "I-PER", "O", "O"]
    assert scores[0] == pytest.approx(np.exp(5) / (np.exp(5) + 4), rel=1e-5)
    assert scores[3] == 1.0


def test_rows_of_a_batch_do_not_touch_each_other():
    generator = np.random.default_rng(1)
    logits = generator.normal(size=(2, 6, LABELS.size)).astype(np.float32)
    starts = [np.array([1, 2, 4]), np.array([1])]
    together = decode(logits, starts, LABELS)
    for row in range(2):
        ((tags, scores),) = decode(logits[row : row + 1], [starts[row]], LABELS)
        assert together[row][0] == tags
        assert np.allclose(together[row][1], scores)


def test_scores_are_normalised_over_real_tags():
    logits = np.random.default_rng(2).normal(size=(1, 3, LABELS.size))
    scores = word_scores(logits, np.array([[1, 2]]), LABELS)
    assert np.allclose(np.exp(scores).sum(-1), 1.0, atol=1e-6)
