"""A run before it starts: the dry run, the forecast, the budget of time."""

import dataclasses
import gc
import logging
import os
import pathlib
import re
from typing import Any, Dict, Iterable, Optional, Sequence, Tuple

from xtremedistil_tf.config import Resources, RunConfig
from xtremedistil_tf.data.folders.task import Task, describe
from xtremedistil_tf.data.folders.trouble import splits_trouble
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.jobs.alone import plan_alone, trains_alone
from xtremedistil_tf.jobs.distillation import read_run, student_line, with_sizes
from xtremedistil_tf.jobs.run_folder import (
    check_formats,
    run_formats,
    starts_anew,
    targets_folder,
)
from xtremedistil_tf.jobs.student_inputs import check_student, plan_of
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.planning.facts import Facts, gather_facts
from xtremedistil_tf.planning.forecast import (
    SHORT,
    Forecast,
    measure,
    rough,
    rough_forecast,
    share_out,
)
from xtremedistil_tf.progress import duration
from xtremedistil_tf.targets.store import check_disk
from xtremedistil_tf.teachers.base import Sizes
from xtremedistil_tf.training.stages import Stage, plan_table
from xtremedistil_tf.validation.run_files import read_config

log = logging.getLogger("absl")

_DEFAULT_RESOURCES = Resources()
# Part of a budget that is planned; machines are seldom quiet.
_PLANNED = 0.9


def parse_time(text: str) -> float:
    """Parses a duration into seconds.

    Raises:
      UserError: for a text in another format.

    Example:
      parse_time("1h30m")  # 5400.0
    """
    match = re.fullmatch(r"(?:([\d.]+)h)?(?:([\d.]+)m(?:in)?)?", text.strip().replace(" ", ""))
    try:
        hours, minutes = (float(part or 0) for part in match.groups()) if match else (0, 0)
    except ValueError:
        hours = minutes = 0
    if not hours and not minutes:
        raise UserError(f"--time_budget is {text!r}; allowed: hours and minutes, as in 2h, 45m or "
                        "1h30m")
    return 3600 * hours + 60 * minutes


@dataclasses.dataclass(frozen=True)
class Planned:
    """A run that is ready to start.

    Attributes:
      config: its settings.
      task: its data.
      plan: its stages.
      forecast: what it will need; None if that is not known, as for a run that goes on.
      facts: its sizes; None if they were not needed.
    """

    config: RunConfig
    task: Task
    plan: Tuple[Stage, ...]
    forecast: Optional[Forecast]
    facts: Optional[Facts]


def plan_run(
    config: RunConfig, model_dir: pathlib.Path, *, resources: Resources = _DEFAULT_RESOURCES,
    overwrite: bool = False, time_budget: Optional[str] = None, sizes: bool = False,
    read: Optional[Tuple[Task, Sizes]] = None,
) -> Planned:
    """Checks a run as far as that needs no training, and forecasts its time, memory and disk.

    Args:
      config: the settings.
      model_dir: the run folder.
      resources: processes, disk and exports.
      overwrite: True if the run folder starts again.
      time_budget: time in which the run must end, such as "2h"; epochs are shared out for it. A run
        that was begun keeps its epochs.
      sizes: True to gather the sizes even if nothing is measured.
      read: the result of `read_run` for these settings; None to read the data here.

    Raises:
      UserError: for everything that a run would refuse, and if the time is too short.
    """
    budget = None if time_budget is None else parse_time(time_budget)
    begun = _begun(config, model_dir, overwrite=overwrite, budget=budget)
    config, anew = with_sizes(begun or config), starts_anew(model_dir, overwrite)
    formats = run_formats(config.student, config.data.kind, resources)
    task, found = read or read_run(config, model_dir, anew=anew)
    check_student(config, task, found, targets_folder(model_dir, resources))
    check_formats(formats, config.student, task, found.width)
    plan = plan_of(config, task, states=found.states)
    alone = plan_alone(config, plan) if trains_alone(task, resources) else ()
    facts = gather_facts(
        config, task, model_dir, found, resources=resources, anew=anew) if sizes else None
    if "TF_CONFIG" in os.environ:
        return Planned(config, task, plan, None, facts)
    seconds = rough(config, task, plan, depth=found.layers, width=found.width)
    if seconds < SHORT and budget is None:
        return Planned(config, task, plan, rough_forecast(seconds, plan), facts)
    facts = facts or gather_facts(
        config, task, model_dir, found, resources=resources, anew=anew)
    forecast = measure(config, task, plan, facts, exports=resources.export, alone=alone)
    if budget is not None and not begun and sum(forecast.seconds.values()) > _PLANNED * budget:
        config, plan, forecast = _within(config, task, plan, forecast, budget,
                                         states=found.states)
    return Planned(config, task, plan, forecast, facts)


def _begun(
    config: RunConfig, model_dir: pathlib.Path, *, overwrite: bool, budget: Optional[float]
) -> Optional[RunConfig]:
    """Returns the settings of a run that goes on; None for one that starts.

    With a budget of time, they have the epochs that the budget gave the run at its start.
    """
    if overwrite or not (model_dir / "config.json").is_file():
        return None
    if budget is None:
        return config
    before = read_config(model_dir)["config"]
    return _with_epochs(
        config, before.get("distil", {}).get("stage_epochs", config.distil.stage_epochs),
        before.get("teacher", {}).get("epochs", config.teacher.epochs))


def _with_epochs(
    config: RunConfig, stages: Iterable[Sequence[Any]], teacher: int
) -> RunConfig:
    """Returns the settings with epochs of each stage, as (name, number), and of the teacher."""
    return dataclasses.replace(
        config, distil=dataclasses.replace(config.distil, stage_epochs=tuple(map(tuple, stages))),
        teacher=dataclasses.replace(config.teacher, epochs=teacher))


def _within(
    config: RunConfig, task: Task, plan: Sequence[Stage], forecast: Forecast, budget: float,
    *, states: bool
) -> Tuple[RunConfig, Tuple[Stage, ...], Forecast]:
    """Shares the epochs out for a budget of seconds."""
    epochs = share_out(forecast, _PLANNED * budget)
    if epochs is None:
        least = sum(part.fixed + part.epoch for part in forecast.parts)
        raise UserError(f"--time_budget is {duration(budget)}, but with one epoch of each stage "
                        f"the run takes {duration(least / _PLANNED)}; allowed: from there on. "
                        "A smaller --transfer_size, or --nobaseline, needs less")
    teacher = [count for name, count in epochs.items() if name.startswith("teacher_")]
    config = _with_epochs(config, [(stage.name, epochs[stage.name]) for stage in plan],
                          teacher[0] if teacher else config.teacher.epochs)
    parts = tuple(dataclasses.replace(part, epochs=epochs.get(part.name, 0))
                  for part in forecast.parts)
    log.info("--time_budget=%s: epochs are shared out: %s", duration(budget), ", ".join(
        f"{name} {count}" for name, count in epochs.items()))
    return config, plan_of(config, task, states=states), dataclasses.replace(forecast, parts=parts)


def start_run(
    config: RunConfig, model_dir: pathlib.Path, *, resources: Resources = _DEFAULT_RESOURCES,
    overwrite: bool = False, time_budget: Optional[str] = None,
) -> Tuple[RunConfig, Optional[Dict[str, Any]]]:
    """Plans a run, says what it will need, and frees the memory of measuring.

    A run that goes on is not planned again; it checks its data and settings itself.

    Args:
      config, model_dir, resources, overwrite, time_budget: as for `plan_run`.

    Returns:
      (the settings, with the epochs of a time budget; the forecast, if there is one).
    """
    begun = _begun(config, model_dir, overwrite=overwrite,
                   budget=None if time_budget is None else parse_time(time_budget))
    if begun is not None:
        if time_budget is not None:
            log.info("%s was begun before: it goes on with the epochs that --time_budget gave it "
                     "then", model_dir)
        return begun, None
    planned = plan_run(config, model_dir, resources=resources, overwrite=overwrite,
                       time_budget=time_budget)
    config, forecast = planned.config, planned.forecast
    for line in [] if forecast is None else forecast.lines():
        log.info("%s", line)
    del planned
    # Names of layers count from the start again, as without measuring.
    tf.keras.backend.reset_uids()
    gc.collect()
    return config, None if forecast is None else forecast.to_dict()


def dry_run(
    config: RunConfig, model_dir: pathlib.Path, *, resources: Resources = _DEFAULT_RESOURCES,
    overwrite: bool = False, time_budget: Optional[str] = None,
) -> str:
    """Returns the plan of a run as text. Reads data and teacher; trains and writes nothing.

    Raises:
      UserError: for everything that a run would refuse, such as a disk that is too small.
    """
    planned = plan_run(config, model_dir, resources=resources, overwrite=overwrite,
                       time_budget=time_budget, sizes=True)
    config, task, facts = planned.config, planned.task, planned.facts
    assert facts is not None, "sizes are asked for"
    formats = run_formats(config.student, config.data.kind, resources)
    targets = targets_folder(model_dir, resources)
    if not targets.exists():
        check_disk(targets, facts.bytes)
    student = facts.student
    counts = {**{split: found.counts for split, found in facts.features.items()},
              "transfer": facts.counts}
    # The run will give these warnings of the tokenizer.
    trouble = splits_trouble(facts.features, task.examples, facts.teacher.tokenizer,
                             config.data.seq_len)
    return "\n".join([
        f"strategy {config.distil.strategy}, student with {student.model.count_params():,} "
        f"parameters, vocabulary {facts.vocabulary:,}",
        student_line(config.student, formats),
        "",
        plan_table(planned.plan, student.registry.parameters),
        "",
        f"teacher outputs for {task.transfer_rows:,} transfer sentences: "
        f"{facts.bytes / 1e6:,.0f} MB",
        *(planned.forecast.lines() if planned.forecast else []),
        *(f"warning: {line}" for line in (*describe(task, counts=counts)["warnings"], *trouble)),
    ])
