"""Distillation and fine-tuning from Python: the commands' jobs in this process."""

import pathlib
from typing import Any, Dict, Tuple

from xtremedistil_tf.api.keywords import parse, takes
from xtremedistil_tf.api.result import Run
from xtremedistil_tf.api.session import run_of
from xtremedistil_tf.cli.options.chosen import chosen_config, chosen_resources
from xtremedistil_tf.cli.options.flags_to_config import finetune_config, resources, run_config
from xtremedistil_tf.cli.options.run_flags import DISTILLATION, FINE_TUNING
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.hub.folders import student_on_hub

# Flags with which a command trains no student.
_COMMANDS_ONLY = ("dry_run", "target_shard")


def _refuse(given: Dict[str, Any], names: Tuple[str, ...]) -> None:
    for name in names:
        if given.get(name):
            raise UserError(f"--{name} is for commands, which then train no student; for the plan "
                            "there is xtremedistil_tf.plan")


@takes(DISTILLATION, without=_COMMANDS_ONLY)
def distil(**flags: Any) -> Run:
    """Distils a teacher into a student; resumes a run that was stopped.

    It runs the job of `xtremedistil-distill` in this process. Afterwards, seeds and TensorFlow's
    settings stay as the run has set them.

    Args:
      flags: the command's flags by name (docs/reference/flags.md), as Python values: lists for
        comma-separated lists, a dict for `stage_epochs`. `task` and `model_dir` are required.
        `flagfile` names one flagfile or several. `quiet` and `verbose` work as on the command line.

    Returns:
      The run: metrics, report, plots and the student.

    Raises:
      UserError: for every mistake in settings or data, with the command's message.

    Example:
      run = xtremedistil_tf.distil(
          task="data/ner", model_dir="runs/demo", flagfile="flags/demo.flags",
          word_emb_dim=50, stage_epochs={"representation": 8})
      run.metrics["student"]["test"]["macro_f1"]
      run.student("Paul Bergmann arbeitet in Berlin.")
    """
    given = parse(DISTILLATION, flags)
    _refuse(given, _COMMANDS_ONLY)
    config, may_use = run_config(given), chosen_resources(given)
    folder = pathlib.Path(given["model_dir"])
    with run_of(config, given):
        config = chosen_config(given)
        # TensorFlow is imported after the flags are checked, so that mistakes are reported at once.
        from xtremedistil_tf.jobs.distillation import run_distillation
        from xtremedistil_tf.planning.plan import start_run

        anew = bool(given.get("overwrite", False))
        config, forecast = start_run(config, folder, resources=may_use, overwrite=anew,
                                     time_budget=given.get("time_budget"))
        run_distillation(
            config, folder, overwrite=anew, resources=may_use, forecast=forecast)
    return Run(folder)


@takes(FINE_TUNING, without=("dry_run",))
def finetune(**flags: Any) -> Run:
    """Fine-tunes a small checkpoint or a finished student on labels, without a teacher.

    It runs the job of `xtremedistil-finetune` in this process.

    Args:
      flags: the command's flags by name; see `distil`. `pt_student_checkpoint` or `student_dir` is
        the start.

    Returns:
      The run; see `distil`.

    Raises:
      UserError: for every mistake in settings or data, with the command's message.

    Example:
      run = xtremedistil_tf.finetune(
          task="data/ner", model_dir="runs/further", do_NER=True, student_dir="runs/demo",
          ft_epochs=2)
    """
    given = parse(FINE_TUNING, flags)
    _refuse(given, ("dry_run",))
    config, folder = finetune_config(given), pathlib.Path(given["model_dir"])
    start = given.get("student_dir")
    with run_of(config, given):
        from xtremedistil_tf.jobs.finetuning import run_fine_tuning

        run_fine_tuning(config, folder,
                        student_dir=None if start is None else student_on_hub(start),
                        overwrite=given.get("overwrite", False), resources=resources(given))
    return Run(folder)


@takes(DISTILLATION, without=_COMMANDS_ONLY)
def plan(**flags: Any) -> str:
    """Returns the stages of a distillation as a table of text; trains and writes nothing.

    Args:
      flags: see `distil`.

    Raises:
      UserError: for everything that the run would refuse, such as a disk that is too small.

    Example:
      print(xtremedistil_tf.plan(flagfile="flags/demo.flags", model_dir="runs/demo"))
    """
    given = parse(DISTILLATION, flags)
    _refuse(given, ("target_shard",))
    config = run_config(given)
    with run_of(config, given):
        from xtremedistil_tf.planning.plan import dry_run

        config = chosen_config(given)
        return dry_run(config, pathlib.Path(given["model_dir"]), resources=chosen_resources(given),
                       overwrite=bool(given.get("overwrite", False)),
                       time_budget=given.get("time_budget"))
