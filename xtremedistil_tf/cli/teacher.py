"""Fine-tunes a teacher on a task's labels, scores it and saves it.

Examples:
    python run_teacher.py --flagfile=flags/demo.flags --model_dir=runs/teacher
"""

import pathlib
from typing import AbstractSet

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.chosen import chosen_config
from xtremedistil_tf.cli.options.option import define, given
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.config import require

FLAGS = flags.FLAGS
# Flags of a whole distillation that would change what this command does, and does not.
_REFUSED = frozenset({"dry_run", "target_shard", "time_budget"})


def define_flags() -> AbstractSet[str]:
    """Defines the flags of this command; also the student's, so that both share a flagfile.

    Returns:
      names of the flags that this command refuses.
    """
    define(DISTILLATION)
    return _REFUSED


def main() -> None:
    """Fine-tunes or loads the teacher of --model_dir and prints its scores."""
    for name in sorted(_REFUSED):
        require(not FLAGS[name].present, f"--{name} is for run_distillation.py, whose plan has the "
                "teacher, too; leave it out here")
    config = chosen_config(given(FLAGS, DISTILLATION))
    from xtremedistil_tf.jobs.teacher import run_teacher
    from xtremedistil_tf.runtime import prepare
    from xtremedistil_tf.tasks import task_kind

    prepare(config.seed, config.deterministic, opt_policy=config.opt_policy)
    scores = run_teacher(config, pathlib.Path(FLAGS.model_dir), overwrite=FLAGS.overwrite)
    for split, found in scores.items():
        console.say(f"{split}: {task_kind(config.data.kind).describe(found)}")


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags)


if __name__ == "__main__":
    run()
