"""Results of a study: one table, as Markdown and CSV."""

import csv
import dataclasses
import io
import math
import pathlib
import statistics
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.files.atomic import atomic_path
from xtremedistil_tf.metrics.measures import language_measure, measure_of
from xtremedistil_tf.metrics.significance import VERDICT, compare_sides
from xtremedistil_tf.reporting import paper, run_metrics
from xtremedistil_tf.reporting.markdown import ABSENT, score_text, table
from xtremedistil_tf.study.grids import Study, Variant
from xtremedistil_tf.tasks import task_kind_of
from xtremedistil_tf.validation.run_files import read_metrics

_SAMPLES = 10000


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a study's table.

    Attributes:
      name: name of the variant, stage or language.
      f1: mean over seeds of the mean over languages, 0 to 100.
      languages_std: mean over seeds of the standard deviation over languages.
      seeds_std: standard deviation over seeds; None for one seed.
      teacher: the teacher's F1; None if it has no scores.
      reported: the paper's score.
      dev: like `f1`, but on dev, if `f1` is on test.
      minutes: mean over seeds of the time of all stages; None if the line is a stage.
      parameters: parameters of its student, or of its students by language; None for a stage.
    """

    name: str
    f1: float
    languages_std: float
    seeds_std: Optional[float]
    teacher: Optional[float] = None
    reported: Optional[paper.Score] = None
    dev: Optional[float] = None
    minutes: Optional[float] = None
    parameters: Optional[int] = None


def _spread(values: Sequence[float]) -> Optional[float]:
    return statistics.stdev(values) if len(values) > 1 else None


def _line(
    name: str, scores: Sequence[Tuple[float, float]], *,
    reported: Optional[paper.Score] = None, **more: Any,
) -> Line:
    """Builds a line from (mean, standard deviation over languages) of each seed, and `more`."""
    means = [mean for mean, _ in scores]
    return Line(name, statistics.mean(means), statistics.mean(std for _, std in scores),
                _spread(means), reported=reported, **more)


def scored_split(records: Iterable[Mapping[str, Any]]) -> str:
    """Names the split on which runs are compared: "test", or "dev" if one has no test scores."""
    return min(run_metrics.scored_split(record["metrics"]) for record in records)


def _scores(
    seeds: Iterable[Sequence[Mapping[str, Any]]], who: str, split: str
) -> List[Tuple[float, float]]:
    """Mean and deviation over languages of each seed's run, or of its runs by language."""
    scores = []
    for records in seeds:
        f1: Dict[str, float] = {}
        for record in records:
            metrics = record["metrics"]
            key, _ = language_measure(metrics)
            languages = run_metrics.scores_of(metrics, who, split).get("languages") or {}
            f1.update((name, found[key]) for name, found in languages.items() if found["support"])
        if f1:
            scores.append((statistics.mean(f1.values()), statistics.pstdev(f1.values())))
    return scores


def _mean(scores: Sequence[Tuple[float, float]]) -> Optional[float]:
    return statistics.mean(mean for mean, _ in scores) if scores else None


def variant_lines(
    variants: Sequence[Variant], records: Sequence[Mapping[str, Any]]
) -> List[Line]:
    """One line for each variant, on the split of `scored_split`."""
    split = scored_split(records)
    lines = []
    for variant in variants:
        mine = [record for record in records if record["variant"] == variant.name]
        by_seed: Dict[int, list] = {}
        for record in mine:
            by_seed.setdefault(record["seed"], []).append(record)
        teacher = _mean(_scores(by_seed.values(), "teacher", split))
        dev = None if split == "dev" else _mean(_scores(by_seed.values(), "student", "dev"))
        # The seconds of all processes; those of metrics.json are the last one's alone.
        seconds = sum(
            stage["seconds"] for record in mine for stage in record["metrics"]["stages"])
        parameters = sum(
            record["metrics"]["student"]["parameters"] for record in next(iter(by_seed.values())))
        lines.append(_line(variant.name, _scores(by_seed.values(), "student", split),
                           teacher=teacher, reported=variant.reported, dev=dev,
                           minutes=seconds / 60 / len(by_seed), parameters=parameters))
    return lines


def stage_lines(records: Sequence[Mapping[str, Any]]) -> List[Line]:
    """One line for each stage, on dev, with the scores of the paper's Table 4."""
    names = [stage["name"] for stage in records[0]["metrics"]["stages"]]
    reported = [None, *(row.score for row in paper.TABLE_4)]
    if len(names) != len(reported):
        reported = [None] * len(names)
    lines = []
    for at, name in enumerate(names):
        dev = [record["metrics"]["stages"][at]["dev"] for record in records]
        key = measure_of(records[0]["metrics"])
        spread = task_kind_of(records[0]["metrics"]).spread
        lines.append(_line(name, [(found[key], found[spread] if spread else 0.0) for found in dev],
                           reported=reported[at]))
    return lines


def _number(value: Optional[float], *, form: str = ".2f") -> str:
    return ABSENT if value is None else format(value, form)


def _retention(line: Line) -> str:
    return f"{100 * line.f1 / line.teacher:.1f} %" if line.teacher else ABSENT


def lines_table(
    study: Study, lines: Sequence[Line], *, score: str = "F1"
) -> Tuple[List[str], List[List[str]]]:
    """(header, rows) of a table of lines, without empty columns; `score` names their scores."""
    header = [study.axis, f"{score} (std over languages)", "std over seeds", f"dev {score}",
              f"teacher's {score}", "of the teacher's", "parameters", "minutes of training",
              "paper: F1 (std)"]
    rows = []
    for line in lines:
        told = ABSENT
        if line.reported is not None:
            std = None if math.isnan(line.reported.std) else line.reported.std
            told = score_text(line.reported.f1, std)
        rows.append([line.name, score_text(line.f1, line.languages_std), _number(line.seeds_std),
                     _number(line.dev), _number(line.teacher), _retention(line),
                     _number(line.parameters, form=","), _number(line.minutes, form=".1f"), told])
    there = [at for at in range(len(header)) if any(row[at] != ABSENT for row in rows)]
    return [header[at] for at in there], [[row[at] for at in there] for row in rows]


def comparisons(
    study: Study, lines: Mapping[str, Sequence[pathlib.Path]], split: str
) -> List[str]:
    """Compares the study's pairs of lines on the sentences of a split, with significance.

    Args:
      study: the study, which defines the pairs.
      lines: run folders of each line, one for each seed.
      split: "test" or "dev".

    Returns:
      A note and a table, or nothing if the study has no pairs.
    """
    if not lines or task_kind_of(read_metrics(next(iter(lines.values()))[0])).count_right is None:
        return []  # A regression's right answers cannot be counted.
    found = [(first, second, compare_sides(lines[first], lines[second], split, _SAMPLES)[0])
             for first, second in study.pairs(list(lines))]
    if not found:
        return []
    rows = [[first, second, *mean.verdict()] for first, second, mean in found]
    told = f"Paired bootstrap over {split} sentences, scores averaged over seeds"
    told += "; the paper finds B better:" if study.orderings else ":"
    return ["", told, "", table(["A", "B", *VERDICT], rows, text=2)]


def language_table(
    labels: Mapping[str, int], alone: Mapping[str, float],
    records: Sequence[Mapping[str, Any]],
) -> Tuple[List[str], List[List[str]], Dict[str, List[float]]]:
    """(header, rows, F1 by model) of monolingual teachers, the joint teacher and the student.

    Args:
      labels: number of training rows by language.
      alone: F1 by language of the teacher fine-tuned on that language alone, on the split of
        `scored_split`.
      records: the joint runs, one for each seed.

    Source: paper Table 17 and Figure 2.
    """
    split = scored_split(records)

    def mean(who: str, name: str) -> float:
        return statistics.mean(
            run_metrics.scores_of(record["metrics"], who, split)["languages"][name]["f1"]
            for record in records)

    order = sorted(labels, key=lambda name: (labels[name], name))
    models = {"single teacher": [alone[name] for name in order],
              "joint teacher": [mean("teacher", name) for name in order],
              "student": [mean("student", name) for name in order]}
    header = ["language", "training rows", *models, "paper: single", "paper: joint",
              "paper: student"]
    rows = []
    for at, name in enumerate(order):
        found = paper.TABLE_17.get(name)
        told = [str(value) for value in (found.mbert_single, found.mbert, found.student)] \
            if found else [ABSENT] * 3
        rows.append([name, f"{labels[name]:,}", *(f"{f1[at]:.2f}" for f1 in models.values()),
                     *told])
    means = [f"{statistics.mean(f1):.2f}" for f1 in models.values()]
    reported = [f"{paper.TABLE_5[name].f1}" for name in ("mBERT-single", "mBERT", "XtremeDistil")]
    rows.append(["mean", f"{sum(labels.values()):,}", *means, *reported])
    return header, rows, models


def write_table(
    folder: pathlib.Path, title: str, header: Sequence[str], rows: Sequence[Sequence[str]],
    notes: Sequence[str],
) -> str:
    """Writes table.md and table.csv; returns the Markdown."""
    text = "\n".join([f"# {title}", "", table(header, rows), "", *notes, ""])
    with atomic_path(folder / "table.md") as temporary:
        temporary.write_text(text, "utf-8")
    written = io.StringIO()
    csv.writer(written).writerows([header, *rows])
    with atomic_path(folder / "table.csv") as temporary:
        temporary.write_text(written.getvalue(), "utf-8")
    return text
