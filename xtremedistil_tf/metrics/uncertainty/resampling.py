"""Bootstrap of scores over rows: the scores of several models on the same samples."""

from typing import Callable, Dict, Iterator, Mapping, Sequence

import numpy as np

from xtremedistil_tf.metrics.by_language import rows_by_language

# Samples drawn at a time, for constant memory use.
_PART = 100
# (weights [samples, rows]) -> {measure: scores [samples, models]}.
Resampled = Callable[[np.ndarray], Mapping[str, np.ndarray]]


def draw_weights(
    languages: Sequence[str], samples: int, *, seed: int = 0
) -> Iterator[np.ndarray]:
    """Draws rows with replacement, as many of each language as there are.

    Args:
      languages: the language of each row.
      samples: number of bootstrap samples.
      seed: seed of the draws.

    Yields:
      float64 [samples of this part, rows]: the number of times that a row was drawn.
    """
    generator = np.random.default_rng(seed)
    rows = rows_by_language(languages)
    for at in range(0, samples, _PART):
        weights = np.zeros((min(_PART, samples - at), len(languages)))
        for own in rows.values():
            weights[:, own] = generator.multinomial(
                len(own), np.full(len(own), 1.0 / len(own)), len(weights))
        yield weights


def resample(
    scored: Resampled, languages: Sequence[str], samples: int, *, seed: int = 0
) -> Dict[str, np.ndarray]:
    """Scores all models on the same bootstrap samples.

    Args:
      scored: scores under weights of the rows.
      languages, samples, seed: see `draw_weights`.

    Returns:
      By measure: float [samples, models], 0 to 100.
    """
    parts = [scored(weights) for weights in draw_weights(languages, samples, seed=seed)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _divided(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part, float), where=whole > 0)


def label_scores(
    weights: np.ndarray, *, right: np.ndarray, gold: np.ndarray, found: np.ndarray
) -> Dict[str, np.ndarray]:
    """Accuracy and F1 of labels under weights of the rows.

    Args:
      weights: float [samples, rows].
      right, gold, found: float [rows, classes]: numbers of right, gold and predicted labels.

    Returns:
      Scores [samples], 0 to 100: `accuracy`, `macro_f1` over the classes that occur, and for two
      classes `f1` of the second and `matthews`.
    """
    hits, there, own = weights @ right, weights @ gold, weights @ found
    total, sums = there.sum(axis=1), there + own
    f1 = _divided(2.0 * hits, sums)
    scores = {"accuracy": _divided(hits.sum(axis=1), total),
              # Only classes that occur in gold or prediction, as in scikit-learn.
              "macro_f1": f1.sum(axis=1) / np.maximum((sums > 0).sum(axis=1), 1)}
    if gold.shape[1] == 2:
        true, one = there[:, 1], own[:, 1]
        spread = np.sqrt(true * (total - true) * one * (total - one))
        scores["f1"] = f1[:, 1]
        scores["matthews"] = _divided(hits[:, 1] * total - true * one, spread)
    return {name: 100.0 * score for name, score in scores.items()}


def side_by_side(each: Sequence[Dict[str, np.ndarray]]) -> Dict[str, np.ndarray]:
    """Joins the scores of several models.

    Args:
      each: for each model, its scores [samples] by name.

    Returns:
      Scores [samples, models] by name.
    """
    return {name: np.stack([one[name] for one in each], axis=-1) for name in each[0]}
