"""The worth of a cascade of two models: its score over the share of rows asked of the second."""

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
      Points with `below` (the value for --ask_teacher_below), and with the `share` of rows that it
      asks and their `score`. Rows that are equally sure are asked together, those of 1 never.
    """
    gold, languages = [row.tags for row in rows], [row.language for row in rows]
    sure = sureness(probabilities)
    ranked = [*np.sort(sure).tolist(), 1.0]
    points: Dict[float, Dict[str, float]] = {}
    for below in sorted({0.0, *(ranked[round(share * len(rows))] for share in _SHARES[1:])}):
        asked = sure < below
        mixed = [second if ask else first for first, second, ask in zip(*answers, asked)]
        share = float(asked.mean())
        points.setdefault(share, {"share": share, "below": below, "score": float(
            kind.score(gold, mixed, languages, labels.tags)[measure])})
    return list(points.values())
