r"""Runs a study of the paper, or a grid over any flags, and makes its table and plot.

Examples:
    xtremedistil-study --study=strategies --task=DATA --flagfile=flags/wikiann_minilm.flags \
        --stage_epochs= --seeds=1,2,3 --model_dir=studies/mine
    xtremedistil-study --grid=word_emb_dim=50,100 --grid=bilstm_hidden_size=100,200 --task=DATA \
        --flagfile=flags/wikiann_minilm.flags --model_dir=studies/mine
"""

import dataclasses
import pathlib
from typing import AbstractSet, Any, Dict, List, Mapping, Sequence, Tuple

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.flags_to_config import run_config
from xtremedistil_tf.cli.options.option import define, given, parsed, without_choice
from xtremedistil_tf.cli.options.planning_flags import PLANNING_FLAGS
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.config import RunConfig, require
from xtremedistil_tf.config.checks import check_seed
from xtremedistil_tf.errors import UserError, near, not_allowed
from xtremedistil_tf.study.grids import STUDIES, Study, grid_study, preset_study
from xtremedistil_tf.tasks import TaskKind, task_kind

FLAGS = flags.FLAGS
# Flags the study sets per run, or that do not apply to a study.
_OWN = {"model_dir", "seed", "targets_dir", "overwrite",
        "target_shard", "export", "forms", "keep_representation",
        # All runs of a study have the paper's defaults, and their lines are the baselines.
        *(option.name for option in PLANNING_FLAGS)}
# A flagfile of a run may ask for a baseline; the lines of a study are its own.
_LEFT_OUT = {"baseline"}
_ALIASES = {option.name for option in DISTILLATION if option.alias}
_RUN_FLAGS = {option.name for option in DISTILLATION} - _OWN - _ALIASES - {"dry_run"}
_OPTIONAL = [dataclasses.replace(option, required=False) for option in DISTILLATION]
# The value of a grid or the preset that makes a line, and the flags that it changes, by name.
Line = Tuple[str, Dict[str, Any]]


def define_flags() -> AbstractSet[str]:
    """Defines the flags of this command: its own, and those that it passes to every run.

    Returns:
      names of the flags of a run that a study refuses.
    """
    define(without_choice(DISTILLATION))
    flags.DEFINE_enum("study", None, sorted(STUDIES), "The study of the paper to run.")
    flags.DEFINE_multi_string("grid", [],
                              "flag=value,value,...: run a grid instead of a study. Given twice, "
                              "it runs every pair of values.")
    flags.DEFINE_list("presets", [],
                      "Flagfiles to compare: the first line has none, each other line has one. "
                      "Their flags win over those of this command.")
    flags.DEFINE_list("seeds", ["42"], "Seeds of every run.")
    flags.DEFINE_list("sizes", [],
                      "Sizes of the transfer set for low_resource and transfer_size. Default: an "
                      "eighth, a third and all.")
    flags.DEFINE_list("lines", [], "Names of the table's lines to run. Default: all.")
    flags.DEFINE_integer("jobs", 1,
                         "Number of runs at a time. They share the cores; each has its own GPU if "
                         "CUDA_VISIBLE_DEVICES names several.", lower_bound=1)
    return _OWN - {"model_dir"}


def _numbers(name: str, *, least: int = 0) -> List[int]:
    """Returns at least so many different numbers of a flag."""
    values: List[str] = getattr(FLAGS, name)
    numbers = [int(value) for value in values if value.isdecimal()]
    require(len(set(numbers)) == len(values) >= least and all(numbers),
            f"--{name} is {','.join(values)}; allowed: different whole numbers above 0, comma "
            "between")
    return numbers


def _shared() -> List[str]:
    """Returns the flags that every run gets, as command-line arguments.

    A flag that was given by its other name keeps it: study.json holds it so.
    """
    others = {option.alias: option.name for option in DISTILLATION
              if option.alias and FLAGS[option.name].present}
    return sorted(FLAGS[others.get(name, name)].serialize() for name in _RUN_FLAGS
                  if FLAGS[name].present)


def _as_given(value: Any) -> Any:
    """A list as a command line has it; other values as they are."""
    return ",".join(value) if isinstance(value, list) else value


def _flags_of(path: str) -> Dict[str, Any]:
    """Returns the flags of a flagfile by name, with their values, but for those left out.

    Raises:
      UserError: if it is missing, or names a flag that is none of a run or that the study sets.
    """
    require(pathlib.Path(path).is_file(), f"--presets names {path}: file not found")
    try:
        found = parsed([f"--flagfile={path}"], _OPTIONAL)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    changes = {name: value for name, value in found.items() if name not in _LEFT_OUT}
    for name in changes:
        _check_name(name, path)
    return changes


def _check_name(name: str, origin: str) -> None:
    """Raises UserError for a flag that lines of a study cannot change."""
    better = near(name, _RUN_FLAGS)
    hint = f"; did you mean --{better}?" if better and name not in _OWN else ""
    require(name in _RUN_FLAGS | _ALIASES, f"{origin}: --{name} is "
            + ("set by the study" if name in _OWN else f"no flag of a study's run{hint}"))


def _grid(items: Sequence[str]) -> List[Line]:
    """Returns a line for each value of a grid; it is read before a teacher is fine-tuned.

    Raises:
      UserError: for a flag that a study cannot change, one that is named twice, or a bad value.
    """
    names = [item.lstrip("-").partition("=")[0] for item in items]
    require(len(set(names)) == len(names), f"--grid names a flag twice: {', '.join(names)}")
    found = []
    for item, name in zip(items, names):
        require(name != "task", f"--grid={item}: all lines of a study have one --task")
        _check_name(name, f"--grid={item}")
        found += [(f"--grid={item}", parsed([f"--{name}={value}"], _OPTIONAL))
                  for value in item.partition("=")[2].split(",")]
    return found


def _presets(paths: Sequence[str]) -> List[Line]:
    """Returns a line for each flagfile.

    Raises:
      UserError: if a file is missing or wrong, or two have the same name.
    """
    found = [(path, _flags_of(path)) for path in paths]
    names = {pathlib.Path(path).stem for path in paths}
    require(len(names) == len(paths) and "none" not in names,
            f"--presets names {', '.join(paths)}; allowed: files of different names, which name "
            "the table's lines; none is the name of the line without a preset")
    return found


def _preset_study(lines: Sequence[Line]) -> Study:
    """Returns the study of presets, which are named as their files without the ending."""
    return preset_study({pathlib.Path(path).stem: {
        name: _as_given(value) for name, value in changes.items() if name in _RUN_FLAGS}
        for path, changes in lines})


def _study() -> Tuple[Study, List[Line]]:
    """Returns the study that the flags ask for, and the lines of a grid or of presets."""
    asked = [bool(FLAGS.study), bool(FLAGS.grid), bool(FLAGS.presets)]
    require(sum(asked) == 1, "one of --study, --grid and --presets is needed, and not several; "
            f"studies: {', '.join(sorted(STUDIES))}")
    if FLAGS.study:
        return STUDIES[FLAGS.study], []
    if FLAGS.presets:
        lines = _presets(FLAGS.presets)
        return _preset_study(lines), lines
    study = grid_study(FLAGS.grid)
    return study, _grid(FLAGS.grid)


def _check_lines(lines: Sequence[Line]) -> None:
    """Refuses lines that no run takes, before a teacher is fine-tuned.

    Raises:
      UserError: with the grid or preset.
    """
    named = {option.name: option.names for option in DISTILLATION if option.names is not None}
    for origin, changes in lines:
        for name in changes.keys() & named.keys():
            if changes[name] not in named[name]():
                raise UserError(f"{origin}: {not_allowed(name, changes[name], named[name]())}")
        try:
            run_config({**given(FLAGS, DISTILLATION), **changes})
        except UserError as error:
            raise UserError(f"{origin}: {error}") from None


def _check_kind(study: Study, kind: TaskKind) -> None:
    """Refuses a study of taggers for texts, and of texts for taggers."""
    for_texts, fits = study.of_texts, {None: True, True: kind.pooled, False: kind.tags_words}
    if fits[for_texts]:
        return
    allowed = sorted(name for name, one in STUDIES.items() if fits[one.of_texts])
    raise UserError(f"--study={FLAGS.study} is of {'texts' if for_texts else 'taggers (--do_NER)'};"
                    f" this task is one of {kind.kind}: allowed are {', '.join(allowed)}, and "
                    "--grid and --presets")


def _values(config: RunConfig) -> Dict[str, Any]:
    """Returns the values of all flags of a run, given or default: a line with one is no change."""
    places = {option.name: option.sets[0].split(".") for option in DISTILLATION
              if option.derived and option.name in _RUN_FLAGS}
    # The defaults of some flags depend on other settings.
    derived = {name: getattr(getattr(config, part), field)
               for name, (part, field) in places.items()
               if not FLAGS[name].present and part != "run"}
    return {**{name: _as_given(FLAGS[name].value) for name in _RUN_FLAGS}, **derived}


def main() -> None:
    """Runs the missing runs, then writes and prints the table."""
    study, lines = _study()
    for name in sorted(_OWN - {"model_dir"} - _LEFT_OUT):
        require(not FLAGS[name].present, f"--{name} is set by the study; leave it out")
    config = run_config(given(FLAGS, DISTILLATION))
    for split in ("train", "dev"):
        path = pathlib.Path(config.data.task, config.data.files[split])
        require(path.is_file(), f"{path}: file not found; a study compares scores, so it needs "
                "labels. Runs without labels are compared by the agreement in their reports")
    _check_kind(study, task_kind(config.data.kind))
    _check_lines(lines)
    from xtremedistil_tf.study import report
    from xtremedistil_tf.study.processes import arguments
    from xtremedistil_tf.study.runner import Runner

    seeds = _numbers("seeds", least=1)
    for seed in seeds:
        check_seed(seed)
    folder = pathlib.Path(FLAGS.model_dir)
    def config_of(changes: Mapping[str, Any]) -> RunConfig:
        return run_config({**given(FLAGS, DISTILLATION), **parsed(arguments(changes), _OPTIONAL)})

    runner = Runner(folder, base=_shared(), given=_values(config), data=config.data,
                    sizes=_numbers("sizes"), jobs=FLAGS.jobs, config_of=config_of)
    if FLAGS.dry_run:
        console.say(runner.plan(study, seeds, lines=FLAGS.lines))
        return
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
