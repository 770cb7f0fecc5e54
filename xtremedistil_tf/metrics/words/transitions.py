"""Transition scores of tags, fitted on dev after training: `--decoding=trained`.

A linear-chain conditional random field over a finished student. Its only parameters are a table of
transition scores and one scale of the log-probabilities; the student stays as it is.
"""

import logging
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.metrics.decoding import by_sentence, decode_words, log_softmax
from xtremedistil_tf.metrics.tagging import score_tags
from xtremedistil_tf.metrics.uncertainty.temperature import (
    ReadWords,
    calibrate_words,
    read_words,
)

log = logging.getLogger("absl")

# Weight of the squared scores beside the mean loss of a sentence: of 0.05 to 0.8, one of the two
# best on dev for three students of 29 and 8 languages (benchmarks/transitions.py).
_DECAY = 0.1
_FOLDS = 5
# With fewer sentences nothing is fitted.
_FEWEST = 20
# A tag below a word's best one by more is as good as impossible; its power must not vanish.
_LEAST = -100.0


class _Chains(NamedTuple):
    """Sentences of one length: scores [sentences, words, tags], gold tags [sentences, words]."""

    scores: np.ndarray
    gold: np.ndarray


def _chains(scores: Sequence[np.ndarray], gold: Sequence[np.ndarray]) -> List[_Chains]:
    lengths = np.array([len(own) for own in gold])
    return [_Chains(np.stack([scores[row] for row in rows]).astype(np.float64),
                    np.stack([gold[row] for row in rows]))
            for rows in (np.flatnonzero(lengths == length) for length in np.unique(lengths))]


def _marginals(
    scores: np.ndarray, steps: np.ndarray, outside: int
) -> Tuple[float, np.ndarray, np.ndarray]:
    """Sums over all sequences of tags (forward-backward), O before and behind each sentence.

    Args:
      scores: float [sentences, words, tags].
      steps: float [tags, tags], exponentials of the transition scores.
      outside: number of the tag O.

    Returns:
      (logarithms of the sentences' sums, added up; probabilities of each word's tags [sentences,
      words, tags]; expected number of each transition [tags, tags]).
    """
    most = scores.max(axis=-1, keepdims=True)
    powers = np.exp(np.maximum(scores - most, _LEAST))
    ahead, behind, sums = np.empty_like(scores), np.empty_like(scores), most[..., 0].copy()
    state = steps[outside] * powers[:, 0]
    for word in range(scores.shape[1]):
        if word:
            state = (ahead[:, word - 1] @ steps) * powers[:, word]
        sums[:, word] = state.sum(axis=1)
        ahead[:, word] = state / sums[:, word, None]
    last = ahead[:, -1] @ steps[:, outside]
    behind[:, -1] = steps[:, outside] / last[:, None]
    for word in range(scores.shape[1] - 1, 0, -1):
        # From here on each word's powers are those of what comes behind its transition.
        powers[:, word] *= behind[:, word] / sums[:, word, None]
        behind[:, word - 1] = powers[:, word] @ steps.T
    shares, tags = ahead * behind, len(steps)
    expected = steps * (ahead[:, :-1].reshape(-1, tags).T @ powers[:, 1:].reshape(-1, tags))
    expected[outside] += shares[:, 0].sum(axis=0)
    expected[:, outside] += shares[:, -1].sum(axis=0)
    return float(np.log(sums).sum() + np.log(last).sum() + most.sum()), shares, expected


def _seen(gold: np.ndarray, tags: int, outside: int) -> np.ndarray:
    """Number of each transition in gold tags, O before and behind each sentence."""
    around = np.pad(gold, ((0, 0), (1, 1)), constant_values=outside)
    pairs = around[:, :-1] * tags + around[:, 1:]
    return np.bincount(pairs.ravel(), minlength=tags * tags).reshape(tags, tags)


def fit_transitions(
    scores: Sequence[np.ndarray], gold: Sequence[np.ndarray], labels: LabelSet,
    *, decay: float = _DECAY,
) -> np.ndarray:
    """Transition scores with the greatest conditional likelihood of gold tags, regularised.

    Args:
      scores: float [words, tags] of each sentence, log-probabilities.
      gold: int [words] of each sentence, valid tags of the scheme.
      labels: the label set, which defines the allowed transitions.
      decay: weight of the squared scores.

    Returns:
      float [tags, tags]; 0 where the scheme allows no transition. The fitted scale of the
      log-probabilities divides it, so it belongs to them as they are.

    Source: not in the paper; Lafferty et al. (2001).
    """
    # Imported here: a student in the ONNX runtime needs no SciPy.
    from scipy.optimize import minimize

    follows, outside = labels.allowed_transitions()[1], labels.outside_id
    chains, count = _chains(scores, gold), len(gold)
    seen = np.sum([_seen(own.gold, len(follows), outside) for own in chains], axis=0)
    right = sum(np.take_along_axis(own.scores, own.gold[..., None], 2).sum() for own in chains)

    def loss(values: np.ndarray) -> Tuple[float, np.ndarray]:
        scale, own = np.exp(values[0]), values[1:]
        steps = np.zeros(follows.shape)
        steps[follows] = np.exp(own)
        total, slope, table_slope = -scale * right - seen[follows] @ own, -right, -seen[follows]
        for one in chains:
            size, shares, expected = _marginals(scale * one.scores, steps, outside)
            total, slope = total + size, slope + (shares * one.scores).sum()
            table_slope = table_slope + expected[follows]
        return (total / count + decay / 2 * own @ own,
                np.concatenate([[scale * slope / count], table_slope / count + decay * own]))

    found = minimize(loss, np.zeros(1 + follows.sum()), jac=True, method="L-BFGS-B",
                     bounds=[(-5, 5), *[(-20, 20)] * int(follows.sum())]).x
    table = np.zeros(follows.shape)
    table[follows] = found[1:] / np.exp(found[0])
    return table


def _decoded(scores: Sequence[np.ndarray], labels: LabelSet) -> List[List[str]]:
    flat, lengths = np.concatenate(scores), np.array([len(own) for own in scores])
    return [tags for tags, _ in by_sentence(
        *decode_words(flat, np.ones(len(flat), bool), lengths, labels), lengths, labels)]


def held_out_tags(
    scores: Sequence[np.ndarray], gold: Sequence[np.ndarray], labels: LabelSet,
    *, decay: float = _DECAY,
) -> List[List[str]]:
    """Tags each sentence with transitions that were fitted on the others (five-fold).

    Args:
      scores, gold, labels, decay: see `fit_transitions`.

    Returns:
      Tags of each sentence.
    """
    fold = np.random.default_rng(0).permutation(len(gold)) % _FOLDS
    found: List[List[str]] = [[] for _ in gold]
    for held in range(_FOLDS):
        rows, others = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        table = fit_transitions([scores[row] for row in others], [gold[row] for row in others],
                                labels, decay=decay)
        trained = labels.adjusted({"transitions": table})
        for row, tags in zip(rows, _decoded([scores[row] for row in rows], trained)):
            found[row] = tags
    return found


def _usable(sentences: Sequence[ReadWords], labels: LabelSet) -> List[ReadWords]:
    """The sentences that were read whole and have valid tags; in their order in the file."""
    return sorted((own for own in sentences if own.whole and len(own.gold) and not labels.repair(
        [labels.tags[tag] for tag in own.gold])[1]), key=lambda own: own.row)


def _trained(
    sentences: Sequence[ReadWords], languages: Sequence[str], labels: LabelSet, temperature: float
) -> Dict[str, Any]:
    own = _usable(sentences, labels)
    if len(own) < _FEWEST:
        log.warning("--decoding=trained: %d whole dev sentences with valid tags are too few; the "
                    "student decodes as by --decoding=constrained", len(own))
        return {"decoding": {"sentences": len(own), "kept": False}}
    scores, gold = [log_softmax(one.scores / temperature) for one in own], [one.gold for one in own]
    true, names = [[labels.tags[tag] for tag in tags] for tags in gold], [
        languages[one.row] for one in own]
    plain, better = (score_tags(true, found, names)["macro_f1"] for found in (
        _decoded(scores, labels), held_out_tags(scores, gold, labels)))
    kept = better > plain
    log.info("--decoding=trained: dev macro-F1 %.2f with transitions fitted on other dev sentences,"
             " %.2f without; %s", better, plain, "they are kept" if kept else
             "they are left out, and the student decodes as by --decoding=constrained")
    found = {"decoding": {"sentences": len(own), "constrained": plain, "trained": better,
                          "kept": kept}}
    if kept:
        found["transitions"] = np.round(fit_transitions(scores, gold, labels), 4).tolist()
    return found


def fit_tagger(forward: Any, features: Features, labels: Any) -> Dict[str, Any]:
    """Fits a tagger's temperature, and its transitions for `--decoding=trained`, on dev.

    Args:
      forward: a `models.inference.Forward` that returns "logits".
      features: the dev sequences.
      labels: the label set.

    Returns:
      `temperature` and `calibration`, see `calibrate_classes`. With trained decoding also
      "decoding", macro-F1 of dev sentences without and with transitions that were fitted on the
      others, and `transitions`, fitted on all of dev, if they are the better ones.
    """
    sentences = read_words(forward, features, labels)
    found = calibrate_words(sentences)
    if found and labels.decoding == "trained":
        found.update(_trained(sentences, features.row_languages, labels, found["temperature"]))
    return found
