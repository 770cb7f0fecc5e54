r"""Distils a teacher on raw text into a small encoder without a task, for any task to start from.

Examples:
    xtremedistil-pretrain --pt_teacher_checkpoint=intfloat/multilingual-e5-small \
        --transfer_file=raw.txt --num_hidden_layers=3 --model_dir=runs/small
"""

import pathlib
import shlex

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.option import define, given
from xtremedistil_tf.cli.options.pretraining_flags import PRETRAINING, pretraining_config

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the flags of this command."""
    define(PRETRAINING)


def main() -> None:
    """Reads the flags, runs the job and prints where the checkpoint is."""
    config, model_dir = pretraining_config(given(FLAGS, PRETRAINING)), pathlib.Path(FLAGS.model_dir)
    from xtremedistil_tf.pretraining.job import CHECKPOINT, dry_run, run_pretraining
    from xtremedistil_tf.runtime import prepare

    prepare(config.seed, config.deterministic, opt_policy=config.opt_policy)
    if FLAGS.dry_run:
        print(dry_run(config))
        return
    record = run_pretraining(config, model_dir, overwrite=FLAGS.overwrite)
    console.say(record["student"]["description"])
    console.say(f"checkpoint: {model_dir / CHECKPOINT}   use it: xtremedistil-finetune "
                f"--pt_student_checkpoint={shlex.quote(str(model_dir / CHECKPOINT))}")


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags)


if __name__ == "__main__":
    run()
