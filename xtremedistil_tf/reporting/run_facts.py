"""The report's facts of a run: warnings, time, data, and what distillation was worth."""

from __future__ import annotations

import math
from typing import Any, Mapping

from xtremedistil_tf.metrics.measures import measure_name, measure_of
from xtremedistil_tf.reporting import run_metrics
from xtremedistil_tf.reporting.markdown import ABSENT, cell_text, count_text, score_text, table

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
    # Each stage's record goes on after a kill; the parts are of one process.
    all_stages = sum(stage.get("seconds") or 0.0 for stage in metrics.get("stages") or ())
    if all_stages > (parts.get("stages") or math.inf):
        notes.append("The run was continued: these are the seconds of its last process. Its stages "
                     f"took {all_stages:,.1f} seconds in all.")
    if metrics.get("teacher_passes") is not None:
        notes.append(f"The teacher's passes over the transfer data: {metrics['teacher_passes']}.")
    return "\n\n".join(["## Where the time went", table(["Part", "Seconds", "Of total"], rows),
                        *notes])


def data_section(metrics: Metrics) -> str:
    """Renders the counts of every split.

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
    header = ["Split", *(key.replace("_", " ").replace("pieces", "subword tokens").capitalize()
                         for key in keys), "Languages",
              "Sentences a language"]
    return "\n\n".join(["## Data", table(header, rows) if rows else "No counts."])


def fitted(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values fitted on dev for a run's student; empty for older runs."""
    return (metrics.get("student") or {}).get("fitted_on_dev") or {}


def reliability_section(metrics: Mapping[str, Any]) -> str:
    """Tells the temperature, and the calibration error before and after; "" for older runs."""
    found = fitted(metrics)
    if "calibration" not in found:
        return ""
    changed = ("The transition scores belong to logits so divided." if "transitions" in found else
               "It changes no prediction, only its probability.")
    lines = [
        "## How sure, and how right",
        f"The student's logits are divided by {found['temperature']:.2f}, a temperature fitted on "
        f"dev. {changed} The calibration error on dev (mean distance between probability and share "
        "of right predictions) went from "
        f"{found['calibration']['before']:.3f} to {found['calibration']['after']:.3f}."]
    decoding = found.get("decoding") or {}
    if "trained" in decoding:
        lines.append(
            "With transition scores between tags, fitted on the other dev sentences (five-fold), "
            f"dev macro-F1 is {decoding['trained']:.2f}, without them "
            f"{decoding['constrained']:.2f} (sentences that seq_len does not cut). "
            f"{'The student has them' if decoding['kept'] else 'They are left out'}; its own dev "
            "scores are of the split on which they were fitted.")
    if "thresholds" in found:
        low, high = min(found["thresholds"]), max(found["thresholds"])
        lines.append("A label is given from its own probability on, chosen on dev: from "
                     f"{low:.2f} to {high:.2f}.")
    return "\n\n".join(lines)


def worst_section(metrics: Metrics) -> str:
    """Renders the rows with the student's largest errors; "" for older runs and without errors.

    Args:
      metrics: the run's metrics.json.

    Returns:
      A section of Markdown.
    """
    found = metrics.get("worst") or {}
    if not found.get("rows"):
        return ""
    models = [who for who in ("teacher", "student") if who in found["rows"][0]]
    rows = [[row["language"], *(cell_text(str(row[name])) or "none"
                                for name in ("text", "gold", *models))]
            for row in found["rows"]]
    return "\n\n".join([
        "## The worst errors",
        f"The {found['split']} rows that the student gets most wrong. xtremedistil-evaluate lists "
        "more of them.",
        table(["Language", "Text", "Gold", *(who.capitalize() for who in models)], rows,
              text=3 + len(models))])


def warnings_section(metrics: Metrics) -> str:
    """Renders a run's warnings; they stand on top of the report.

    Args:
      metrics: the run's metrics.json.

    Returns:
      A section of Markdown.
    """
    told = [f"- {' '.join(str(text).split())}"
            for text in (metrics.get("data") or {}).get("warnings") or []]
    return "\n\n".join(["## Warnings", "\n".join(told) or "None."])


def worth_text(metrics: Mapping[str, Any]) -> str:
    """Says in one sentence what distillation was worth; empty if it was not measured.

    Args:
      metrics: a run's metrics.json.
    """
    alone = metrics.get("alone") or {}
    split, key = run_metrics.scored_split(metrics), measure_of(metrics)
    own = run_metrics.scores_of(metrics, "student", split).get(key)
    other = (alone.get(split) or {}).get(key)
    if own is None or other is None:
        return ""
    teacher = run_metrics.scores_of(metrics, "teacher", split).get(key)
    told = (f"{split} {measure_name(metrics)}: teacher {score_text(teacher)}, student "
            f"{score_text(own)}, the same student on labels alone {score_text(other)}")
    worth = alone.get("worth")
    if not worth:
        return f"{told}."
    sure = worth["low"] > 0 or worth["high"] < 0
    return (f"{told}: distillation {'brought' if own >= other else 'cost'} "
            f"{abs(own - other):.2f} points (95 % interval {worth['low']:+.2f} to "
            f"{worth['high']:+.2f}{'' if sure else ', so it may be chance'}).")
