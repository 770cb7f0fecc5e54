"""The rows of a finished run that its student gets most wrong."""

from typing import Any, Dict, List, Mapping, Sequence

from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.tasks import TaskKind, task_kind
from xtremedistil_tf.tasks.parts import Judging

# Rows that report and card show.
MOST = 8


def shown_row(judging: Judging, row: Any, place: int) -> Dict[str, Any]:
    """Returns a labelled row for people: its number (from 1), language, text and gold labels."""
    return {"row": place + 1, "language": row.language, "text": row.text,
            "gold": judging.show_gold(row)}


def worst_rows(
    kind: TaskKind, rows: Sequence[Any], answers: Mapping[str, Sequence[Any]], *, most: int = MOST
) -> List[Dict[str, Any]]:
    """Returns the rows with the largest errors of the student, as text for people.

    Args:
      kind: the kind of task.
      rows: the labelled rows.
      answers: predictions by "student" and perhaps "teacher", one for each row.
      most: maximum number of rows.

    Returns:
      For each row its number (from 1), language, text, gold labels, and what each model says;
      empty if errors of this kind cannot be measured. Of equal errors the first rows are taken.

    Example:
      >>> from xtremedistil_tf.tasks import task_kind
      >>> worst_rows(task_kind("classification"), [], {"student": []})
      []
    """
    judging = kind.judging
    if judging is None:
        return []
    sizes = [judging.error_size(row.tags, answer) for row, answer in zip(rows, answers["student"])]
    order = sorted((at for at, size in enumerate(sizes) if size > 0), key=lambda at: -sizes[at])
    return [{**shown_row(judging, rows[at], at),
             **{who: judging.show_answer(rows[at], found[at]) for who, found in answers.items()}}
            for at in order[:most]]


def worst_of_run(task: Task, answers: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """Returns the entry "worst" of metrics.json: rows of test, or of dev without it.

    Args:
      task: the data.
      answers: predictions by "student" and perhaps "teacher", then by split.
    """
    split = next((name for name in ("test", "dev") if name in task.scored), None)
    if split is None:
        return {}
    found = {who: answers[who][split] for who in ("teacher", "student") if who in answers}
    return {"worst": {"split": split,
                      "rows": worst_rows(task_kind(task.labels.kind), task.examples[split], found)}}
