"""Reads metrics.json: models, splits, scores, retention."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from xtremedistil_tf.metrics.measures import AGREEMENT, language_measure, measure_of, taught
from xtremedistil_tf.tasks import task_kind_of


def models_of(metrics: Mapping[str, Any]) -> Tuple[str, ...]:
    """Names of a run's models: the teacher, if it has one, and the student."""
    return ("teacher", "student") if taught(metrics) else ("student",)


def models_text(metrics: Mapping[str, Any]) -> str:
    """Names of a run's models, for the beginning of a caption."""
    return " and ".join(models_of(metrics)).capitalize()


def by_agreement(metrics: Mapping[str, Any]) -> bool:
    """True if agreement with the teacher chose the epochs, for lack of dev labels."""
    return AGREEMENT in (metrics.get("student") or {})


def last_predictions(metrics: Mapping[str, Any]) -> str:
    """Name of the last file of predictions that a finished run has."""
    own = task_kind_of(metrics).predictions
    data = metrics.get("data")
    kept, held = own.split(".", 1)[0], "held_out" if by_agreement(metrics) else "dev"
    if not data or kept == held or kept == "test" and any(
            split.startswith("test") for split in data):
        return own
    return own.replace(kept, held, 1)


def is_scored(metrics: Mapping[str, Any]) -> bool:
    """True if the run's models have scores against labels."""
    return bool(scores_of(metrics, "student", scored_split(metrics)))


def in_paper(metrics: Mapping[str, Any]) -> bool:
    """True if the paper's figures may stand beside a run's: --compare_paper, or WikiAnn's data."""
    name = str(metrics.get("task", "")).lower()
    return bool(metrics.get("compare_paper", "wikiann" in name or "panx" in name))


def scored_split(metrics: Mapping[str, Any]) -> str:
    """Names the split on which a run's models are compared.

    Args:
      metrics: a run's metrics.json.

    Returns:
      "test" if all its models that have scores have test scores, else "dev". A run without dev
      labels has no scores on "dev".
    """
    scored = all((metrics.get(model) or {}).get("test") for model in models_of(metrics))
    # A teacher known by its outputs alone has no scores.
    alone = (metrics.get("student") or {}).get("test") and not any(
        (metrics.get("teacher") or {}).get(split) for split in ("dev", "test"))
    return "test" if scored or alone else "dev"


def scores_of(metrics: Mapping[str, Any], model: str, split: str) -> Mapping[str, Any]:
    """Returns one model's scores on one split.

    Args:
      metrics: a run's metrics.json.
      model: "teacher" or "student".
      split: "dev" or "test".

    Returns:
      The scores; empty if the run has none.
    """
    return (metrics.get(model) or {}).get(split) or {}


def retention(metrics: Mapping[str, Any]) -> Optional[float]:
    """Returns the student's score in percent of the teacher's.

    Args:
      metrics: a run's metrics.json.

    Returns:
      The recorded retention, or that of the scores, in percent. None without either, and if the
      teacher's score is zero.
    """
    if metrics.get("retention") is not None:
        return metrics["retention"]
    teacher, student = (scores_of(metrics, model, scored_split(metrics)).get(measure_of(metrics))
                        for model in ("teacher", "student"))
    if teacher is None or student is None or teacher <= 0:
        return None
    return 100.0 * student / teacher


def language_scores(
    metrics: Mapping[str, Any], model: str, split: str
) -> Tuple[str, Dict[str, Optional[float]]]:
    """Returns the score of each language that tables and figures show.

    Args:
      metrics: a run's metrics.json.
      model: "teacher" or "student".
      split: "dev" or "test".

    Returns:
      (name of the score, value by language: 0-100, or None without a score).
    """
    languages = scores_of(metrics, model, split).get("languages") or {}
    key, name = language_measure(metrics)
    return name, {code: entry.get(key) for code, entry in languages.items()}
