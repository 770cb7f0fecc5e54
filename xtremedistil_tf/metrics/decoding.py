"""Decodes logits of subword tokens into valid tags, one for each word."""

import functools
from typing import List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.pipelines.length_batches import length_batches
from xtremedistil_tf.data.tokenization.ragged import lengths_of

FORBIDDEN = -1e9
# Above the rounding errors of float32 scores.
_ROUNDING = 1e-3


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
    return np.where(word_starts[:, :, None] >= 0, scores, outside_scores(labels))


@functools.lru_cache(maxsize=16)
def outside_scores(labels: LabelSet) -> np.ndarray:
    """Log-probabilities of a word without a subword token, float32 [tags]: it is outside."""
    outside = np.full(len(labels.tags), FORBIDDEN, np.float32)
    outside[labels.outside_id] = 0.0
    return outside


@functools.lru_cache(maxsize=16)
def _transitions(labels: LabelSet) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (*labels.allowed_transitions(), labels.allowed_ends())


@functools.lru_cache(maxsize=16)
def path_scores(labels: LabelSet) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of a sequence of tags beside those of its words.

    Returns:
      (first, follows, ends): float32 [tags], [tags, tags] and [tags]: of a tag that opens a
      sentence, of the column's tag after the row's, of a tag that ends a sentence. FORBIDDEN if the
      scheme does not allow it, else the trained score, or 0 without one.
    """
    first, follows, ends = _transitions(labels)
    count, outside = len(labels.tags), labels.outside_id
    table = (np.zeros((count, count), np.float32) if labels.transitions is None
             else labels.transitions.table)
    return (np.where(first, table[outside], np.float32(FORBIDDEN)),
            np.where(follows, table, np.float32(FORBIDDEN)),
            np.where(ends, table[:, outside], np.float32(FORBIDDEN)))


def _one_path(scores: np.ndarray, labels: LabelSet) -> np.ndarray:
    """`_viterbi` for one sentence, as servers get it: half of the time. float32 [words, tags]."""
    first, follows, ends = path_scores(labels)
    into = np.ascontiguousarray(follows.T)
    best = scores[0] + first
    came_from = []
    for word in scores[1:]:
        reached = into + best
        came_from.append(reached.argmax(axis=1))
        # The method `max` takes twice as long.
        best = np.maximum.reduce(reached, axis=1) + word
    path = [int((best + ends).argmax())]
    for tags in reversed(came_from):
        path.append(int(tags[path[-1]]))
    return np.array(path[::-1], np.int32)


def _viterbi(scores: np.ndarray, labels: LabelSet) -> np.ndarray:
    if len(scores) == 1:
        return _one_path(scores[0], labels)[None]
    first, follows, ends = path_scores(labels)
    batch, words, tags = scores.shape
    best = scores[:, 0] + first
    came_from = np.zeros((batch, words, tags), np.int32)
    for word in range(1, words):
        reached = best[:, :, None] + follows
        came_from[:, word] = reached.argmax(axis=1)
        best = reached.max(axis=1) + scores[:, word]
    path = np.zeros((batch, words), np.int32)
    path[:, -1] = (best + ends).argmax(axis=-1)
    rows = np.arange(batch)
    for word in range(words - 1, 0, -1):
        path[:, word - 1] = came_from[rows, word, path[:, word]]
    return path


def constrained_tags(scores: np.ndarray, labels: LabelSet) -> np.ndarray:
    """The best tag sequence among the valid ones of the tag scheme (Viterbi).

    Args:
      scores: float [batch, words, tags], log-probabilities.
      labels: the label set, which defines the allowed transitions and may score them.

    Returns:
      int [batch, words]. Padding does not change the tags before it if its only tag is O, and
      without trained transitions also if its scores are equal for all tags.
    """
    if labels.transitions is not None:
        return _viterbi(scores, labels)
    first, follows, ends = _transitions(labels)
    path = scores.argmax(axis=-1).astype(np.int32)
    # The sequence of each word's best tag is nearly always valid; then it is the result.
    broken = ~(first[path[:, :1]].all(axis=1) & ends[path[:, -1:]].all(axis=1)
               & follows[path[:, :-1], path[:, 1:]].all(axis=1))
    if broken.any():
        path[broken] = _viterbi(scores[broken], labels)
    return path


def decode_words(
    logits: np.ndarray, read: np.ndarray, lengths: np.ndarray, labels: LabelSet
) -> Tuple[np.ndarray, np.ndarray]:
    """Tags and their probabilities for the words of all sentences, one after another.

    Args:
      logits: float [words, classes], of each word's first subword token.
      read: bool [words], False for a word without a token (cut off, or empty); it gets the outside
        tag.
      lengths: int [sentences], their words.
      labels: the label set.

    Returns:
      (numbers of the tags, int32 [words]; their probabilities among the real tags, float32
      [words]).
    """
    outside = outside_scores(labels)
    scores = log_softmax(logits[:, : len(outside)].astype(np.float32, copy=False))
    if not read.all():
        scores[~read] = outside
    if len(lengths) == 1 and len(scores):
        # For one sentence the search takes less time than to find out whether it needs one.
        path = constrained_tags(scores[None], labels)[0]
        return path, _path_probabilities(scores, path)
    path = scores.argmax(axis=-1).astype(np.int32)
    undecided = (_broken_sentences(path, lengths, labels) if labels.transitions is None
                 else _open_sentences(path, scores, lengths, labels))
    begins = np.cumsum(lengths) - lengths
    # In batches, so that one long sentence does not lengthen all others.
    for rows in length_batches(lengths[undecided]):
        chosen = undecided[rows]
        place = np.arange(lengths[chosen].max())
        inside = place < lengths[chosen][:, None]
        words = (begins[chosen][:, None] + place)[inside]
        padded = np.tile(outside, (*inside.shape, 1))
        padded[inside] = scores[words]
        path[words] = constrained_tags(padded, labels)[inside]
    return path, _path_probabilities(scores, path)


def _path_probabilities(scores: np.ndarray, path: np.ndarray) -> np.ndarray:
    return np.exp(scores[np.arange(len(path)), path])


def _broken_sentences(path: np.ndarray, lengths: np.ndarray, labels: LabelSet) -> np.ndarray:
    """Numbers of the sentences whose tags, each word's best one, are no valid sequence."""
    first, follows, ends = _transitions(labels)
    begins, lasts = _borders(lengths)
    wrong = np.zeros(len(path), bool)
    wrong[1:] = ~follows[path[:-1], path[1:]]
    wrong[begins] = ~first[path[begins]]
    wrong[lasts] |= ~ends[path[lasts]]
    if not wrong.any():
        return np.zeros(0, np.int64)
    return np.unique(np.repeat(np.arange(len(lengths)), lengths)[wrong])


def _open_sentences(
    path: np.ndarray, scores: np.ndarray, lengths: np.ndarray, labels: LabelSet
) -> np.ndarray:
    """Numbers of the sentences for which transition scores may change each word's best tag.

    Another tag of a word changes the transitions before and behind it, each by no more than to the
    greatest score. So a word keeps its best tag if the second best is further below.
    """
    first, follows, ends = path_scores(labels)
    begins, lasts = _borders(lengths)
    before = np.zeros(len(path), np.float32)
    before[1:] = follows[path[:-1], path[1:]]
    before[begins] = first[path[begins]]
    behind = np.zeros(len(path), np.float32)
    behind[:-1] = before[1:]
    behind[lasts] = ends[path[lasts]]
    most = max(first.max(), follows.max(), ends.max())
    second, best = np.partition(scores, -2, axis=1)[:, -2:].T
    may_change = best - second <= (most - before) + (most - behind) + _ROUNDING
    return np.unique(np.repeat(np.arange(len(lengths)), lengths)[may_change])


def _borders(lengths: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Places of the first and last words of the sentences that have words."""
    lasts = np.cumsum(lengths)[lengths > 0] - 1
    return (np.concatenate([[0], lasts[:-1] + 1]) if len(lasts) else lasts), lasts


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
    lengths = lengths_of(word_starts)
    starts = np.concatenate([np.zeros(0, np.int32), *word_starts]).astype(np.int32)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    path, scores = decode_words(logits[rows, np.maximum(starts, 0)], starts >= 0, lengths, labels)
    return by_sentence(path, scores, lengths, labels)


def by_sentence(
    path: np.ndarray, scores: np.ndarray, lengths: np.ndarray, labels: LabelSet
) -> List[Tuple[List[str], np.ndarray]]:
    """Cuts the result of `decode_words` into sentences, with the tags' names.

    Args:
      path: int [words], tag of each word of all sentences, one after another.
      scores: float32 [words], its probability.
      lengths: int [sentences], number of words of each.
      labels: the label set.

    Returns:
      For each sentence its tags, and their probabilities, float32 [words].
    """
    tags = [labels.tags[tag] for tag in path.tolist()]
    ends = np.cumsum(lengths).tolist()
    return [(tags[end - length : end], scores[end - length : end])
            for end, length in zip(ends, lengths.tolist())]
