"""A stage as data: its losses, trainable layers, data and number of epochs."""

import dataclasses
import json
import math
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.config.checks import require

_DATA = ("transfer", "train", "both")
_SCHEDULES = ("restarts", "cosine", "plateau", "warmup")


@dataclasses.dataclass(frozen=True)
class LossTerm:
    """One loss: an output of the model against a target.

    Attributes:
      output: "representation", "hidden_states", "attention", "relations" or "logits".
      target: the same name for the teacher's output, or "labels" for logits.
      loss: name in `training.loss_table.LOSSES`.
      weight: factor in the sum (paper Eq. 7).
      temperature: divisor of prediction and target in a softmax loss.
      smoothing: fraction of a label's probability that is spread evenly over all classes.
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
        """Returns "target:loss" with weight, temperature and smoothing if they are set."""
        weight = "" if self.weight == 1 else f"{self.weight:g} x "
        softened = "" if self.temperature == 1 else f" T={self.temperature:g}"
        smoothed = "" if self.smoothing == 0 else f" smoothed {self.smoothing:g}"
        return f"{weight}{self.target}:{self.loss}{softened}{smoothed}"


def check_rates(name: str, high: float, low: float) -> None:
    """Checks the highest and lowest rate of a schedule.

    Raises:
      UserError: unless 0 <= low <= high, and both are finite.
    """
    require(0 <= low <= high < math.inf,
            f"{name}: rates from {high} to {low}; allowed: 0 <= low <= high, both finite")


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The learning rate of a stage, in epochs; see `training.schedules`.

    Attributes:
      kind: "restarts", "cosine", "plateau" or "warmup".
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
        require(self.kind in _SCHEDULES,
                f"a schedule's kind is {self.kind!r}; allowed: {', '.join(_SCHEDULES)}")
        check_rates("a schedule", self.high, self.low)
        require(self.period >= 1, f"a schedule's period is {self.period}; allowed: from 1 on")
        require(0 <= self.warmup <= 1, f"a schedule's warmup is {self.warmup}; allowed: 0 to 1")

    def describe(self) -> str:
        """Returns a short text for tables."""
        detail = {
            "restarts": f" every {self.period}",
            "cosine": "",
            "plateau": ", then one epoch down",
            "warmup": f" {self.warmup:.0%}, linear",
        }[self.kind]
        return f"{self.kind}{detail} {self.high:g}->{self.low:g}"


@dataclasses.dataclass(frozen=True)
class Stage:
    """One stage of a plan.

    Attributes:
      name: number and purpose, also its folder's name.
      data: "transfer", "train" or "both" (batches with sequences of each).
      terms: the losses.
      trainable: all trainable layers; the others are frozen.
      schedule: the learning rate.
      epochs: largest number of epochs.
      patience: number of epochs without improvement that end the stage; with the schedule
        "plateau", that end its plateau.
      batch: sequences or positions of a step on each device; for "both" those of the transfer set.
      monitor: dev measure that chooses the best epoch: one of its kind's measures (higher is
        better), "representation" or "loss" (the stage's loss on dev or on held-out text; lower is
        better).
      labelled_batch: labelled sequences in addition to `batch`, if data is "both".
      average: decay per step of the running mean of the weights, which replaces the weights; 0 for
        none.
      least_gain: smallest improvement that patience counts, in percent of the best measure.
      fresh: layers that begin with new weights, whatever the stage before has left in them.
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
    least_gain: float = 0.0
    fresh: Tuple[str, ...] = ()

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
        """Returns the stage as JSON values, for fingerprints."""
        values = json.loads(json.dumps(dataclasses.asdict(self)))
        if not self.fresh:
            values.pop("fresh")  # Earlier stages keep their fingerprint.
        return values

    def losses(self) -> List[str]:
        """Returns its losses as texts; see `LossTerm.describe`."""
        return [term.describe() for term in self.terms]


def _batch(stage: Stage) -> str:
    more = f" + {stage.labelled_batch.describe()}" if stage.labelled_batch else ""
    return stage.batch.describe() + more


def plan_table(stages: Sequence[Stage], parameters: Callable[[Sequence[str]], int]) -> str:
    """Returns a plan as a text table, for --dry_run.

    Args:
      stages: the plan.
      parameters: returns the number of parameters of some layers.
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
