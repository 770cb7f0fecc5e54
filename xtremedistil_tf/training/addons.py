"""TensorFlow Addons, imported here only, and its substitutes if it cannot be installed."""

import warnings
from typing import Union

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.training.lazy_adam import SparseRowsAdam

with warnings.catch_warnings():
    # Hides the end-of-life notice of this package, which is pinned on purpose.
    warnings.filterwarnings("ignore", message="(?s).*TensorFlow Addons.*")
    try:
        from tensorflow_addons.optimizers import CyclicalLearningRate, LazyAdam
    except ImportError:  # Python 3.12 and later: no wheel of TensorFlow Addons exists there.
        CyclicalLearningRate = None
        LazyAdam = SparseRowsAdam

ScheduleBase = CyclicalLearningRate or tf.keras.optimizers.schedules.LearningRateSchedule

__all__ = ["CyclicalLearningRate", "LazyAdam", "ScheduleBase", "build_optimizer"]


def build_optimizer(
    name: str, schedule: Union[float, tf.keras.optimizers.schedules.LearningRateSchedule]
) -> tf.keras.optimizers.legacy.Optimizer:
    """Builds an optimizer.

    Args:
      name: "adam" or "lazy_adam".
      schedule: its learning rate.
    """
    if name == "lazy_adam":
        return LazyAdam(schedule)
    # The legacy class, as in TensorFlow Addons: it does not compile with XLA on a GPU.
    return tf.keras.optimizers.legacy.Adam(schedule)
