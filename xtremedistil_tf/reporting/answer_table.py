"""The report's table of scores in question answering."""

from typing import Any, Mapping

from xtremedistil_tf.reporting import run_metrics
from xtremedistil_tf.reporting.markdown import count_text, score_text, table

_PARTS = (("", "all questions"), ("HasAns_", "with an answer"), ("NoAns_", "without one"))


def answer_table(metrics: Mapping[str, Any]) -> str:
    """Scores on answerable and unanswerable questions, and the student's with a threshold.

    Args:
      metrics: a run's metrics.json.

    Returns:
      A section of Markdown; empty if the split has no scores.
    """
    split = run_metrics.scored_split(metrics)
    scores = run_metrics.scores_of(metrics, "student", split)
    if not scores:
        return ""
    models = {"": scores}
    teacher = run_metrics.scores_of(metrics, "teacher", split)
    if teacher:
        models = {"Teacher, ": teacher, "Student, ": scores}
    header = [f"{who}{name}" for who in models
              for name in ("exact match" if who else "Exact match", "F1")]
    rows = [[name, count_text(scores[f"{part}total"]),
             *(score_text(own[f"{part}{key}"]) for own in models.values()
               for key in ("exact", "f1"))]
            for part, name in _PARTS if f"{part}total" in scores]
    best = ", ".join(
        f"{name} {score_text(scores[f'best_{key}'])} at {scores[f'best_{key}_thresh']:.4f}"
        for key, name in (("exact", "exact match"), ("f1", "F1")))
    return "\n\n".join([
        f"## Questions, {split}",
        table(["Questions", "Support", *header], rows),
        "No answer is given where its score is above that of the best span, by 0 in this table. "
        f"With the student's best threshold on this split: {best}. The scores are those of SQuAD "
        "2.0's own script."])
