"""Whether one run is better than another: paired bootstrap over test sentences."""

import collections
import dataclasses
import pathlib
from typing import Dict, List, Sequence, Tuple

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities

from xtremedistil_tf.config import CLASSIFICATION, TAGGING, require
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.predictions import read_predictions
from xtremedistil_tf.inputs.examples import DEFAULT_LANGUAGE, split_prefix
from xtremedistil_tf.runs import read_json

ALL = "macro"
# Sentences are drawn for so many samples at a time, to keep memory flat.
_PART = 200


@dataclasses.dataclass(frozen=True)
class Comparison:
    """One language's, or the mean's, difference between two runs.

    Attributes:
      name: the language, or "macro".
      first, second: their scores, 0 to 100.
      low, high: 95 % interval of second - first.
      p: two-sided p-value of no difference.
      sentences: test sentences.
    """

    name: str
    first: float
    second: float
    low: float
    high: float
    p: float
    sentences: int


def _rows(path: pathlib.Path) -> List[Tuple[str, List[str], str]]:
    """(text, labels, language) of each line of a predictions file."""
    rows = []
    for text, labels in read_predictions(path):
        split = [split_prefix(label) for label in labels.split(" ")]
        rows.append((text, [label for _, label in split], split[0][0] or DEFAULT_LANGUAGE))
    return rows


def _counts(kind: str, gold: Sequence[str], predicted: Sequence[str]) -> Tuple[int, int, int]:
    """(right, predicted, gold) phrases of a sentence; of a classified text one each."""
    if kind == CLASSIFICATION:
        return int(gold == predicted), 1, 1
    there, found = set(get_entities(list(gold))), set(get_entities(list(predicted)))
    return len(there & found), len(found), len(there)


def _score(sums: np.ndarray) -> np.ndarray:
    """F1 (0-100) of summed counts [..., 3]; of classified texts that is their accuracy."""
    right, found, there = np.moveaxis(sums, -1, 0)
    return 200.0 * right / np.maximum(found + there, 1)


def _drawn(counts: np.ndarray, samples: int, generator: np.random.Generator) -> np.ndarray:
    """Scores [samples, 2] of two runs on sentences drawn with replacement, the same for both.

    Args:
      counts: int [sentences, 2, 3].
      samples: how often.
      generator: of the draws.
    """
    size = len(counts)
    flat, parts = counts.reshape(size, 6).astype(np.float64), []
    for at in range(0, samples, _PART):
        often = generator.multinomial(size, np.full(size, 1.0 / size), min(_PART, samples - at))
        parts.append((often @ flat).reshape(-1, 2, 3))
    return _score(np.concatenate(parts))


def _compared(
    name: str, scores: np.ndarray, drawn: np.ndarray, sentences: int
) -> Comparison:
    difference = drawn[:, 1] - drawn[:, 0]
    low, high = np.percentile(difference, [2.5, 97.5])
    # One is added: a p-value of zero cannot come of a number of samples.
    worse = (1 + min((difference <= 0).sum(), (difference >= 0).sum())) / (1 + len(difference))
    return Comparison(name, float(scores[0]), float(scores[1]), float(low), float(high),
                      float(min(1.0, 2 * worse)), sentences)


def paired_bootstrap(
    counts: Dict[str, np.ndarray], samples: int, seed: int = 0
) -> List[Comparison]:
    """Compares two runs on the same sentences, by language and in the mean.

    Sentences are drawn anew within each language; a sample's macro score is the mean over
    languages.

    Args:
      counts: by language, int [sentences, 2, 3]: right, predicted and gold phrases of both runs.
      samples: bootstrap samples.
      seed: of the draws.

    Returns:
      The mean over languages first, then each language that has gold phrases.

    Source: Koehn (2004), paired bootstrap resampling.
    """
    generator = np.random.default_rng(seed)
    scored = {name: rows for name, rows in sorted(counts.items()) if rows[:, :, 2].any()}
    if not scored:
        raise UserError("no test sentence has an entity; there is nothing to compare")
    scores = {name: _score(rows.sum(axis=0)) for name, rows in scored.items()}
    drawn = {name: _drawn(rows, samples, generator) for name, rows in scored.items()}
    found = [_compared(name, scores[name], drawn[name], len(rows))
             for name, rows in scored.items()]
    mean = _compared(ALL, np.mean(list(scores.values()), axis=0),
                     np.mean(list(drawn.values()), axis=0), sum(map(len, scored.values())))
    return [mean, *found]


def compare_runs(
    first: pathlib.Path, second: pathlib.Path, split: str, samples: int
) -> List[Comparison]:
    """Compares the students of two finished runs on the same labelled sentences.

    Args:
      first, second: run folders.
      split: "dev" or "test".
      samples: bootstrap samples.

    Raises:
      UserError: if a run is not finished, or they were scored on different sentences.
    """
    for folder in (first, second):
        require((folder / "metrics.json").is_file(), f"{folder} is no finished run")
    kind = read_json(first / "metrics.json").get("kind", TAGGING)
    require(kind in (TAGGING, CLASSIFICATION), f"{first} is a {kind}; allowed: runs that tag or "
            "classify, whose right answers can be counted")
    files = [_rows(folder / "predictions" / f"{split}.{who}.tsv")
             for folder, who in ((first, "gold"), (first, "student"), (second, "student"),
                                 (second, "gold"))]
    require(files[0] == files[3], f"{first} and {second} have different {split} sentences or "
            "labels; allowed: runs on the same task")
    rows: Dict[str, List[list]] = collections.defaultdict(list)
    for (_, gold, language), (_, one, _), (_, other, _) in zip(*files[:3]):
        rows[language].append([_counts(kind, gold, one), _counts(kind, gold, other)])
    return paired_bootstrap({name: np.array(found) for name, found in rows.items()}, samples)
