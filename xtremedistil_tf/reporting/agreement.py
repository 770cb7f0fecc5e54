"""The report's section on agreement with the teacher, for runs without dev labels."""

from typing import Any, List, Mapping, Tuple

from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE
from xtremedistil_tf.metrics.measures import AGREEMENT
from xtremedistil_tf.reporting import run_metrics
from xtremedistil_tf.reporting.markdown import count_text, score_text, table

NAME = "agreement with the teacher"


def agreement_rows(metrics: Mapping[str, Any]) -> List[Tuple[str, str]]:
    """(name, value) of the measures of agreement; empty for runs with dev labels."""
    if not run_metrics.by_agreement(metrics):
        return []
    found = metrics["student"][AGREEMENT]
    rows = [(NAME, score_text(found[AGREEMENT]))]
    if "accuracy" in found:
        rows.append(("equal labels, %", score_text(found["accuracy"])))
    if "kl" in found:
        rows.append(("KL from the teacher, nats", f"{found['kl']:.4f}"))
    return rows


def agreement_section(metrics: Mapping[str, Any]) -> str:
    """Renders the agreement as Markdown; "" for runs with dev labels."""
    rows = agreement_rows(metrics)
    if not rows:
        return ""
    held = ((metrics.get("data") or {}).get("held_out") or {}).get("sentences")
    languages = metrics["student"][AGREEMENT]["languages"]
    parts = ["## Agreement with the teacher",
             f"No labels chose the epochs. On {count_text(held)} sentences of the transfer set "
             "that were held out, the teacher's own answers stand for labels; for tagging, "
             "agreement counts whole entities. It says how well the student imitates, not how "
             "often either is right.",
             table(["Measure", "Student"], rows)]
    if set(languages) != {DEFAULT_LANGUAGE}:
        parts.append(table(["Language", "Support", "Agreement"], [
            [code, count_text(entry["support"]), score_text(entry[AGREEMENT])]
            for code, entry in sorted(languages.items())]))
    return "\n\n".join(parts)
