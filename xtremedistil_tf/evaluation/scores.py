"""Scores of one or two models on labelled rows: scores, intervals, calibration, worst rows."""

import collections
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from xtremedistil_tf.evaluation.cascades import cascade_curve
from xtremedistil_tf.evaluation.subjects import Subject
from xtremedistil_tf.evaluation.worst import shown_row
from xtremedistil_tf.metrics.significance import difference, interval
from xtremedistil_tf.metrics.uncertainty.calibration import calibration
from xtremedistil_tf.metrics.uncertainty.resampling import resample
from xtremedistil_tf.tasks import TaskKind, task_kind
from xtremedistil_tf.version import __version__


class Settings(NamedTuple):
    """Settings of an evaluation.

    Attributes:
      samples: number of bootstrap samples; 0 for no intervals.
      seed: seed of the samples.
      worst: number of rows to show in each list of errors.
    """

    samples: int = 1000
    seed: int = 0
    worst: int = 20


class _Found(NamedTuple):
    """A model's predictions.

    Attributes:
      answers: one for each row.
      probabilities: of the units of each row; None without.
      seconds: time that the predictions took.
    """

    answers: List[Any]
    probabilities: Optional[List[Any]]
    seconds: float


def _predicted(subject: Subject, rows: Sequence[Any]) -> _Found:
    began = time.perf_counter()
    answers, probabilities = subject.predict(rows)
    return _Found(answers, probabilities, time.perf_counter() - began)


def _scored(kind: TaskKind, rows: Sequence[Any], answers: Sequence[Any], labels: Any
            ) -> Dict[str, Any]:
    return kind.score_fully([row.tags for row in rows], answers, [row.language for row in rows],
                            labels)


def _calibrated(kind: TaskKind, rows: Sequence[Any], found: _Found) -> Optional[Dict[str, Any]]:
    judging = kind.judging
    if judging is None or judging.unit_right is None or found.probabilities is None:
        return None
    right = [judging.unit_right(row.tags, answer) for row, answer in zip(rows, found.answers)]
    return calibration(np.concatenate(found.probabilities), np.concatenate(right))


def _model(kind: TaskKind, subject: Subject, rows: Sequence[Any], found: _Found
           ) -> Dict[str, Any]:
    model: Dict[str, Any] = {
        "name": subject.name, "scores": _scored(kind, rows, found.answers, subject.labels)}
    if subject.model is not None:
        model["seconds"] = found.seconds
        cut = subject.model.cut_at_seq_len()
        if cut is not None:
            model["at_seq_len"] = _scored(kind, rows, cut.predict(rows), subject.labels)
    calibrated = _calibrated(kind, rows, found)
    return model if calibrated is None else {**model, "calibration": calibrated}


def _bootstrap(kind: TaskKind, models: List[Dict[str, Any]], subjects: Sequence[Subject],
               rows: Sequence[Any], found: Sequence[_Found], settings: Settings) -> Dict[str, Any]:
    """Adds intervals to the models; returns the differences of two."""
    if kind.judging is None or not settings.samples:
        return {}
    languages = [row.language for row in rows]
    scored = kind.judging.resampled([row.tags for row in rows], [one.answers for one in found],
                                    languages, subjects[0].labels)
    drawn = resample(scored, languages, settings.samples, seed=settings.seed)
    for place, model in enumerate(models):
        model["intervals"] = {name: interval(scores[:, place]) for name, scores in drawn.items()}
    if len(models) < 2:
        return {}
    return {name: difference([model["scores"][name] for model in models], scores)
            for name, scores in drawn.items()}


def _row(kind: TaskKind, row: Any, found: Sequence[_Found], place: int) -> Dict[str, Any]:
    assert kind.judging is not None
    predicted = [kind.judging.show_answer(row, one.answers[place]) for one in found]
    sure = [None if one.probabilities is None or not len(one.probabilities[place])
            else float(np.mean(one.probabilities[place])) for one in found]
    return {**shown_row(kind.judging, row, place), "predicted": predicted, "probability": sure}


def _errors(kind: TaskKind, rows: Sequence[Any], found: Sequence[_Found], most: int
            ) -> Dict[str, Any]:
    """The rows with the largest errors, and those where two models differ most."""
    judging = kind.judging
    if judging is None:
        return {}
    sizes = np.array([[judging.error_size(row.tags, answer) for row, answer in
                       zip(rows, one.answers)] for one in found])
    sure = np.array([[np.mean(own) if len(own) else 0.0 for own in one.probabilities]
                     if one.probabilities is not None else np.zeros(len(rows)) for one in found])

    def first(ranks: np.ndarray) -> List[Dict[str, Any]]:
        # Among equal errors, those first that the models were surest of.
        order = np.lexsort((-sure.sum(axis=0), -ranks))[:most]
        return [_row(kind, rows[at], found, int(at)) for at in order if ranks[at] > 0]

    errors = {"wrong_rows": [int((own > 0).sum()) for own in sizes],
              "worst": first(sizes.sum(axis=0))}
    if len(found) < 2:
        return errors
    return {**errors, "first_better": first(sizes[1] - sizes[0]),
            "second_better": first(sizes[0] - sizes[1])}


def evaluate_subjects(
    subjects: Sequence[Subject], rows: Sequence[Any], *, data: str, measure: Optional[str] = None,
    settings: Optional[Settings] = None,
) -> Dict[str, Any]:
    """Scores one or two models on the same labelled rows.

    Args:
      subjects: the models, with equal labels.
      rows: the labelled rows.
      data: name of the data, for the report.
      measure: the measure of the headline; None for the first of the kind of task.
      settings: None for the defaults.

    Returns:
      JSON values: `kind`, `measure`, `data`, and `models`, one object each: `scores` as deployed,
      `at_seq_len` (taggers: words beyond the training's seq_len are O, as in metrics.json),
      `intervals` (95 %, by measure), `calibration`, `seconds`. For two models `difference`, second
      minus first, and `cascade`, see `cascade_curve`. `errors` has the worst rows.
    """
    settings = settings or Settings()
    kind = task_kind(subjects[0].labels.kind)
    found = [_predicted(subject, rows) for subject in subjects]
    models = [_model(kind, subject, rows, one) for subject, one in zip(subjects, found)]
    apart = _bootstrap(kind, models, subjects, rows, found, settings)
    languages = collections.Counter(row.language for row in rows)
    measure = measure or kind.measures[0]
    curve = {}
    if len(found) > 1 and found[0].probabilities is not None:
        curve = {"cascade": cascade_curve(
            kind, rows, [one.answers for one in found], found[0].probabilities,
            subjects[0].labels, measure)}
    return {
        "version": __version__, "kind": kind.kind, "measure": measure,
        "data": {"name": data, "rows": len(rows), "languages": dict(sorted(languages.items()))},
        "samples": settings.samples, "models": models,
        **({"difference": apart} if apart else {}), **curve,
        "errors": _errors(kind, rows, found, settings.worst)}
