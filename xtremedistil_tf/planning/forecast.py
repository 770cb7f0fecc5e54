"""Forecasts the time, memory and disk of a run from a few steps measured before it."""

import dataclasses
import sys
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import RunConfig
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.jobs.student_inputs import needed_kinds
from xtremedistil_tf.models.inference import Forward
from xtremedistil_tf.planning.facts import Facts, teacher_separator
from xtremedistil_tf.planning.step_times import StepTimes, Subject, time_forward, time_stage
from xtremedistil_tf.progress import ALONE, FINAL, TARGETS, duration
from xtremedistil_tf.training.plans import build_teacher_plan
from xtremedistil_tf.training.sparse_adam import UsedRows
from xtremedistil_tf.training.stages import Stage

# Seconds of writing the exports, and of an epoch's checkpoint; both hardly depend on the run.
_EXPORTS, _CHECKPOINT = 30.0, 0.5
# Share of a teacher's pass that writing its outputs adds.
_WRITING = 1.15
# A step of masked language modelling in forward passes: backward takes two, and the head.
_MASKED_LM = 5.0
# A run that is shorter than this by a rough count is not measured: measuring would take as long.
SHORT = 240.0
# Of two slow cores, for the rough count: operations a second; seconds of a step and of a stage.
_SPEED, _STEP, _STAGE = 2e10, 0.01, 4.0
# Copies of a teacher's weights on disk while it is fine-tuned: best, checkpoint with two moments,
# and the finished one. The word embedding has moments of its used rows only.
_COPIES = 5


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of a run.

    Attributes:
      name: name of its progress bar: a stage's, or one of `progress`.
      fixed: seconds without epochs.
      epoch: seconds of an epoch.
      epochs: number of epochs; 0 for a part without.
    """

    name: str
    fixed: float
    epoch: float = 0.0
    epochs: int = 0

    @property
    def seconds(self) -> float:
        """Seconds of the part."""
        return self.fixed + self.epoch * self.epochs


@dataclasses.dataclass(frozen=True)
class Forecast:
    """The time, memory and disk that a run will need.

    Attributes:
      parts: its parts in their order.
      disk: bytes in the run folder at most.
      memory: bytes of memory at most; None if the system does not tell or nothing was measured.
      measured: True if steps were measured, False for a rough count.
    """

    parts: Tuple[Part, ...]
    disk: float
    memory: Optional[float] = None
    measured: bool = False

    @property
    def seconds(self) -> Dict[str, float]:
        """Seconds by part."""
        return {part.name: part.seconds for part in self.parts}

    @property
    def groups(self) -> Dict[str, float]:
        """Seconds by what a part is about: the teacher, its outputs, the student and the rest."""
        groups = {"teacher": 0.0, "its outputs": 0.0, "student": 0.0, "student alone": 0.0,
                  "scores and exports": 0.0}
        named = {TARGETS: "its outputs", ALONE: "student alone", FINAL: "scores and exports"}
        for name, seconds in self.seconds.items():
            group = "teacher" if name.startswith("teacher") else named.get(name, "student")
            groups[group] += seconds
        return groups

    def to_dict(self) -> Dict[str, Any]:
        """The forecast as JSON values."""
        return {"seconds": self.seconds, "total": sum(self.seconds.values()), "disk": self.disk,
                "memory": self.memory, "measured": self.measured}

    def lines(self) -> List[str]:
        """Sentences for people."""
        total, groups = sum(self.seconds.values()), self.groups
        parts = ", ".join(f"{name} {duration(seconds)}" for name, seconds in groups.items()
                          if seconds >= 1)
        how = "measured in a few steps" if self.measured else "roughly"
        memory = "" if self.memory is None else f"memory: {self.memory / 2**30:.1f} GiB; "
        return [f"time: about {duration(total)} on this machine, {how}: {parts}; stages may end "
                "earlier (--patience)",
                *([f"{memory}disk: at most {self.disk / 1e9:.2f} GB"] if self.measured else [])]


def rough_seconds(work: float, steps: float, stages: int) -> float:
    """Seconds of some work, within a factor of about three.

    Args:
      work: multiplications and additions.
      steps: steps of an optimizer.
      stages: number of stages, which are traced.
    """
    return work / _SPEED + steps * _STEP + _STAGE * stages


def rough_parts(
    config: RunConfig, task: Task, plan: Sequence[Stage], *, depth: int, width: int
) -> Dict[str, float]:
    """Counts the seconds of a run's parts from its sizes, within a factor of about three.

    Args:
      config, task, plan: the run.
      depth, width: the teacher's layers and hidden width.

    Returns:
      Seconds of "teacher", its fine-tuning; of TARGETS, its outputs; and of "student".
    """
    student = config.student.kind.weights(config.student)
    teacher = 12 * depth * width ** 2
    rows = {"transfer": task.transfer_rows, "train": len(task.examples.get("train", ()))}
    rows["both"] = rows["transfer"]
    tokens = {"transfer": 2 * task.transfer_words,
              "train": 2 * sum(len(words) for row in task.examples.get("train", ())
                               for words in row.texts)}
    tokens["both"] = tokens["transfer"]
    on_text = config.teacher.lm_epochs
    return {
        "teacher": rough_seconds(
            6 * teacher * (tokens["train"] * config.teacher.epochs + tokens["transfer"] * on_text),
            (config.teacher.epochs * rows["train"] + on_text * rows["transfer"])
            / config.teacher.batch_size, 1),
        TARGETS: rough_seconds(2 * teacher * tokens["transfer"], 0, 0),
        "student": rough_seconds(
            sum(6 * student * tokens[stage.data] * stage.epochs for stage in plan),
            sum(stage.epochs * rows[stage.data] / stage.batch.of(32) for stage in plan),
            len(plan)),
    }


def rough(config: RunConfig, task: Task, plan: Sequence[Stage], *, depth: int, width: int) -> float:
    """Seconds of a whole run, see `rough_parts`."""
    return sum(rough_parts(config, task, plan, depth=depth, width=width).values())


def rough_forecast(seconds: float, plan: Sequence[Stage]) -> Forecast:
    """A forecast of a short run, which is not measured: equal parts."""
    names = ["teacher_01_all", TARGETS, *(stage.name for stage in plan), FINAL]
    return Forecast(tuple(Part(name, seconds / len(names)) for name in names), 0.0)


def _key(stage: Stage) -> Tuple[Any, ...]:
    """Stages with equal keys have steps that take equally long."""
    head = set(stage.trainable) <= {"logits", "projection"}
    return head, tuple(sorted(term.output for term in stage.terms)), stage.data == "both"


class _Measured:
    """Measures stages of one model, each kind of stage once."""

    def __init__(self, subject: Subject, optimizer: str, lengths: Dict[str, np.ndarray]):
        self._subject, self._optimizer, self._lengths = subject, optimizer, lengths
        self._known: Dict[Tuple[Any, ...], StepTimes] = {}

    def part(self, stage: Stage, per_epoch: float) -> Part:
        """The part of a stage; `per_epoch` are the seconds of its dev score."""
        lengths = self._lengths[stage.data]
        key = _key(stage)
        if key not in self._known:
            self._known[key] = time_stage(self._subject, stage, lengths, self._optimizer)
        times = self._known[key]
        return Part(stage.name, times.start, times.epoch(lengths, stage.batch) + per_epoch,
                    stage.epochs)


def _peak() -> Optional[float]:
    """Bytes of the most memory that the process has used; None on Windows, which lacks the call."""
    try:
        import resource
    except ImportError:
        return None
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def _used(facts: Facts) -> UsedRows:
    """Rows of the teacher's word embedding that its fine-tuning reads; others have no moments."""
    teacher: Any = facts.teacher
    return UsedRows(teacher.table, teacher.used_rows(facts.features["train"].input_ids.values))


def measure(
    config: RunConfig, task: Task, plan: Sequence[Stage], facts: Facts, *,
    alone: Sequence[Stage] = (), exports: bool = True,
) -> Forecast:
    """Measures a run in a few steps of its teacher and its student.

    Args:
      config, task, plan: the run.
      facts: its sizes. Measuring changes the weights of teacher and student.
      alone: stages of the student that is trained on labels alone.
      exports: True if the run exports its student.
    """
    labelled = next(iter(facts.features.values())) if facts.features else None

    def labels(rows: int, length: int) -> np.ndarray:
        assert labelled is not None, "only labelled rows have a loss on labels"
        encoded = labelled.label_ids
        return np.zeros((rows, len(encoded[0]) if labelled.pooled else length),
                        encoded.values.dtype)

    held_out = [facts.features[split].input_ids.lengths for split in task.held_out]
    dev = int(facts.features["dev"].input_ids.lengths.sum()) if "dev" in facts.features else \
        int(facts.transfer.sum() / task.transfer_rows * len(task.held))
    scored = int(sum(lengths.sum() for lengths in held_out))
    lengths = {"transfer": facts.transfer, "both": facts.transfer}
    if task.labelled:
        lengths["train"] = facts.features["train"].input_ids.lengths
    teacher: Any = facts.teacher
    student, ids = facts.student, teacher.vocabulary
    pairs = config.data.pairs
    parts: List[Part] = []
    kinds = needed_kinds(plan) or ("logits",)
    # Outputs that lie in a file cost nothing.
    start, each = time_forward(teacher.forward(kinds), facts.transfer, ids) \
        if teacher.answers_any else (0.0, 0.0)
    used = None if facts.tuned else _used(facts)
    if not facts.tuned:
        if config.teacher.lm_epochs:
            # About a step of fine-tuning; the head over the vocabulary is the rest.
            parts.append(Part("teacher_00_text", config.teacher.lm_epochs * _MASKED_LM * each
                              * float(facts.transfer.sum())))
        of_teacher = _Measured(Subject(
            teacher.model, teacher.registry, ids, labels, True,
            teacher_separator(facts) if pairs else None, used), "adam", lengths)
        parts += [of_teacher.part(stage, each * dev + 4 * _CHECKPOINT)
                  for stage in build_teacher_plan(
                      teacher.registry.names, config.teacher, measure=config.data.measure,
                      labels_loss=config.data.labels_loss)]
    writing = start + _WRITING * each * float(facts.transfer.sum())
    parts.append(Part(TARGETS, 0.0 if facts.stored else writing))
    forward = Forward(student.model, table=np.arange(facts.vocabulary, dtype=np.int32))
    _, own = time_forward(forward, facts.transfer, facts.vocabulary)
    of_student = _Measured(Subject(
        student.trained, student.registry, facts.vocabulary, labels, False,
        1 if pairs else None), config.distil.optimizer, lengths)
    score = own * dev + _CHECKPOINT
    parts += [of_student.part(stage, score) for stage in plan]
    if alone:
        # Its epochs are those of the plan on labels: fewer of these leave it fewer.
        found = [of_student.part(stage, score) for stage in alone]
        parts.append(Part(ALONE, sum(part.fixed for part in found) + own * scored,
                          max(part.epoch for part in found), sum(part.epochs for part in found)))
    parts.append(Part(FINAL, 1.3 * each * scored + 2 * own * scored
                      + (_EXPORTS if exports else 0.0)))
    weights = 4.0 * (teacher.parameters or 0)
    if used is not None:
        unused = teacher.vocabulary - len(used.rows)
        weights = _COPIES * weights - 8.0 * unused * int(teacher.table.shape[1])
    outputs = 0 if facts.stored else facts.bytes
    disk = outputs + weights + 4.0 * student.model.count_params() * (2 * len(plan) + 4)
    return Forecast(tuple(parts), disk, _peak(), True)


def rescale(plan: Dict[str, int], factor: float) -> Dict[str, int]:
    """Epochs by stage, times a factor, at least one each."""
    return {name: max(1, int(epochs * factor)) for name, epochs in plan.items()}


def share_out(forecast: Forecast, seconds: float) -> Optional[Dict[str, int]]:
    """Shares epochs out so that a run ends in time.

    All parts keep the same fraction of their epochs, and at least one.

    Args:
      forecast: the run with its full epochs.
      seconds: the time.

    Returns:
      Epochs by part that has some; None if one epoch each is too much already.
    """
    full = {part.name: part.epochs for part in forecast.parts if part.epochs}

    def total(epochs: Dict[str, int]) -> float:
        return sum(part.fixed + part.epoch * epochs.get(part.name, 0) for part in forecast.parts)

    fractions = sorted({count / epochs for epochs in full.values()
                        for count in range(1, epochs + 1)} | {0.0}, reverse=True)
    for fraction in fractions:
        # A little above, so that 3 / 4 of 4 epochs are 3.
        epochs = rescale(full, fraction + 1e-9)
        if total(epochs) <= seconds:
            return epochs
    return None
