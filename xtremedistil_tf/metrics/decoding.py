"""Decodes logits of subword tokens into valid tags, one for each word."""

import functools
from typing import List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.labels import LabelSet

FORBIDDEN = -1e9


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logarithm of the softmax over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def word_scores(logits: np.ndarray, word_starts: np.ndarray, labels: LabelSet) -> np.ndarray:
    """Log-probabilities of the real tags of each word, taken at its first subword token.

    Args:
      logits: float [batch, time, classes].
      word_starts: int [batch, words]; -1 for a word without a token (cut off, or empty).
      labels: the label set.

    Returns:
      float32 [batch, words, tags], normalised over the real tags; a word without a token has
      the label set's outside tag.
    """
    rows = np.arange(len(logits))[:, None]
    at = np.maximum(word_starts, 0)
    scores = log_softmax(
        logits[rows, at, : len(labels.tags)].astype(np.float32, copy=False))
    outside = np.full(len(labels.tags), FORBIDDEN, np.float32)
    outside[labels.outside_id] = 0.0
    return np.where(word_starts[:, :, None] >= 0, scores, outside)


@functools.lru_cache(maxsize=16)
def _transitions(labels: LabelSet) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (*labels.allowed_transitions(), labels.allowed_ends())


def _viterbi(
    scores: np.ndarray, first: np.ndarray, follows: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    batch, words, tags = scores.shape
    best = scores[:, 0] + np.where(first, 0.0, FORBIDDEN)
    step_cost = np.where(follows, 0.0, FORBIDDEN)[None]
    came_from = np.zeros((batch, words, tags), np.int32)
    for word in range(1, words):
        reached = best[:, :, None] + step_cost
        came_from[:, word] = reached.argmax(axis=1)
        best = reached.max(axis=1) + scores[:, word]
    path = np.zeros((batch, words), np.int32)
    path[:, -1] = (best + np.where(ends, 0.0, FORBIDDEN)).argmax(axis=-1)
    rows = np.arange(batch)
    for word in range(words - 1, 0, -1):
        path[:, word - 1] = came_from[rows, word, path[:, word]]
    return path


def constrained_tags(scores: np.ndarray, labels: LabelSet) -> np.ndarray:
    """The most probable tag sequence among the valid ones of the tag scheme (Viterbi).

    Args:
      scores: float [batch, words, tags], log-probabilities.
      labels: the label set, which defines the allowed transitions.

    Returns:
      int [batch, words]. Padding does not change the tags before it if its scores are equal for all
      tags, or prefer O.
    """
    first, follows, ends = _transitions(labels)
    path = scores.argmax(axis=-1).astype(np.int32)
    # The sequence of each word's best tag is nearly always valid; then it is the result.
    broken = ~(first[path[:, :1]].all(axis=1) & ends[path[:, -1:]].all(axis=1)
               & follows[path[:, :-1], path[:, 1:]].all(axis=1))
    if broken.any():
        path[broken] = _viterbi(scores[broken], first, follows, ends)
    return path


def decode(
    logits: np.ndarray, word_starts: Sequence[np.ndarray], labels: LabelSet
) -> List[Tuple[List[str], np.ndarray]]:
    """Tags and their probabilities for the words of a batch.

    Args:
      logits: float [batch, time, classes].
      word_starts: for each sequence the positions of its words' first tokens, -1 for none.
      labels: the label set.

    Returns:
      For each sequence its tags, and their probabilities among the real tags, float32 [words].
    """
    longest = max((len(starts) for starts in word_starts), default=0)
    if not longest:
        return [([], np.zeros(0, np.float32)) for _ in word_starts]
    padded = np.full((len(word_starts), longest), -1, np.int32)
    for row, starts in enumerate(word_starts):
        padded[row, : len(starts)] = starts
    scores = word_scores(logits, padded, labels)
    path = constrained_tags(scores, labels)
    chosen = np.exp(np.take_along_axis(scores, path[:, :, None], axis=-1)[:, :, 0])
    return [
        ([labels.tags[tag] for tag in path[row, : len(starts)]], chosen[row, : len(starts)])
        for row, starts in enumerate(word_starts)
    ]
