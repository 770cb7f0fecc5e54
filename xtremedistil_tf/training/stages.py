"""A stage as data: which loss trains which layers on which rows, and how long."""

import dataclasses
import json
import math
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.config.checks import require

_DATA = ("transfer", "train", "both")
_KINDS = ("restarts", "cosine", "warmup")


@dataclasses.dataclass(frozen=True)
class LossTerm:
    """One loss: an output of the model against a target of the rows.

    Attributes:
      output: "representation", "hidden_states", "attention" or "logits".
      target: the same (the teacher's), or "labels" for logits.
      loss: name in `training.losses.LOSSES`.
      weight: factor in the sum (paper Eq. 7).
      temperature: both sides of a softmax loss are divided by it.
      smoothing: share of the labels' probability that all classes have alike.
    """

    output: str
    target: str
    loss: str
    weight: float = 1.0
    temperature: float = 1.0
    smoothing: float = 0.0

    def __post_init__(self):
        require(0 <= self.weight < math.inf,
                f"a loss term's weight is {self.weight}; allowed: from 0 on, finite")
        require(0 < self.temperature < math.inf,
                f"a loss term's temperature is {self.temperature}; allowed: above 0, finite")
        require(0 <= self.smoothing < 1,
                f"a loss term's smoothing is {self.smoothing}; allowed: 0 to below 1")

    def describe(self) -> str:
        """"target:loss", with what differs from 1."""
        weight = "" if self.weight == 1 else f"{self.weight:g} x "
        softened = "" if self.temperature == 1 else f" T={self.temperature:g}"
        smoothed = "" if self.smoothing == 0 else f" smoothed {self.smoothing:g}"
        return f"{weight}{self.target}:{self.loss}{softened}{smoothed}"


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The learning rate of a stage, in epochs; see `training.schedules`.

    Attributes:
      kind: "restarts", "cosine" or "warmup".
      high, low: peak and floor.
      period: epochs of the first cosine (restarts).
      warmup: fraction of the stage's steps in which the rate rises (warmup).
    """

    kind: str
    high: float
    low: float = 0.0
    period: int = 50
    warmup: float = 0.0

    def __post_init__(self):
        require(self.kind in _KINDS,
                f"a schedule's kind is {self.kind!r}; allowed: {', '.join(_KINDS)}")
        require(0 <= self.low <= self.high < math.inf,
                f"a schedule's rates are {self.high} to {self.low}; allowed: 0 <= low <= high, "
                "both finite")
        require(self.period >= 1, f"a schedule's period is {self.period}; allowed: from 1 on")
        require(0 <= self.warmup <= 1, f"a schedule's warmup is {self.warmup}; allowed: 0 to 1")

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
    """One stage of a plan.

    Attributes:
      name: number and purpose, also its folder's name.
      data: "transfer", "train" or "both": batches that hold rows of each.
      terms: the losses.
      trainable: the complete set of layers that move; all others are frozen.
      schedule: learning rate.
      epochs, patience: most epochs, and epochs without improvement that end it sooner.
      batch: sequences or positions a step and device; of the transfer set where data is "both".
      monitor: dev measure that chooses the best epoch: one of its kind's measures (higher is
        better) or "representation" (the stage's loss on dev; lower is better).
      labelled_batch: labelled rows beside `batch`, where data is "both".
      average: decay per step of the running mean of the weights, which is then measured and kept;
        0: none.
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
    labelled_batch: Optional[BatchSize] = None
    average: float = 0.0

    def __post_init__(self):
        where = f"stage {self.name}"
        require(self.data in _DATA,
                f"{where} reads {self.data!r}; allowed: {', '.join(_DATA)}")
        require(bool(self.terms) and bool(self.trainable),
                f"{where} has {len(self.terms)} losses and {len(self.trainable)} trainable layers; "
                "needed is one of each at least")
        for name in ("epochs", "patience"):
            value = getattr(self, name)
            require(value >= 1, f"{where}: {name} is {value}; allowed: from 1 on")
        require(self.data != "both" or self.labelled_batch is not None,
                f"{where} reads both kinds of rows; needed is a labelled_batch too")
        require(0 <= self.average < 1,
                f"{where}: average is {self.average}; allowed: 0 to below 1")

    def to_dict(self) -> Dict[str, Any]:
        """The stage as JSON values, for fingerprints."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    def losses(self) -> List[str]:
        """Its losses as texts, see `LossTerm.describe`."""
        return [term.describe() for term in self.terms]


def _batch(stage: Stage) -> str:
    more = f" + {stage.labelled_batch.describe()}" if stage.labelled_batch else ""
    return stage.batch.describe() + more


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
             _batch(stage))
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
