"""XtremeDistil in TensorFlow 2: distils large taggers and text classifiers into small students.

A name is imported when it is first used, so `import xtremedistil_tf` takes no time.

Example:
    import xtremedistil_tf

    run = xtremedistil_tf.distil(flagfile="flags/demo.flags", model_dir="runs/first")
    run.student("Paul Bergmann arbeitet in Berlin.")
"""

from xtremedistil_tf.environment import silence_libraries
from xtremedistil_tf.version import __version__

silence_libraries()

TYPE_CHECKING = False  # Type checkers know the name; typing itself is not imported for it.
if TYPE_CHECKING:
    from typing import Any, List

    from xtremedistil_tf.api.evaluation import evaluate
    from xtremedistil_tf.api.result import Run
    from xtremedistil_tf.api.runs import distil, finetune, plan
    from xtremedistil_tf.config import (
        Architecture,
        DataConfig,
        DistilConfig,
        Resources,
        RunConfig,
        SquadConfig,
        StudentConfig,
        TeacherConfig,
        register_student,
    )
    from xtremedistil_tf.corpora.readers.formats import register_reader
    from xtremedistil_tf.errors import UserError
    from xtremedistil_tf.inference.runtimes.load import load
    from xtremedistil_tf.integrations.frames import tag_column
    from xtremedistil_tf.tasks import register_task
    from xtremedistil_tf.teachers import register_teacher
    from xtremedistil_tf.training.loss_table import register_loss
    from xtremedistil_tf.training.strategies import register_strategy

# Where each public name is; the imports above say the same to type checkers and editors.
_PLACES = {
    "distil": "api.runs",
    "evaluate": "api.evaluation",
    "finetune": "api.runs",
    "load": "inference.runtimes.load",
    "plan": "api.runs",
    "Architecture": "config",
    "DataConfig": "config",
    "DistilConfig": "config",
    "Resources": "config",
    "Run": "api.result",
    "RunConfig": "config",
    "SquadConfig": "config",
    "StudentConfig": "config",
    "TeacherConfig": "config",
    "UserError": "errors",
    "register_loss": "training.loss_table",
    "register_reader": "corpora.readers.formats",
    "register_strategy": "training.strategies",
    "register_student": "config",
    "register_task": "tasks",
    "register_teacher": "teachers",
    "tag_column": "integrations.frames",
}

__all__ = [
    "Architecture", "DataConfig", "DistilConfig", "Resources", "Run", "RunConfig", "SquadConfig",
    "StudentConfig", "TeacherConfig", "UserError", "__version__", "distil", "evaluate", "finetune",
    "load", "plan", "register_loss", "register_reader", "register_strategy", "register_student",
    "register_task", "register_teacher", "tag_column",
]


if not TYPE_CHECKING:  # Else a name that there is not would be no error for type checkers.
    def __getattr__(name: str) -> "Any":
        import importlib

        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
        globals()[name] = found
        return found


def __dir__() -> "List[str]":
    return sorted(__all__)
