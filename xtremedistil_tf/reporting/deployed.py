"""The report's scores of text in the form that the runtimes read."""

from typing import Any, List, Mapping

from xtremedistil_tf.metrics.measures import measure_name, measure_of
from xtremedistil_tf.reporting import run_metrics
from xtremedistil_tf.reporting.markdown import score_text, table
from xtremedistil_tf.tasks import task_kind_of


def _whole(metrics: Mapping[str, Any]) -> str:
    """Compares the run's measure at `seq_len` with that of whole sentences."""
    key, spread = measure_of(metrics), task_kind_of(metrics).spread or ""
    rows: List[List[str]] = []
    for model in run_metrics.models_of(metrics):
        scores = metrics[model]
        if "deployed" not in scores:  # A finished teacher is scored at seq_len only.
            continue
        for split, whole in scores["deployed"].items():
            cut = scores[split]
            rows.append([split, model, score_text(cut[key], cut.get(spread)),
                         score_text(whole[key], whole.get(spread)),
                         f"{whole[key] - cut[key]:+.2f}"])
    rows.sort(key=lambda row: row[0])
    name, std = measure_name(metrics), " (std)" if spread else ""
    return table(["Split", "Model", f"{name[0].upper()}{name[1:]} at seq_len{std}",
                  f"As deployed{std}", "Difference"], rows, text=2)


def _as_written(metrics: Mapping[str, Any]) -> str:
    """F1 on running text, for languages that are written without spaces."""
    rows = [[split, language, model, score_text(metrics[model][split]["languages"][language]["f1"]),
             score_text(scores["f1"])]
            for model in run_metrics.models_of(metrics)
            for split, languages in metrics[model].get("as_written", {}).items()
            for language, scores in languages.items()]
    if not rows:
        return ""
    return "\n\n".join([
        "Languages without spaces between words, F1 of entities by their characters in running "
        "text, which the runtimes split into words themselves:",
        table(["Split", "Language", "Model", "F1 on given words", "F1 as written"], rows, text=3)])


def deployed_section(metrics: Mapping[str, Any]) -> str:
    """Renders the scores as deployed; "" for runs without them.

    Args:
      metrics: a run's metrics.json.

    Returns:
      Markdown. At `seq_len`, as in the paper, words that are cut off count as O. The runtimes do
      not truncate; they read long text in windows.
    """
    if "deployed" not in metrics["student"]:
        return ""
    parts = ["## As deployed",
             "At `seq_len`, as in the paper, words that are cut off count as O. The runtimes read "
             "long text in windows and cut nothing.", _whole(metrics), _as_written(metrics)]
    return "\n\n".join(part for part in parts if part)
