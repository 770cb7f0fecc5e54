"""The measure of a run, by key and by name, from its metrics.json."""

from typing import Any, Mapping, Tuple

from xtremedistil_tf.tasks import task_kind_of

# Agreement with the teacher, the measure on dev of runs without dev labels.
AGREEMENT = "agreement"


def measure_of(metrics: Mapping[str, Any]) -> str:
    """Key of the measure in metrics.json."""
    return metrics.get("measure") or task_kind_of(metrics).measures[0]


def measure_name(metrics: Mapping[str, Any]) -> str:
    """Name of the measure, for people."""
    return task_kind_of(metrics).scores[measure_of(metrics)]


def language_measure(metrics: Mapping[str, Any]) -> Tuple[str, str]:
    """Key and name of the score of a language: F1 of entities for taggers, else the measure."""
    return task_kind_of(metrics).language_score or (measure_of(metrics), measure_name(metrics))


def taught(metrics: Mapping[str, Any]) -> bool:
    """True if the run had a teacher; else metrics.json names the student's starting point."""
    return not metrics.get("start")
