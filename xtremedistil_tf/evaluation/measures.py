"""Which score a run is about, and what scores are called."""

from typing import Any, Mapping

MEASURE_NAMES = {"macro_f1": "macro-F1", "micro_f1": "micro-F1", "accuracy": "accuracy"}


def measure_of(metrics: Mapping[str, Any]) -> str:
    """The score that chose epochs and steps, by its key in metrics.json."""
    return metrics.get("measure") or "macro_f1"


def measure_name(metrics: Mapping[str, Any]) -> str:
    """The same for people."""
    return MEASURE_NAMES[measure_of(metrics)]
