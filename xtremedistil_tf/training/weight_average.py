"""A running mean of the weights, which stands in for them where they are measured and kept."""

import contextlib
from typing import Iterator, Sequence

from xtremedistil_tf.config.checks import require
from xtremedistil_tf.keras2 import tf


class WeightAverage(tf.Module):
    """An exponential moving average of some variables; a checkpoint holds it.

    Args:
      variables: what is averaged, in the order in which they are.
      decay: of a step; in the first steps it is lower, (1 + steps) / (10 + steps), so that the
        start does not weigh for long.

    Source: Polyak & Juditsky (1992); `tf.train.ExponentialMovingAverage` keeps the mean.
    """

    def __init__(self, variables: Sequence[tf.Variable], decay: float):
        require(0 <= decay < 1, f"a decay of the weights' mean is {decay}; allowed: 0 to below 1")
        super().__init__(name="weight_average")
        self._variables = list(variables)
        self._steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._mean = tf.train.ExponentialMovingAverage(decay, num_updates=self._steps)
        # A first time outside of a function: it makes the variables.
        self._mean.apply(self._variables)
        self._averages = [self._mean.average(variable) for variable in self._variables]
        self._update = tf.function(self._apply)

    def _apply(self) -> None:
        self._steps.assign_add(1)
        self._mean.apply(self._variables)

    def update(self) -> None:
        """Takes the variables' present values into the mean: after every step."""
        self._update()

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Within the block the variables have their means as values."""
        own = [variable.numpy() for variable in self._variables]
        for variable, average in zip(self._variables, self._averages):
            variable.assign(average)
        try:
            yield
        finally:
            for variable, value in zip(self._variables, own):
                variable.assign(value)
