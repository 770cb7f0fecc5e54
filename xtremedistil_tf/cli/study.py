"""Runs a study of the paper, or a grid over any flags, and makes its table and plot."""

import pathlib
from typing import Any, Dict, List

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.flags_to_config import run_config
from xtremedistil_tf.cli.options.option import define, given
from xtremedistil_tf.cli.options.planning_flags import PLANNING_FLAGS
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.config import RunConfig, require
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.study.grids import STUDIES, Study, grid_study
from xtremedistil_tf.tasks import TaskKind, task_kind

FLAGS = flags.FLAGS
# Flags the study sets per run, or that do not apply to a study.
_OWN = {"model_dir", "seed", "teacher_model_dir", "targets_dir", "dry_run", "overwrite",
        "target_shard", "export", "forms", "keep_representation",
        # All runs of a study have the paper's defaults, and their lines are the baselines.
        *(option.name for option in PLANNING_FLAGS)}
_RUN_FLAGS = {option.name for option in DISTILLATION} - _OWN


def define_flags() -> None:
    """Defines the flags of this command: its own, and those that it passes to every run."""
    define(DISTILLATION)
    flags.DEFINE_enum("study", None, sorted(STUDIES), "The study of the paper to run.")
    flags.DEFINE_multi_string("grid", [],
                              "flag=value,value,...: run a grid instead of a study. Given twice, "
                              "it runs every pair of values.")
    flags.DEFINE_list("seeds", ["42"], "Seeds of every run.")
    flags.DEFINE_list("sizes", [],
                      "Sizes of the transfer set for low_resource and transfer_size. Default: an "
                      "eighth, a third and all.")
    flags.DEFINE_list("lines", [], "Names of the table's lines to run. Default: all.")
    flags.DEFINE_integer("jobs", 1,
                         "Number of runs at a time. They share the cores; each has its own GPU if "
                         "CUDA_VISIBLE_DEVICES names several.", lower_bound=1)


def _numbers(name: str) -> List[int]:
    values: List[str] = getattr(FLAGS, name)
    require(all(value.isdecimal() and int(value) > 0 for value in values),
            f"--{name} is {','.join(values)}; allowed: whole numbers above 0, comma between")
    return [int(value) for value in values]


def _shared() -> List[str]:
    """Returns the flags that every run gets, as command-line arguments."""
    return sorted(FLAGS[name].serialize() for name in _RUN_FLAGS if FLAGS[name].present)


def _check_kind(study: Study, kind: TaskKind) -> None:
    """Refuses a study of taggers for texts, and of texts for taggers."""
    for_texts, fits = study.of_texts, {None: True, True: kind.pooled, False: kind.tags_words}
    if fits[for_texts]:
        return
    allowed = sorted(name for name, one in STUDIES.items() if fits[one.of_texts])
    raise UserError(f"--study={FLAGS.study} is of {'texts' if for_texts else 'taggers (--do_NER)'};"
                    f" this task is one of {kind.kind}: allowed are {', '.join(allowed)}, and "
                    "--grid")


def _derived(config: RunConfig) -> Dict[str, Any]:
    """Returns the values of the flags whose defaults other settings determine."""
    places = {option.name: option.sets[0].split(".") for option in DISTILLATION
              if option.derived and option.name in _RUN_FLAGS}
    return {name: getattr(getattr(config, part), field) for name, (part, field) in places.items()
            if not FLAGS[name].present and part != "run"}


def main() -> None:
    """Runs the missing runs, then writes and prints the table."""
    require(bool(FLAGS.study) != bool(FLAGS.grid),
            f"--study or --grid is needed, and not both; studies: {', '.join(sorted(STUDIES))}")
    # A flagfile for runs may ask for a baseline; the lines of a study are its own.
    for name in sorted(_OWN - {"model_dir", "baseline"}):
        require(not FLAGS[name].present, f"--{name} is set by the study; leave it out")
    config = run_config(given(FLAGS, DISTILLATION))
    for split in ("train", "dev"):
        path = pathlib.Path(config.data.task, config.data.files[split])
        require(path.is_file(), f"{path}: file not found; a study compares scores, so it needs "
                "labels. Runs without labels are compared by the agreement in their reports")
    study = STUDIES[FLAGS.study] if FLAGS.study else grid_study(FLAGS.grid)
    _check_kind(study, task_kind(config.data.kind))
    from xtremedistil_tf.study import report
    from xtremedistil_tf.study.runner import Runner

    seeds = _numbers("seeds")
    folder = pathlib.Path(FLAGS.model_dir)
    shared = {**{name: FLAGS[name].value for name in _RUN_FLAGS}, **_derived(config)}
    runner = Runner(folder, base=_shared(), given=shared, data=config.data, sizes=_numbers("sizes"),
                    jobs=FLAGS.jobs)
    variants, records = runner.run(study, seeds, lines=FLAGS.lines)
    name = FLAGS.study or f"grid_{study.axis}"
    console.say(report.write(folder / name, study, variants, records=records, runner=runner,
                             seeds=seeds))
    console.say(f"table: {folder / name / 'table.md'}   plot: {folder / name / 'plot.png'}")


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags)


if __name__ == "__main__":
    run()
