"""Which score a run is about, and what scores are called."""

from typing import Any, Mapping

# In the order in which tables list them.
MEASURE_NAMES = {"macro_f1": "macro-F1", "micro_f1": "micro-F1", "accuracy": "accuracy",
                 "f1": "F1", "exact": "exact match", "best_f1": "best F1",
                 "best_exact": "best exact match", "matthews": "Matthews", "pearson": "Pearson",
                 "spearman": "Spearman"}


def measure_of(metrics: Mapping[str, Any]) -> str:
    """The score that chose epochs and steps, by its key in metrics.json."""
    return metrics.get("measure") or "macro_f1"


def measure_name(metrics: Mapping[str, Any]) -> str:
    """The same for people."""
    return MEASURE_NAMES[measure_of(metrics)]


def taught(metrics: Mapping[str, Any]) -> bool:
    """Whether a run had a teacher; one without names what its student started from instead."""
    return not metrics.get("start")
