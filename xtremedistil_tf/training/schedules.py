"""Learning-rate schedules: the authors' cosine with restarts, plateau, and linear warm-up."""

import math
from typing import Any, Dict

from xtremedistil_tf.config.checks import require
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.training.addons import CyclicalLearningRate, ScheduleBase
from xtremedistil_tf.training.stages import Schedule, Stage, check_rates

PERIOD_FACTOR = 2
PEAK_FACTOR = 0.97
_SAMPLES = 32  # Of a stage's learning rate, for the report.


def _check_count(name: str, what: str, count: int) -> None:
    require(count == int(count) and count >= 1,
            f"{name}: {what} is {count}; allowed: a whole number from 1 on")


def _half_cosine(high: Any, low: float, progress: tf.Tensor) -> tf.Tensor:
    """Falls from `high` to `low` while `progress` rises from 0 to 1."""
    return low + 0.5 * (high - low) * (1 + tf.cos(math.pi * progress))


class CosineRestarts(ScheduleBase):
    """Cosine from high to low that restarts with a longer period and a lower peak.

    At whole epochs it equals the authors' schedule: a cycle of period p takes p + 1 epochs and
    reaches the floor in the last one. Then the period doubles, and the peak is multiplied by 0.97.
    It changes with every step, while the authors' rate is constant within an epoch.

    Args:
      high: first peak.
      low: floor.
      period: epochs of the first cosine.
      steps_per_epoch: optimizer steps of an epoch.

    Raises:
      UserError: if the rates are not in order, or a count is below 1.

    Source: paper Table 12 and appendix A.2 (high 1e-3, low 1e-8); Loshchilov & Hutter 2017.
    """

    def __init__(self, high: float, low: float, period: int, steps_per_epoch: int):
        name = type(self).__name__
        check_rates(name, high, low)
        # Doubling a period of 0 would make the loop over cycles below endless.
        _check_count(name, "period", period)
        _check_count(name, "steps_per_epoch", steps_per_epoch)
        if CyclicalLearningRate is not None:
            # `__call__` replaces that of the base class, whose cycles are all equally long.
            super().__init__(
                initial_learning_rate=low, maximal_learning_rate=high,
                step_size=period * steps_per_epoch, scale_fn=lambda cycle: PEAK_FACTOR ** cycle,
                scale_mode="cycle", name="CosineRestarts",
            )
        self.high, self.low = high, low
        self.period, self.steps_per_epoch = period, steps_per_epoch

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate at an optimizer step; scalar float32."""
        epoch = tf.cast(step, tf.float32) / self.steps_per_epoch
        # Cycle c starts at epoch p * (2^c - 1) + c and takes p * 2^c + 1 epochs.
        start, length, peak = 0.0, float(self.period), self.high
        at = tf.zeros_like(epoch)
        span = tf.fill(tf.shape(epoch), length)
        top = tf.fill(tf.shape(epoch), peak)
        while length <= 2**20:  # More epochs than in any run.
            here = epoch >= start
            at = tf.where(here, epoch - start, at)
            span = tf.where(here, length, span)
            top = tf.where(here, peak, top)
            start, length, peak = start + length + 1, length * PERIOD_FACTOR, peak * PEAK_FACTOR
        progress = tf.minimum(at / span, 1.0)
        return _half_cosine(top, self.low, progress)

    def get_config(self) -> Dict[str, Any]:
        """Constructor arguments."""
        return {"high": self.high, "low": self.low, "period": self.period,
                "steps_per_epoch": self.steps_per_epoch}


class CosineOnce(CosineRestarts):
    """One cosine that ends exactly with the stage's last step.

    The authors' 80 epochs end in the middle of the second cycle, at a rate of 7.9e-4.

    Args:
      high: peak at the first step.
      low: floor at the last one.
      epochs: epochs of the whole stage.
      steps_per_epoch: optimizer steps of an epoch.

    Raises:
      UserError: as `CosineRestarts`.
    """

    def __init__(self, high: float, low: float, epochs: int, steps_per_epoch: int):
        _check_count("CosineOnce", "epochs", epochs)
        super().__init__(high, low, epochs, steps_per_epoch)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate at an optimizer step; scalar float32."""
        last = max(1, self.period * self.steps_per_epoch - 1)
        progress = tf.minimum(tf.cast(step, tf.float32) / last, 1.0)
        return _half_cosine(self.high, self.low, progress)

    def get_config(self) -> Dict[str, Any]:
        """Constructor arguments."""
        return {"high": self.high, "low": self.low, "epochs": self.period,
                "steps_per_epoch": self.steps_per_epoch}


class Plateau(tf.keras.optimizers.schedules.LearningRateSchedule):
    """The peak until `fall` is called; then half a cosine down to the floor within one epoch.

    So a stage can end at a low rate without its number of epochs being known before.

    Args:
      high: peak.
      low: floor.
      steps_per_epoch: optimizer steps of an epoch.

    Raises:
      UserError: if the rates are not in order, or there is no step.

    Source: not in the paper; the warmup-stable-decay schedule (Hu et al. 2024, MiniCPM).
    """

    def __init__(self, high: float, low: float, steps_per_epoch: int):
        check_rates("Plateau", high, low)
        _check_count("Plateau", "steps_per_epoch", steps_per_epoch)
        self.high, self.low, self.steps_per_epoch = high, low, steps_per_epoch
        # A variable, since the traced step reads it.
        self._begin = tf.Variable(tf.int64.max, trainable=False, name="plateau_end")

    def fall(self, epoch: int) -> None:
        """Lets the rate fall in the epoch after `epoch` finished ones."""
        self._begin.assign(epoch * self.steps_per_epoch)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate at an optimizer step; scalar float32."""
        done = tf.cast(tf.cast(step, tf.int64) - self._begin, tf.float32)
        progress = tf.clip_by_value(done / max(1, self.steps_per_epoch - 1), 0.0, 1.0)
        return _half_cosine(self.high, self.low, progress)

    def get_config(self) -> Dict[str, Any]:
        """Constructor arguments."""
        return {"high": self.high, "low": self.low, "steps_per_epoch": self.steps_per_epoch}


class LinearWarmup(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Linear rise to the peak over a fraction of the steps, then linear fall to the floor.

    Args:
      high: peak.
      low: floor.
      warmup: fraction of the steps in which the rate rises.
      steps: number of all steps.

    Raises:
      UserError: if the rates are not in order, the fraction is not in 0 to 1, or there is no step.
    """

    def __init__(self, high: float, low: float, warmup: float, steps: int):
        check_rates("LinearWarmup", high, low)
        require(0 <= warmup <= 1, f"LinearWarmup: warmup is {warmup}; allowed: 0 to 1")
        _check_count("LinearWarmup", "steps", steps)
        self.high, self.low, self.warmup, self.steps = high, low, warmup, steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate at an optimizer step; scalar float32."""
        step = tf.cast(step, tf.float32)
        rising = max(1.0, self.warmup * self.steps)
        up = (step + 1) / rising
        down = (self.steps - step) / max(1.0, self.steps - rising)
        share = tf.clip_by_value(tf.minimum(up, down), 0.0, 1.0)
        return self.low + (self.high - self.low) * share

    def get_config(self) -> Dict[str, Any]:
        """Constructor arguments."""
        return {"high": self.high, "low": self.low, "warmup": self.warmup, "steps": self.steps}


def build_schedule(
    schedule: Schedule, epochs: int, steps_per_epoch: int
) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    """Builds the Keras schedule of a stage.

    Args:
      schedule: kind and rates.
      epochs: largest number of epochs of the stage.
      steps_per_epoch: optimizer steps of an epoch.

    Raises:
      UserError: if the stage has no step.
    """
    if schedule.kind == "warmup":
        return LinearWarmup(schedule.high, schedule.low, schedule.warmup, epochs * steps_per_epoch)
    if schedule.kind == "plateau":
        return Plateau(schedule.high, schedule.low, steps_per_epoch)
    if schedule.kind == "cosine":
        return CosineOnce(schedule.high, schedule.low, epochs, steps_per_epoch)
    return CosineRestarts(schedule.high, schedule.low, schedule.period, steps_per_epoch)


def rates_of(stage: Stage, epochs: int, steps: int) -> Dict[str, Any]:
    """Returns the record of a stage's learning rate.

    Args:
      stage: the stage.
      epochs: number of epochs that it took.
      steps: optimizer steps of an epoch.

    Returns:
      "steps", the number of all steps, and "rates", the rate at equal distances from first to last.
    """
    schedule = build_schedule(stage.schedule, stage.epochs, steps)
    if isinstance(schedule, Plateau):
        schedule.fall(epochs - 1)
    last = float(steps * epochs)
    return {"steps": steps * epochs,
            "rates": schedule(tf.linspace(0.0, last, _SAMPLES + 1)).numpy().tolist()}
