"""The time of several runs that share a teacher and its outputs: one is measured, others scaled."""

import dataclasses
import logging
import multiprocessing
import os
import pathlib
from typing import Any, Dict, List, Mapping, Set, Tuple

from xtremedistil_tf.config import Resources, RunConfig
from xtremedistil_tf.environment import end_with_parent
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.progress import TARGETS

log = logging.getLogger("absl")


@dataclasses.dataclass(frozen=True)
class Needed:
    """Seconds that a run needs by itself.

    Attributes:
      teacher: of fine-tuning the teacher; 0 if it is ready.
      targets: of the teacher's outputs; 0 if they are stored, an earlier run writes them, or no
        stage reads transfer text.
      student: of the student's stages and scores.
    """

    teacher: float
    targets: float
    student: float


def forecast_runs(
    runs: Mapping[str, RunConfig], model_dir: pathlib.Path, *, resources: Resources, measured: str
) -> Tuple[Dict[str, Needed], bool]:
    """Forecasts the time of runs in a process of its own, whose memory is free again behind it.

    A few steps of one run are measured. Of the others the work is counted and multiplied by what a
    unit of work took in that run.

    Args:
      runs: the runs' settings by name, in their order.
      model_dir: the run folder of the measured one.
      resources: as of all runs; where the teacher's outputs may lie already.
      measured: name of the measured one.

    Returns:
      (what each needs, True if steps were measured and False for a rough count); no run if that
      process ended without an answer, for instance for want of memory.

    Raises:
      UserError: for everything that one of the runs would refuse at its start; it names the run.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, daemon=True, args=(
        sender, os.getpid(), dict(runs), model_dir, resources, measured))
    process.start()
    sender.close()  # Else nobody would see that the process has closed its own.
    try:
        answer = receiver.recv()
    except EOFError:
        return {}, False
    finally:
        process.terminate()
        process.join()
    if isinstance(answer, UserError):
        raise answer
    return answer


def _answer(sender: Any, parent: int, *given: Any) -> None:
    end_with_parent(parent)
    log.setLevel(logging.ERROR)  # The runs give their warnings themselves.
    try:
        sender.send(_forecast(*given))
    except UserError as error:
        sender.send(error)


def _forecast(
    runs: Mapping[str, RunConfig], model_dir: pathlib.Path, resources: Resources, measured: str
) -> Tuple[Dict[str, Needed], bool]:
    # TensorFlow stays in this process.
    from xtremedistil_tf.jobs.distillation import read_run, with_sizes
    from xtremedistil_tf.jobs.run_folder import targets_folder
    from xtremedistil_tf.jobs.student_inputs import check_student, plan_of
    from xtremedistil_tf.planning.forecast import rough_parts
    from xtremedistil_tf.planning.plan import plan_run
    from xtremedistil_tf.runtime import prepare
    from xtremedistil_tf.teachers.places import ready_kinds

    one = runs[measured]
    prepare(one.seed, one.deterministic, opt_policy=one.opt_policy)
    # Teacher, its outputs and the student, as the class has them.
    works: Dict[str, List[float]] = {}
    read: Dict[Tuple[Any, ...], Any] = {}
    written: Set[Tuple[Any, ...]] = set()
    for name, given in runs.items():
        try:
            config = with_sizes(given)
            key = config.data, config.teacher
            if key not in read:
                read[key] = read_run(config, model_dir)
            task, found = read[key]
            check_student(config, task, found, targets_folder(model_dir, resources))
            plan = plan_of(config, task, states=found.states)
        except UserError as error:
            raise UserError(f"{name}: {error}") from None
        work = rough_parts(config, task, plan, depth=found.layers, width=found.width)
        ready = all(ready_kinds(config.teacher, model_dir).values())
        writes = key not in written and any(stage.data != "train" for stage in plan)
        if writes:
            written.add(key)
        works[name] = [0.0 if ready else work["teacher"], work[TARGETS] if writes else 0.0,
                       work["student"]]
    forecast = plan_run(one, model_dir, resources=resources,
                        read=read[one.data, one.teacher]).forecast
    if forecast is None or not forecast.measured:
        return {name: Needed(*work) for name, work in works.items()}, False
    groups = forecast.groups
    took = [groups["teacher"], groups["its outputs"]]
    took.append(sum(groups.values()) - sum(took))
    # A teacher or outputs that are ready here tell nothing of others that are not.
    pace = [seconds / work if seconds and work else took[-1] / works[measured][-1]
            for seconds, work in zip(took, works[measured])]
    scaled = {name: [work * each for work, each in zip(works[name], pace)] for name in runs}
    scaled[measured] = took
    return {name: Needed(*seconds) for name, seconds in scaled.items()}, True
