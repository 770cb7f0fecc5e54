"""Stage plans as data: which loss trains which layers on which rows, in which order."""

import dataclasses
import json
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from xtremedistil_tf.config import BatchSize, DistilConfig, TeacherConfig
from xtremedistil_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class LossTerm:
    """One loss: an output of the model against a target of the rows.

    Attributes:
      output: "representation" or "logits".
      target: "representation", "logits" (the teacher's) or "labels".
      loss: name in `distill.losses.LOSSES`.
      weight: factor in the sum (paper Eq. 7).
    """

    output: str
    target: str
    loss: str
    weight: float = 1.0


@dataclasses.dataclass(frozen=True)
class Schedule:
    """A learning rate over a step, in epochs; see `distill.schedules`.

    Attributes:
      kind: "restarts", "cosine" or "warmup".
      high, low: peak and floor.
      period: epochs of the first cosine (restarts).
      warmup: share of the steps that rise linearly (warmup).
    """

    kind: str
    high: float
    low: float = 0.0
    period: int = 50
    warmup: float = 0.0

    def describe(self) -> str:
        """One short line for tables."""
        detail = {
            "restarts": f" every {self.period}",
            "cosine": "",
            "warmup": f" {self.warmup:.0%}, linear",
        }[self.kind]
        return f"{self.kind}{detail} {self.high:g}->{self.low:g}"


@dataclasses.dataclass(frozen=True)
class Stage:
    """One step of a plan.

    Attributes:
      name: number and purpose, also its folder's name.
      data: "transfer" or "train".
      terms: the losses.
      trainable: the complete set of layers that move; all others are frozen.
      schedule: learning rate.
      epochs, patience: most epochs, and epochs without improvement that end it sooner.
      batch: rows or positions a step and device.
      monitor: dev measure that chooses the best epoch: one of `config.MEASURES` (higher is
        better) or "representation" (the stage's loss on dev; lower is better).
    """

    name: str
    data: str
    terms: Tuple[LossTerm, ...]
    trainable: Tuple[str, ...]
    schedule: Schedule
    epochs: int
    patience: int
    batch: BatchSize
    monitor: str

    def to_dict(self) -> Dict[str, Any]:
        """The stage as JSON values, for fingerprints."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    def losses(self) -> List[str]:
        """Its losses as "target:loss"."""
        return [f"{term.target}:{term.loss}" for term in self.terms]


@dataclasses.dataclass(frozen=True)
class _Step:
    """A stage before its number, epochs and batch size are known."""

    purpose: str
    data: str
    term: LossTerm
    trainable: Tuple[str, ...]
    monitor: Optional[str] = None  # The run's dev measure.


def unfreeze_top_down(layers: Sequence[str]) -> List[Tuple[str, Tuple[str, ...]]]:
    """(newly unfrozen layer, all trainable ones) for each step, top to bottom.

    Source: paper section 5.3, Algorithm 1.
    """
    top_down = list(reversed(layers))
    return [(name, tuple(top_down[: at + 1])) for at, name in enumerate(top_down)]


def _representation(layers: Sequence[str], config: DistilConfig) -> _Step:
    term = LossTerm("representation", "representation", config.representation_loss)
    below = tuple(name for name in reversed(layers) if name != "logits")
    return _Step("representation", "transfer", term, below, "representation")


_LOGITS = LossTerm("logits", "logits", "mse")
_LABELS = LossTerm("logits", "labels", "cross_entropy")


def _gradual(purpose: str, data: str, term: LossTerm, layers: Sequence[str]) -> List[_Step]:
    return [
        _Step(f"{purpose}_{name}", data, term, trainable)
        for name, trainable in unfreeze_top_down(layers)
    ]


def _d0_s(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    return [_Step("labels", "train", _LABELS, tuple(reversed(layers)))]


def _d4_1(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    everything = tuple(reversed(layers))
    return [
        _representation(layers, config),
        _Step("logits", "transfer", _LOGITS, everything),
        _Step("labels", "train", _LABELS, everything),
    ]


def _d4_2(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    return [
        _representation(layers, config),
        *_gradual("logits", "transfer", _LOGITS, layers),
        *_gradual("labels", "train", _LABELS, layers),
    ]


# Names and contents as in Table 3 of the paper.
PLANS: Dict[str, Callable[[Sequence[str], DistilConfig], List[_Step]]] = {
    "D0-S": _d0_s,
    "D4.1": _d4_1,
    "D4.2": _d4_2,
}


def build_plan(
    layers: Sequence[str], config: DistilConfig, measure: str = "macro_f1"
) -> Tuple[Stage, ...]:
    """Builds the stages of a strategy.

    Args:
      layers: the student's layer names, bottom to top.
      config: strategy, epochs, batch sizes, schedule.
      measure: dev measure that chooses epochs, where a step has none of its own.

    Returns:
      The stages in order, named 01_..., 02_....

    Raises:
      UserError: if --stage_epochs names no step of the plan.

    Source: paper Table 3 (strategies), Table 4 (order of D4.2).
    """
    steps = PLANS[config.strategy](layers, config)
    stages = []
    for number, step in enumerate(steps, 1):
        on_labels = step.data == "train"
        epochs = config.ft_epochs if on_labels else config.distil_epochs
        name = f"{number:02d}_{step.purpose}"
        for part, exception in config.stage_epochs:
            epochs = exception if part in name else epochs
        if epochs == 0:
            continue
        schedule = Schedule(
            config.schedule, config.learning_rate, config.lowest_rate, config.period
        )
        batch = BatchSize(config.ft_batch_size) if on_labels else BatchSize(
            config.distil_batch_size, config.distil_batch_tokens
        )
        stages.append(
            Stage(name, step.data, (step.term,), step.trainable, schedule, epochs,
                  config.patience, batch, step.monitor or measure)
        )
    names = [f"{number:02d}_{step.purpose}" for number, step in enumerate(steps, 1)]
    for part, _ in config.stage_epochs:
        if not any(part in name for name in names):
            raise UserError(f"--stage_epochs names {part!r}; the plan has: {', '.join(names)}")
    if not stages:
        raise UserError("--stage_epochs leaves no step of the plan")
    return tuple(stages)


def build_teacher_plan(
    layers: Sequence[str], config: TeacherConfig, measure: str = "macro_f1"
) -> Tuple[Stage, ...]:
    """Builds the fine-tuning of a teacher: all layers at once, or top-down."""
    if config.unfreeze == "top_down":
        steps = unfreeze_top_down(layers)
    else:
        steps = [("all", tuple(reversed(layers)))]
    schedule = Schedule("warmup", config.learning_rate, 0.0, warmup=config.warmup)
    return tuple(
        Stage(
            f"teacher_{number:02d}_{name}", "train", (_LABELS,), trainable, schedule,
            config.epochs, config.patience, BatchSize(config.batch_size), measure,
        )
        for number, (name, trainable) in enumerate(steps, 1)
    )


def plan_table(stages: Sequence[Stage], parameters: Callable[[Sequence[str]], int]) -> str:
    """A plan as a text table, for --dry_run.

    Args:
      stages: the plan.
      parameters: gives the number of parameters of some layers.
    """
    rows = [("stage", "data", "loss", "trainable layers", "parameters", "schedule", "epochs",
             "batch")]
    for stage in stages:
        rows.append(
            (stage.name, stage.data, ", ".join(stage.losses()), ", ".join(stage.trainable),
             f"{parameters(stage.trainable):,}", stage.schedule.describe(), str(stage.epochs),
             stage.batch.describe())
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
