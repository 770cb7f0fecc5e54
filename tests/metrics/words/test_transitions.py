"""Transition scores that are fitted on dev, and decoding with them."""

import itertools

import numpy as np
import pytest

from tests.metrics.uncertainty.test_temperature import Given, features
from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.tags import BioesSet
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.metrics.decoding import decode, decode_words, log_softmax
from xtremedistil_tf.metrics.tagging import predict_tags
from xtremedistil_tf.metrics.words import transitions
from xtremedistil_tf.metrics.words.transitions import fit_tagger, fit_transitions, held_out_tags

IOB2 = LabelSet(["O", "B-X", "I-X"], "trained")
BIOES = BioesSet(["O", "B-X", "I-X", "E-X", "S-X"], "trained")


def paths(labels, words):
    """All valid sequences of tags."""
    (first, follows), ends = labels.allowed_transitions(), labels.allowed_ends()
    return [path for path in itertools.product(range(len(labels.tags)), repeat=words)
            if first[path[0]] and ends[path[-1]]
            and all(follows[pair] for pair in zip(path, path[1:]))]


def value(path, scores, table, outside):
    """Score of a sequence, O before and behind it."""
    around = [outside, *path, outside]
    return (sum(scores[word, tag] for word, tag in enumerate(path))
            + sum(table[pair] for pair in zip(around, around[1:])))


def drawn(labels, table, *, count=300, most=5, noise=1.0):
    """Sentences whose tags were drawn with transition scores: (scores, gold tags)."""
    draw, scores, gold = np.random.default_rng(0), [], []
    for _ in range(count):
        own = log_softmax(noise * draw.normal(size=(draw.integers(1, most + 1), len(labels.tags))))
        valid = paths(labels, len(own))
        powers = np.exp([value(path, own, table, labels.outside_id) for path in valid])
        scores.append(own)
        gold.append(np.array(valid[draw.choice(len(valid), p=powers / powers.sum())]))
    return scores, gold


def loss(scores, gold, table, labels, decay):
    """Mean negative log-likelihood of gold tags by counting all sequences, regularised."""
    total = 0.0
    for own, true in zip(scores, gold):
        values = [value(path, own, table, labels.outside_id) for path in paths(labels, len(own))]
        total += np.logaddexp.reduce(values) - value(tuple(true), own, table, labels.outside_id)
    return total / len(gold) + decay / 2 * (table**2).sum()


@pytest.mark.parametrize("labels", [IOB2, BIOES], ids=["iob2", "bioes"])
def test_the_table_has_the_greatest_likelihood_and_scores_no_forbidden_transition(labels):
    follows = labels.allowed_transitions()[1]
    draw = np.random.default_rng(1)
    true = np.where(follows, draw.normal(size=follows.shape), 0.0)
    scores, gold = drawn(labels, true, count=60, most=4)
    # Without decay the scale is one more free number; scores are given as they are scaled.
    found = fit_transitions(scores, gold, labels, decay=1e-3)
    assert not found[~follows].any()
    least = loss(scores, gold, found, labels, 0.0)
    assert least < loss(scores, gold, true, labels, 0.0) + 0.01
    assert least < loss(scores, gold, 0.0 * true, labels, 0.0) - 0.05


@pytest.mark.parametrize("strength", [0.3, 2.0])
@pytest.mark.parametrize("labels", [IOB2, BIOES], ids=["iob2", "bioes"])
def test_the_best_sequence_with_the_table_is_found_whatever_the_padding(labels, strength):
    """Also where most words are so sure that no transition can change their tags."""
    draw = np.random.default_rng(2)
    table = strength * draw.normal(size=[len(labels.tags)] * 2).astype(np.float32)
    trained = labels.adjusted({"transitions": table.tolist()})
    lengths = np.array([5, 0, 1, 3, 5, 2, 4] * 4)
    logits = (draw.normal(size=(lengths.sum(), labels.size)) / strength).astype(np.float32)
    path, _ = decode_words(logits, np.ones(len(logits), bool), lengths, trained)
    changed = 0
    for own, rows in zip(np.split(path, np.cumsum(lengths)[:-1]),
                         np.split(logits, np.cumsum(lengths)[:-1])):
        # A sentence by itself is searched without the look at its words.
        alone, probabilities = decode_words(rows, np.ones(len(own), bool), np.array([len(own)]),
                                            trained)
        assert alone.tolist() == own.tolist() and len(probabilities) == len(own)
        if len(own):
            scores = log_softmax(rows[:, :len(labels.tags)])
            best = max(paths(labels, len(own)),
                       key=lambda path: value(path, scores, table, labels.outside_id))
            assert tuple(own) == best
            changed += best != max(paths(labels, len(own)), key=lambda path: sum(
                scores[word, tag] for word, tag in enumerate(path)))
    assert changed


def test_a_sentence_is_tagged_with_what_the_others_taught():
    """Tags that follow from their neighbours alone are found on sentences that were not read."""
    table = np.where(IOB2.allowed_transitions()[1], np.array(
        [[3.0, 0.0, 0.0], [-3.0, -3.0, 3.0], [3.0, -3.0, -3.0]]), 0.0)
    scores, gold = drawn(IOB2, table, most=6, noise=0.5)
    tags = [[IOB2.tags[tag] for tag in row] for row in gold]

    def right(found):
        return np.mean([one == other for one, other in zip(found, tags)])

    lengths = np.array([len(row) for row in gold])
    flat, _ = decode_words(np.concatenate(scores), np.ones(lengths.sum(), bool), lengths, IOB2)
    plain = [[IOB2.tags[tag] for tag in row] for row in np.split(flat, np.cumsum(lengths)[:-1])]
    assert right(held_out_tags(scores, gold, IOB2)) > right(plain) + 0.1


def a_dev_split(labels, table, *, scale=1.0):
    """A forward pass and features of sentences of five words, the last one cut off in some."""
    scores, gold = drawn(labels, table, count=200, noise=2.0)
    logits = np.full((len(gold), 6, labels.size), -9.0, np.float32)
    tags, starts = [], []
    for row, (own, true) in enumerate(zip(scores, gold)):
        logits[row, 1 : 1 + len(own), : len(labels.tags)] = own * scale
        cut = ["O"] if row % 5 == 0 else []
        tags.append((*(labels.tags[tag] for tag in true), *cut))
        starts.append([*range(1, 1 + len(own)), *(-1 for _ in cut)])
    return Given(logits), features(tags, starts)


def test_dev_decides_whether_a_student_has_them_and_is_tagged_with_them():
    table = np.array([[3.0, 0.0, 0.0], [-3.0, -3.0, 3.0], [3.0, -3.0, -3.0]])
    # A temperature of its own does not part the logits of a run from those of the runtimes.
    forward, dev = a_dev_split(IOB2, table, scale=3.0)
    found = fit_tagger(forward, dev, IOB2)
    assert found["decoding"]["kept"] and found["decoding"]["sentences"] == 160
    assert found["decoding"]["trained"] > found["decoding"]["constrained"] + 3
    assert found["temperature"] > 2 and np.shape(found["transitions"]) == (3, 3)
    trained = IOB2.adjusted(found)
    tags = predict_tags(forward, dev, trained)
    assert tags == [own for own, _ in decode(
        forward.logits / found["temperature"], dev.word_starts, trained)]
    assert tags != predict_tags(forward, dev, IOB2)
    # The same dev without trained decoding has a temperature alone.
    plain = fit_tagger(forward, dev, LabelSet(IOB2.tags))
    assert set(plain) == {"temperature", "calibration"}


def test_transitions_that_are_no_better_are_left_out(monkeypatch):
    forward, dev = a_dev_split(IOB2, np.zeros((3, 3)))
    monkeypatch.setattr(transitions, "held_out_tags",
                        lambda scores, gold, labels: [["O"] * len(row) for row in gold])
    found = fit_tagger(forward, dev, IOB2)
    assert not found["decoding"]["kept"] and "transitions" not in found
    assert IOB2.adjusted(found).transitions is None
    few = features(dev.tags[:19], list(dev.word_starts)[:19])
    assert fit_tagger(Given(forward.logits[:19]), few, IOB2)["decoding"] == {
        "sentences": 15, "kept": False}


def test_only_tags_with_a_scheme_have_transitions():
    with pytest.raises(UserError, match="--decoding=trained needs a --tag_scheme with entities"):
        DataConfig("task", do_ner=True, tag_scheme="none", decoding="trained")
    assert LabelSet(IOB2.tags).adjusted({"transitions": [[0.0] * 3] * 3}).transitions is None
    with pytest.raises(UserError, match="no table of 3 rows with 3 numbers"):
        IOB2.adjusted({"transitions": [[0.0] * 3] * 2})
