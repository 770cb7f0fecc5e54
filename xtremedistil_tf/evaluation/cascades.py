"""What a cascade of two models is worth: its score over the share of rows asked of the second."""

from typing import Any, Dict, List, Sequence

import numpy as np

from xtremedistil_tf.inference.cascade import sureness
from xtremedistil_tf.tasks import TaskKind

_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


def cascade_curve(
    kind: TaskKind, rows: Sequence[Any], answers: Sequence[Sequence[Any]],
    probabilities: Sequence[Any], labels: Any, measure: str,
) -> List[Dict[str, float]]:
    """Scores cascades that ask the second model for the rows where the first is least sure.

    Args:
      kind: the kind of task.
      rows: the labelled rows.
      answers: of the first and of the second model.
      probabilities: of the first model's answers, see `TextModel.predict_scored`.
      labels: the label set.
      measure: the score to take.

    Returns:
      For each share of rows: `share`, `below` (the value for --ask_teacher_below) and `score`.
    """
    gold, languages = [row.tags for row in rows], [row.language for row in rows]
    sure = sureness(probabilities)
    order = np.argsort(sure, kind="stable")
    points = []
    for share in _SHARES:
        asked = order[:round(share * len(rows))]
        mixed = list(answers[0])
        for row in asked:
            mixed[row] = answers[1][row]
        below = 0.0 if not len(asked) else 1.0 if len(asked) == len(rows) else float(
            sure[order[len(asked)]])
        points.append({"share": share, "below": below, "score": float(
            kind.score(gold, mixed, languages, labels.tags)[measure])})
    return points
