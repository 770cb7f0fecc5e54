"""A running mean of the weights, which replaces them for dev measures and saving."""

import contextlib
from typing import Iterator, Sequence

from xtremedistil_tf.config.checks import require
from xtremedistil_tf.keras2 import tf


class WeightAverage(tf.Module):
    """An exponential moving average of variables. It can be saved in a checkpoint.

    Args:
      variables: the variables.
      decay: decay of a step. In the first steps it is at most (1 + steps) / (10 + steps), so that
        the initial values soon lose their weight.

    Source: Polyak & Juditsky (1992); computed by `tf.train.ExponentialMovingAverage`.
    """

    def __init__(self, variables: Sequence[tf.Variable], decay: float):
        require(0 <= decay < 1, f"a decay of the weights' mean is {decay}; allowed: 0 to below 1")
        super().__init__(name="weight_average")
        self._variables = list(variables)
        self._steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._mean = tf.train.ExponentialMovingAverage(decay, num_updates=self._steps)
        # The first call creates variables, so it must be outside of a tf.function.
        self._mean.apply(self._variables)
        self._averages = [self._mean.average(variable) for variable in self._variables]
        self._update = tf.function(self._apply)

    def _apply(self) -> None:
        self._steps.assign_add(1)
        self._mean.apply(self._variables)

    def update(self) -> None:
        """Updates the mean with the present values; call it after every step."""
        self._update()

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Sets the variables to their means within the block."""
        own = [variable.numpy() for variable in self._variables]
        for variable, average in zip(self._variables, self._averages):
            variable.assign(average)
        try:
            yield
        finally:
            for variable, value in zip(self._variables, own):
                variable.assign(value)
