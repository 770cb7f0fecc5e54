"""The report's sections on a run's time and data."""

from __future__ import annotations

from typing import Any, Mapping

from xtremedistil_tf.reporting.markdown import ABSENT, count_text, table

Metrics = Mapping[str, Any]


def time_section(metrics: Metrics) -> str:
    """Renders the run's time by part.

    Args:
        metrics: the run's metrics.json.

    Returns:
        A section of Markdown.
    """
    parts = dict(metrics.get("seconds") or {})
    total = parts.pop("total", None)
    rows = [[name, f"{value:,.1f}", f"{100.0 * value / total:.1f} %" if total else ABSENT]
            if isinstance(value, (int, float)) else [name, ABSENT, ABSENT]
            for name, value in parts.items()]
    rows.append(["**total**", ABSENT if total is None else f"{total:,.1f}", ABSENT])
    notes = []
    if None in parts.values():
        notes.append(f"`{ABSENT}` marks a part this run did not time.")
    if metrics.get("teacher_passes") is not None:
        notes.append(f"The teacher's passes over the transfer data: {metrics['teacher_passes']}.")
    return "\n\n".join(["## Where the time went", table(["Part", "Seconds", "Of total"], rows),
                        *notes])


def data_section(metrics: Metrics) -> str:
    """Renders the counts of every split and the warnings about the data.

    Args:
        metrics: the run's metrics.json.

    Returns:
        A section of Markdown.
    """
    data = metrics.get("data") or {}
    splits = {name: entry for name, entry in data.items() if isinstance(entry, Mapping)}
    keys = list(dict.fromkeys(key for entry in splits.values() for key, value in entry.items()
                              if isinstance(value, (int, float))))
    rows = []
    for name, entry in splits.items():
        sizes = list((entry.get("languages") or {}).values())
        rows.append([name, *(count_text(entry.get(key)) for key in keys), len(sizes) or ABSENT,
                     f"{min(sizes):,} to {max(sizes):,}" if sizes else ABSENT])
    header = ["Split", *(key.replace("_", " ").capitalize() for key in keys), "Languages",
              "Sentences a language"]
    warnings = [f"- {' '.join(str(text).split())}" for text in data.get("warnings") or []]
    return "\n\n".join(["## Data", table(header, rows) if rows else "No counts.",
                        "### Warnings", "\n".join(warnings) or "No warnings."])


def fitted(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was fitted on dev for a run's student; empty for older runs."""
    return (metrics.get("student") or {}).get("fitted_on_dev") or {}


def reliability_section(metrics: Mapping[str, Any]) -> str:
    """Tells the temperature, and the calibration error before and after; "" for older runs."""
    found = fitted(metrics)
    if "calibration" not in found:
        return ""
    lines = [
        "## How sure, and how right",
        f"The student's logits are divided by {found['temperature']:.2f}, a temperature fitted on "
        "dev. It changes no prediction, only its probability. The calibration error on dev (mean "
        "distance between probability and share of right predictions) went from "
        f"{found['calibration']['before']:.3f} to {found['calibration']['after']:.3f}."]
    if "thresholds" in found:
        low, high = min(found["thresholds"]), max(found["thresholds"])
        lines.append("A label is given from its own probability on, chosen on dev: from "
                     f"{low:.2f} to {high:.2f}.")
    return "\n\n".join(lines)
