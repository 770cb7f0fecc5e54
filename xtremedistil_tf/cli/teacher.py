"""Fine-tunes a teacher on a task's labels, scores it and saves it."""

import pathlib

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.chosen import chosen_config
from xtremedistil_tf.cli.options.option import define, given
from xtremedistil_tf.cli.options.run_flags import DISTILLATION

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the flags of this command; also the student's, so that both share a flagfile."""
    define(DISTILLATION)


def main() -> None:
    """Fine-tunes or loads the teacher of --model_dir and prints its scores."""
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
