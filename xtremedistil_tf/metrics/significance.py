"""Significance tests between runs: paired bootstrap over test sentences, and its intervals."""

import collections
import dataclasses
import pathlib
from typing import Any, Dict, FrozenSet, List, Sequence, Tuple

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities

from xtremedistil_tf.config import require
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, split_language, split_several
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.metrics.prediction_files import read_predictions
from xtremedistil_tf.tasks import TASKS, TaskKind, task_kind_of
from xtremedistil_tf.validation.run_files import check_run, read_config, read_metrics

ALL = "macro"
VERDICT = ("B - A", "95 % interval", "p")
# Samples for each call of the generator, for constant memory use.
_PART = 200


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Difference between two runs for one language, or for the mean over languages.

    Attributes:
      name: the language, or "macro".
      first, second: scores of the runs, 0 to 100.
      low, high: 95 % confidence interval of second - first.
      p: two-sided p-value of the hypothesis of no difference.
      sentences: number of test sentences.
    """

    name: str
    first: float
    second: float
    low: float
    high: float
    p: float
    sentences: int

    def verdict(self) -> List[str]:
        """Difference, interval and p-value as cells of a table, in the order of VERDICT."""
        return [f"{self.second - self.first:+.2f}", f"{self.low:+.2f} to {self.high:+.2f}",
                f"{self.p:.4f}"]


def _known_labels(run: pathlib.Path) -> FrozenSet[str]:
    """The labels of a run; their prefixes are not languages."""
    path = run / "config.json"
    return frozenset(read_config(run)["labels"]) if path.is_file() else frozenset()


def _rows(
    path: pathlib.Path, kind: TaskKind, known: FrozenSet[str]
) -> List[Tuple[str, List[str], str]]:
    """Reads (text, labels, language) from each line of a predictions file."""
    rows = []
    for text, labels in read_predictions(path):
        if kind.several:
            language, several = split_several(labels, known)
            own = list(several)
        else:
            # A class name may contain spaces.
            names = [labels] if kind.pooled else labels.split(" ")
            split = [split_language(name, known) for name in names]
            own, language = [label for _, label in split], split[0][0]
        rows.append((text, own, language or DEFAULT_LANGUAGE))
    return rows


def count_texts(gold: Sequence[str], predicted: Sequence[str]) -> Tuple[int, int, int]:
    """Counts of (right, predicted, gold) labels of a text, which has one label."""
    return int(gold == predicted), 1, 1


def count_phrases(gold: Sequence[str], predicted: Sequence[str]) -> Tuple[int, int, int]:
    """Counts of (right, predicted, gold) entities of a sentence, from its tags."""
    there, found = set(get_entities(list(gold))), set(get_entities(list(predicted)))
    return len(there & found), len(found), len(there)


def f1_of_counts(sums: np.ndarray) -> np.ndarray:
    """F1 (0-100) of summed counts [..., 3]; for classification this is the accuracy."""
    right, found, there = np.moveaxis(sums, -1, 0)
    return 200.0 * right / np.maximum(found + there, 1)


def _sides(scores: np.ndarray, first_runs: int) -> np.ndarray:
    """Means [..., 2] of the scores [..., runs] of both sides."""
    return np.stack([scores[..., :first_runs].mean(axis=-1),
                     scores[..., first_runs:].mean(axis=-1)], axis=-1)


def _drawn(counts: np.ndarray, samples: int, generator: np.random.Generator) -> np.ndarray:
    """Scores [samples, runs] on sentences drawn with replacement, the same for all runs.

    Args:
      counts: int [sentences, runs, 3].
      samples: number of bootstrap samples.
      generator: random generator of the draws.
    """
    size, runs = counts.shape[:2]
    flat, parts = counts.reshape(size, 3 * runs).astype(np.float64), []
    for at in range(0, samples, _PART):
        often = generator.multinomial(size, np.full(size, 1.0 / size), min(_PART, samples - at))
        parts.append((often @ flat).reshape(-1, runs, 3))
    return f1_of_counts(np.concatenate(parts))


def interval(drawn: np.ndarray) -> List[float]:
    """The 95 % interval of scores [samples]."""
    return [float(value) for value in np.percentile(drawn, [2.5, 97.5])]


def difference(scores: Sequence[float], drawn: np.ndarray) -> Dict[str, Any]:
    """Difference of two models' scores, with interval and p-value.

    Args:
      scores: of both models on all rows.
      drawn: float [samples, 2], of both models on the same samples.

    Returns:
      `value` (second minus first), `low` and `high` (95 %), and `p`: two-sided p-value of the
      hypothesis of no difference.

    Source: Koehn (2004), paired bootstrap resampling.
    """
    apart = drawn[:, 1] - drawn[:, 0]
    low, high = interval(apart)
    # Adding one avoids a p-value of zero, which finitely many samples cannot show.
    worse = (1 + min((apart <= 0).sum(), (apart >= 0).sum())) / (1 + len(apart))
    return {"value": float(scores[1] - scores[0]), "low": low, "high": high,
            "p": float(min(1.0, 2 * worse))}


def _compared(
    name: str, scores: np.ndarray, drawn: np.ndarray, sentences: int
) -> Comparison:
    found = difference(scores.tolist(), drawn)
    return Comparison(name, float(scores[0]), float(scores[1]), found["low"], found["high"],
                      found["p"], sentences)


def paired_bootstrap(
    counts: Dict[str, np.ndarray], samples: int, *, first_runs: int = 1
) -> List[Comparison]:
    """Compares two runs, or two sides of several runs, on the same sentences.

    Sentences are resampled within each language. A sample's macro score is the mean over languages,
    and a side's score is the mean over its runs.

    Args:
      counts: by language, int [sentences, runs, 3]: right, predicted and gold entities of each run.
      samples: number of bootstrap samples.
      first_runs: number of runs of the first side; the others belong to the second.

    Returns:
      The comparison of the mean over languages, then of each language with gold entities.

    Raises:
      UserError: if no language has gold entities.

    Source: Koehn (2004), paired bootstrap resampling.
    """
    generator = np.random.default_rng(0)
    scored = {name: rows for name, rows in sorted(counts.items()) if rows[:, :, 2].any()}
    if not scored:
        raise UserError("no test sentence has an entity; there is nothing to compare")
    scores = {name: _sides(f1_of_counts(rows.sum(axis=0)), first_runs)
              for name, rows in scored.items()}
    drawn = {name: _sides(_drawn(rows, samples, generator), first_runs)
             for name, rows in scored.items()}
    found = [_compared(name, scores[name], drawn[name], len(rows))
             for name, rows in scored.items()]
    mean = _compared(ALL, np.mean(list(scores.values()), axis=0),
                     np.mean(list(drawn.values()), axis=0), sum(map(len, scored.values())))
    return [mean, *found]


def _runs_of(folder: pathlib.Path) -> List[pathlib.Path]:
    """The run folders of all seeds of a study's line; a run folder itself."""
    if (folder / "metrics.json").is_file():
        return [folder]
    seeds = sorted(path.parent for path in folder.glob("seed_*/metrics.json"))
    require(bool(seeds), f"{folder} is no finished run; allowed: a run folder, or that of a "
            "study's line, with finished runs in seed_1, seed_2, ...")
    return seeds


def compare_runs(
    first: pathlib.Path, second: pathlib.Path, split: str, samples: int
) -> List[Comparison]:
    """Compares the students of finished runs on the same labelled sentences.

    Args:
      first, second: run folders, or folders of a study's lines, whose seeds are averaged.
      split: "dev" or "test".
      samples: number of bootstrap samples.

    Raises:
      UserError: if a run is not finished, or the runs were scored on different sentences.
    """
    return compare_sides(_runs_of(first), _runs_of(second), split, samples)


def compare_sides(
    first: Sequence[pathlib.Path], second: Sequence[pathlib.Path], split: str, samples: int
) -> List[Comparison]:
    """Compares the mean scores of two sides' finished runs; see `compare_runs`."""
    runs = [*first, *second]
    for run in runs:
        check_run(run)
    kind = task_kind_of(read_metrics(runs[0]))
    countable = [name for name, one in TASKS.items() if one.count_right is not None]
    require(kind.count_right is not None, f"{runs[0]} is a run of {kind.kind}; allowed: runs whose "
            f"right answers can be counted, of {', '.join(countable)}")
    assert kind.count_right is not None
    known = _known_labels(runs[0])
    gold, *others = [_rows(run / "predictions" / f"{split}.gold.tsv", kind, known) for run in runs]
    for run, other in zip(runs[1:], others):
        require(gold == other, f"{runs[0]} and {run} have different {split} sentences or labels; "
                "allowed: runs on the same task")
    paths = [run / "predictions" / f"{split}.student.tsv" for run in runs]
    found = [_rows(path, kind, known) for path in paths]
    for path, rows_found in zip(paths, found):
        require([row[0] for row in rows_found] == [row[0] for row in gold],
                f"{path} has {len(rows_found)} rows, which are not the texts of the {len(gold)} "
                f"gold ones; allowed: the file as its run wrote it")
    rows: Dict[str, List[list]] = collections.defaultdict(list)
    for (_, labels, language), *answers in zip(gold, *found):
        rows[language].append([kind.count_right(labels, answer) for _, answer, _ in answers])
    return paired_bootstrap({name: np.array(counts) for name, counts in rows.items()}, samples,
                            first_runs=len(first))
