r"""Distils a teacher into a small student: task folder in, run folder out.

Examples:
    python run_distillation.py --flagfile=flags/demo.flags --model_dir=runs/demo
    python run_distillation.py --task=DATA --do_NER --pt_teacher=TFAutoModel \
        --pt_teacher_checkpoint=bert-base-multilingual-cased --model_dir=runs/mine --dry_run
    python run_distillation.py --teacher_outputs=outputs.jsonl --model_dir=runs/topics
"""

import pathlib
import shlex
from typing import Any, Mapping

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.chosen import chosen_config, chosen_resources
from xtremedistil_tf.cli.options.option import define, given
from xtremedistil_tf.cli.options.run_flags import DISTILLATION

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the flags of this command."""
    define(DISTILLATION)


def tell(metrics: Mapping[str, Any], model_dir: pathlib.Path) -> None:
    """Prints the results of a run: scores, some predictions, and the paths of its outputs.

    Args:
      metrics: the run's metrics.json.
      model_dir: its folder.
    """
    from xtremedistil_tf.reporting.report import teacher_student_table
    from xtremedistil_tf.reporting.run_metrics import last_predictions
    from xtremedistil_tf.tasks import task_kind_of

    kind = task_kind_of(metrics)
    console.say(kind.showcase(model_dir / "predictions" / last_predictions(metrics)))
    console.say()
    saved = model_dir / "export" / "1"
    exports = f"   SavedModel: {saved}" if saved.is_dir() else ""
    console.say(f"report: {model_dir / 'report.md'}   student: {model_dir / 'student'}{exports}")
    console.say(f"try it: xtremedistil-serve --model_dir={shlex.quote(str(model_dir))}")
    for line in metrics["data"]["warnings"]:
        console.say(f"warning: {line}")
    console.say()
    # Last, since these lines are what stays on the screen.
    console.say(teacher_student_table(metrics))


def main() -> None:
    """Reads the flags, runs the job and prints its results."""
    flags_given = given(FLAGS, DISTILLATION)
    may_use, config = chosen_resources(flags_given), chosen_config(flags_given)
    # TensorFlow is imported after the flags are checked, so that mistakes are reported at once.
    from xtremedistil_tf.jobs.distillation import run_distillation, write_target_part
    from xtremedistil_tf.planning.plan import dry_run, start_run
    from xtremedistil_tf.runtime import prepare

    model_dir = pathlib.Path(FLAGS.model_dir)
    prepare(config.seed, config.deterministic, opt_policy=config.opt_policy)
    if FLAGS.dry_run:
        print(dry_run(config, model_dir, resources=may_use, overwrite=FLAGS.overwrite,
                      time_budget=FLAGS.time_budget))
        return
    if may_use.target_shard:
        print(write_target_part(config, model_dir, may_use))
        return
    config, forecast = start_run(config, model_dir, resources=may_use, overwrite=FLAGS.overwrite,
                                 time_budget=FLAGS.time_budget)
    metrics = run_distillation(config, model_dir, overwrite=FLAGS.overwrite, resources=may_use,
                               forecast=forecast)
    tell(metrics, model_dir)


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags)


if __name__ == "__main__":
    run()
