"""The score that a run is about, by key and by name, from its metrics.json."""

from typing import Any, Mapping

from xtremedistil_tf.tasks import task_kind_of


def measure_of(metrics: Mapping[str, Any]) -> str:
    """Key in metrics.json of the score that chose epochs and stages."""
    return metrics.get("measure") or task_kind_of(metrics).measures[0]


def measure_name(metrics: Mapping[str, Any]) -> str:
    """Name for people of the score that chose epochs and stages."""
    return task_kind_of(metrics).scores[measure_of(metrics)]


def taught(metrics: Mapping[str, Any]) -> bool:
    """Whether a run had a teacher; one without names what its student started from instead."""
    return not metrics.get("start")
