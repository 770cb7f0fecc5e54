"""The measure of a run, by key and by name, from its metrics.json."""

from typing import Any, Mapping

from xtremedistil_tf.tasks import task_kind_of


def measure_of(metrics: Mapping[str, Any]) -> str:
    """Key of the measure in metrics.json."""
    return metrics.get("measure") or task_kind_of(metrics).measures[0]


def measure_name(metrics: Mapping[str, Any]) -> str:
    """Name of the measure, for people."""
    return task_kind_of(metrics).scores[measure_of(metrics)]


def taught(metrics: Mapping[str, Any]) -> bool:
    """True if the run had a teacher; else metrics.json names the student's starting point."""
    return not metrics.get("start")
