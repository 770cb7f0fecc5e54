"""Kinds of task: one record each, one table.

A new kind of this package is a file here and a name in the line below that registers them. Another
package calls `register_task`, or offers an entry point of the group `xtremedistil_tf.tasks`.
"""

from typing import Any, Mapping

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.plugins import Registry
from xtremedistil_tf.tasks.base import CardWording, Lazy, TaskKind, Transfer
from xtremedistil_tf.tasks.classification import CLASSIFICATION
from xtremedistil_tf.tasks.multilabel import MULTILABEL
from xtremedistil_tf.tasks.question_answering import SPANS
from xtremedistil_tf.tasks.regression import REGRESSION
from xtremedistil_tf.tasks.tagging import BIOES_TAGGING, TAG_SCHEMES, TAGGING, WORD_TAGGING

__all__ = ["TAG_SCHEMES", "TASKS", "CardWording", "Lazy", "TaskKind", "Transfer", "register_task",
           "task_kind", "task_kind_of"]

TASKS: Registry[TaskKind] = Registry("task_kind", "xtremedistil_tf.tasks")


def register_task(record: TaskKind) -> TaskKind:
    """Adds a kind of task.

    Args:
      record: the kind.

    Returns:
      The record.

    Raises:
      UserError: if another kind has this name.

    Example:
      register_task(dataclasses.replace(TASKS["classification"], kind="rating", settings=None))
    """
    return TASKS.register(record.kind)(record)


for _record in (TAGGING, BIOES_TAGGING, WORD_TAGGING, CLASSIFICATION, MULTILABEL, REGRESSION,
                SPANS):
    register_task(_record)


def task_kind(name: str) -> TaskKind:
    """Returns the record of a kind of task.

    Args:
      name: name of the kind, as in metrics.json.

    Raises:
      UserError: if no kind has this name.
    """
    record = TASKS.find(name)
    if record.kind != name:
        raise UserError(f"the entry point {name!r} of xtremedistil_tf.tasks is the kind of task "
                        f"{record.kind!r}; allowed: an entry point named like its kind")
    return record


def task_kind_of(saved: Mapping[str, Any]) -> TaskKind:
    """Returns the record of the kind of task in a run's metrics.json or in a model's record.

    Args:
      saved: the JSON object; old objects without a kind are taggers.

    Raises:
      UserError: if no kind has this name.
    """
    return task_kind(saved.get("kind", TAGGING.kind))
