"""Fine-tunes a small checkpoint or a finished student on a task's labels, without a teacher.

Examples:
    xtremedistil-finetune --task=DATA --pt_student_checkpoint=MODEL --model_dir=runs/mine
"""

import pathlib

from absl import flags

from xtremedistil_tf.cli.distill import tell
from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.flags_to_config import finetune_config, resources
from xtremedistil_tf.cli.options.option import define, given, without_choice
from xtremedistil_tf.cli.options.run_flags import FINE_TUNING
from xtremedistil_tf.hub.folders import student_on_hub

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the flags of this command."""
    define(without_choice(FINE_TUNING))


def main() -> None:
    """Reads the flags, runs the job and prints its results."""
    config, model_dir = finetune_config(given(FLAGS, FINE_TUNING)), pathlib.Path(FLAGS.model_dir)
    student_dir = student_on_hub(FLAGS.student_dir) if FLAGS.student_dir else None
    may_use = resources(given(FLAGS, FINE_TUNING))
    from xtremedistil_tf.jobs.finetuning import dry_run, run_fine_tuning
    from xtremedistil_tf.runtime import prepare

    prepare(config.seed, config.deterministic, opt_policy=config.opt_policy)
    if FLAGS.dry_run:
        print(dry_run(config, model_dir, student_dir=student_dir, resources=may_use))
        return
    metrics = run_fine_tuning(config, model_dir, student_dir=student_dir, overwrite=FLAGS.overwrite,
                              resources=may_use)
    tell(metrics, model_dir)


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags)


if __name__ == "__main__":
    run()
