"""Temperature scaling: one number, fitted on dev, makes probabilities say how often they hold.

The temperature divides the logits. It changes no prediction, only its probability.
"""

from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.metrics.decoding import log_softmax, word_scores
from xtremedistil_tf.metrics.several.scores import sigmoid
from xtremedistil_tf.metrics.uncertainty.calibration import calibration

# Temperatures beyond are those of logits that say nothing.
_LEAST, _MOST = 0.05, 20.0
# With fewer predictions nothing is fitted.
_FEWEST = 20


def _doubt(count: int) -> float:
    """The share of doubt that `count` right predictions leave, as in Platt (1999), section 2.2.

    Without it a dev split without errors would make every probability 1.
    """
    return 1.0 / (count + 2.0)


def _softmax_loss(logits: np.ndarray, gold: np.ndarray) -> float:
    logs, doubt = log_softmax(logits), _doubt(len(gold))
    right = logs[np.arange(len(gold)), gold].mean()
    return -float((1.0 - doubt) * right + doubt * logs.mean())


def _sigmoid_loss(logits: np.ndarray, gold: np.ndarray) -> float:
    doubt = _doubt(len(gold))
    target = gold * (1.0 - doubt) + 0.5 * doubt
    return float(np.mean(np.logaddexp(0.0, logits) - logits * target))


def fit_temperature(logits: np.ndarray, gold: np.ndarray, *, several: bool = False) -> float:
    """The temperature with the least cross-entropy on labelled predictions.

    Args:
      logits: float [predictions, classes].
      gold: int [predictions], class numbers; with `several` [predictions, labels], 0 or 1.
      several: True if each output is a label for itself.

    Returns:
      The temperature; 1 for fewer than 20 predictions.

    Source: Guo et al. (2017), section 4.2.
    """
    if len(logits) < _FEWEST:
        return 1.0
    # Imported here: a student in the ONNX runtime needs no SciPy.
    from scipy.optimize import minimize_scalar

    logits, loss = logits.astype(np.float64), _sigmoid_loss if several else _softmax_loss
    found = minimize_scalar(lambda power: loss(logits / np.exp(power), gold), method="bounded",
                            bounds=(np.log(_LEAST), np.log(_MOST)))
    return float(np.exp(found.x))


def _record(logits: np.ndarray, gold: np.ndarray, *, several: bool = False) -> Dict[str, Any]:
    """A student's temperature, and its calibration on dev before and after."""
    if not len(logits):
        return {}
    temperature = fit_temperature(logits, gold, several=several)

    def told(by: float) -> Dict[str, Any]:
        if several:
            sure = sigmoid(logits / by)
            return calibration(np.maximum(sure, 1 - sure).ravel(),
                               ((sure >= 0.5) == (gold > 0)).ravel())
        sure = np.exp(log_softmax(logits / by))
        return calibration(sure.max(axis=-1), sure.argmax(axis=-1) == gold)

    after = told(temperature)
    return {"temperature": round(temperature, 4), "calibration": {
        "before": told(1.0)["error"], "after": after["error"], "bins": after["bins"]}}


def _pooled(forward: Any, features: Features) -> Tuple[np.ndarray, List[int]]:
    """Logits [rows, classes] of sequences, and their order."""
    parts, order = [], []
    for rows, _, outputs in forward.batches(features.input_ids):
        parts.append(outputs["logits"][:, 0])
        order += list(rows)
    return np.concatenate(parts), order


def calibrate_classes(forward: Any, features: Features, labels: Any) -> Dict[str, Any]:
    """Fits a classifier's temperature.

    Args:
      forward: a `models.inference.Forward` that returns "logits".
      features: the dev sequences.
      labels: the label set.

    Returns:
      Entries of the student's record: `temperature` and `calibration`.
    """
    logits, order = _pooled(forward, features)
    gold = np.array([labels.encode(features.tags[row])[0] for row in order])
    return _record(logits, gold)


class ReadWords(NamedTuple):
    """The words of a sentence that were read.

    Attributes:
      row: number of the sentence.
      scores: float32 [words, tags], log-probabilities.
      gold: int [words], numbers of the gold tags.
      whole: True if all words of the sentence were read.
    """

    row: int
    scores: np.ndarray
    gold: np.ndarray
    whole: bool


def read_words(forward: Any, features: Features, labels: Any) -> List[ReadWords]:
    """Scores the words of each sentence, and notes their gold tags.

    Args:
      forward, features, labels: see `calibrate_classes`.

    Returns:
      A record of each sentence. Words beyond seq_len are left out, and `whole` is then False.
    """
    found = []
    for rows, _, outputs in forward.batches(features.input_ids):
        for at, row in enumerate(rows):
            starts = np.asarray(features.word_starts[row])
            read = np.flatnonzero(starts >= 0)
            scores = word_scores(outputs["logits"][at:at + 1], starts[None, read], labels)[0]
            gold = labels.encode([features.tags[row][word] for word in read])
            found.append(ReadWords(int(row), scores, np.array(gold, int), len(read) == len(starts)))
    return found


def calibrate_words(sentences: Sequence[ReadWords]) -> Dict[str, Any]:
    """Fits a tagger's temperature on the words that were read; see `calibrate_classes`."""
    if not sentences:
        return {}
    return _record(np.concatenate([own.scores for own in sentences]),
                   np.concatenate([own.gold for own in sentences]))


def best_thresholds(scores: np.ndarray, gold: np.ndarray) -> List[float]:
    """The threshold of each label with the best F1 on labelled rows.

    Args:
      scores: float [rows, labels], probabilities.
      gold: int [rows, labels], 0 or 1.

    Returns:
      One threshold a label: halfway between the last score that is taken and the next lower one.
      0.5 for labels without a gold row, and where 0.5 is as good.
    """
    return [_threshold(scores[:, at], gold[:, at] > 0) for at in range(scores.shape[1])]


def _threshold(scores: np.ndarray, gold: np.ndarray) -> float:
    if not gold.any():
        return 0.5
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], np.cumsum(gold[order])
    f1 = 2.0 * right / (np.arange(1, len(ranked) + 1) + gold.sum())
    # A threshold cannot part equal scores.
    ends = np.append(ranked[:-1] > ranked[1:], True)
    f1 = np.where(ends, f1, -1.0)
    at_half = (scores >= 0.5)
    half = 2.0 * (at_half & gold).sum() / max(1, at_half.sum() + gold.sum())
    best = int(f1.argmax())
    if half >= f1[best]:
        return 0.5
    following = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return (float(ranked[best]) + float(following)) / 2.0


def calibrate_several(forward: Any, features: Features, labels: Any) -> Dict[str, Any]:
    """Fits temperature and thresholds of texts with several labels; see `calibrate_classes`."""
    logits, order = _pooled(forward, features)
    gold = np.array([labels.encode(features.tags[row]) for row in order])
    record = _record(logits, gold, several=True)
    scores = sigmoid(logits / record["temperature"])
    return {**record, "thresholds": best_thresholds(scores, gold)}


def tempered(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Divides logits by a temperature; no copy for 1."""
    return logits if temperature == 1.0 else logits / temperature


def thresholds_of(record: Any, labels: Sequence[str]) -> Sequence[float]:
    """The thresholds in a student's record, 0.5 for each label without them."""
    return record.get("thresholds") or [0.5] * len(labels)
