"""Runs a study of the paper, or a grid over any flags, and makes its table and plot."""

import pathlib
from typing import AbstractSet, Any, Dict, List, Sequence

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.flags_to_config import run_config
from xtremedistil_tf.cli.options.option import define, given
from xtremedistil_tf.cli.options.planning_flags import PLANNING_FLAGS
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.config import RunConfig, require
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.study.grids import STUDIES, Study, grid_study, preset_study
from xtremedistil_tf.tasks import TaskKind, task_kind

FLAGS = flags.FLAGS
# Flags the study sets per run, or that do not apply to a study.
_OWN = {"model_dir", "seed", "teacher_model_dir", "targets_dir", "dry_run", "overwrite",
        "target_shard", "export", "forms", "keep_representation",
        # All runs of a study have the paper's defaults, and their lines are the baselines.
        *(option.name for option in PLANNING_FLAGS)}
_RUN_FLAGS = {option.name for option in DISTILLATION} - _OWN


def define_flags() -> AbstractSet[str]:
    """Defines the flags of this command: its own, and those that it passes to every run.

    Returns:
      names of the flags of a run that a study refuses.
    """
    define(DISTILLATION)
    flags.DEFINE_enum("study", None, sorted(STUDIES), "The study of the paper to run.")
    flags.DEFINE_multi_string("grid", [],
                              "flag=value,value,...: run a grid instead of a study. Given twice, "
                              "it runs every pair of values.")
    flags.DEFINE_list("presets", [],
                      "Flagfiles: run a study with one line without and one with each of them. "
                      "Their flags win over the others of this command.")
    flags.DEFINE_list("seeds", ["42"], "Seeds of every run.")
    flags.DEFINE_list("sizes", [],
                      "Sizes of the transfer set for low_resource and transfer_size. Default: an "
                      "eighth, a third and all.")
    flags.DEFINE_list("lines", [], "Names of the table's lines to run. Default: all.")
    flags.DEFINE_integer("jobs", 1,
                         "Number of runs at a time. They share the cores; each has its own GPU if "
                         "CUDA_VISIBLE_DEVICES names several.", lower_bound=1)
    return _OWN - {"model_dir"}


def _numbers(name: str) -> List[int]:
    values: List[str] = getattr(FLAGS, name)
    require(all(value.isdecimal() and int(value) > 0 for value in values),
            f"--{name} is {','.join(values)}; allowed: whole numbers above 0, comma between")
    return [int(value) for value in values]


def _shared() -> List[str]:
    """Returns the flags that every run gets, as command-line arguments."""
    return sorted(FLAGS[name].serialize() for name in _RUN_FLAGS if FLAGS[name].present)


def _as_given(value: Any) -> Any:
    """A list as a command line has it; other values as they are."""
    return ",".join(value) if isinstance(value, list) else value


def _flags_of(path: str) -> Dict[str, Any]:
    """Returns the flags of a flagfile by name, with their values.

    Raises:
      UserError: if it is missing, or names a flag that is none of a run or that the study sets.
    """
    require(pathlib.Path(path).is_file(), f"--presets names {path}: file not found")
    found: Dict[str, Any] = {}
    for line in FLAGS.read_flags_from_files([f"--flagfile={path}"], force_gnu=False):
        name, given_value, value = line.lstrip("-").partition("=")
        negated = name not in FLAGS and name.startswith("no") and name[2:] in FLAGS
        name = name[2:] if negated else name
        require(name in _RUN_FLAGS, f"{path}: --{name} is no flag of a study's run")
        found[name] = _as_given(
            FLAGS[name].parser.parse(value if given_value else str(not negated)))
    return found


def _presets(paths: Sequence[str]) -> Dict[str, Dict[str, Any]]:
    """Returns the flags of each flagfile by the file's name without its ending."""
    found = {pathlib.Path(path).stem: _flags_of(path) for path in paths}
    require(len(found) == len(paths), "--presets names files of the same name: "
            f"{', '.join(paths)}; each is a line of the table, under its name")
    return found


def _study() -> Study:
    """Returns the study that the flags ask for."""
    asked = [bool(FLAGS.study), bool(FLAGS.grid), bool(FLAGS.presets)]
    require(sum(asked) == 1, "one of --study, --grid and --presets is needed, and not several; "
            f"studies: {', '.join(sorted(STUDIES))}")
    if FLAGS.study:
        return STUDIES[FLAGS.study]
    return grid_study(FLAGS.grid) if FLAGS.grid else preset_study(_presets(FLAGS.presets))


def _check_kind(study: Study, kind: TaskKind) -> None:
    """Refuses a study of taggers for texts, and of texts for taggers."""
    for_texts, fits = study.of_texts, {None: True, True: kind.pooled, False: kind.tags_words}
    if fits[for_texts]:
        return
    allowed = sorted(name for name, one in STUDIES.items() if fits[one.of_texts])
    raise UserError(f"--study={FLAGS.study} is of {'texts' if for_texts else 'taggers (--do_NER)'};"
                    f" this task is one of {kind.kind}: allowed are {', '.join(allowed)}, and "
                    "--grid and --presets")


def _derived(config: RunConfig) -> Dict[str, Any]:
    """Returns the values of the flags whose defaults other settings determine."""
    places = {option.name: option.sets[0].split(".") for option in DISTILLATION
              if option.derived and option.name in _RUN_FLAGS}
    return {name: getattr(getattr(config, part), field) for name, (part, field) in places.items()
            if not FLAGS[name].present and part != "run"}


def main() -> None:
    """Runs the missing runs, then writes and prints the table."""
    study = _study()
    # A flagfile for runs may ask for a baseline; the lines of a study are its own.
    for name in sorted(_OWN - {"model_dir", "baseline"}):
        require(not FLAGS[name].present, f"--{name} is set by the study; leave it out")
    config = run_config(given(FLAGS, DISTILLATION))
    for split in ("train", "dev"):
        path = pathlib.Path(config.data.task, config.data.files[split])
        require(path.is_file(), f"{path}: file not found; a study compares scores, so it needs "
                "labels. Runs without labels are compared by the agreement in their reports")
    _check_kind(study, task_kind(config.data.kind))
    from xtremedistil_tf.study import report
    from xtremedistil_tf.study.runner import Runner

    seeds = _numbers("seeds")
    folder = pathlib.Path(FLAGS.model_dir)
    shared = {**{name: _as_given(FLAGS[name].value) for name in _RUN_FLAGS}, **_derived(config)}
    runner = Runner(folder, base=_shared(), given=shared, data=config.data, sizes=_numbers("sizes"),
                    jobs=FLAGS.jobs)
    variants, records = runner.run(study, seeds, lines=FLAGS.lines)
    name = FLAGS.study or ("presets" if FLAGS.presets else f"grid_{study.axis}")
    console.say(report.write(folder / name, study, variants, records=records, runner=runner,
                             seeds=seeds))
    console.say(f"table: {folder / name / 'table.md'}   plot: {folder / name / 'plot.png'}")


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags)


if __name__ == "__main__":
    run()
