"""TensorFlow Addons, imported here only, and its substitutes if it cannot be installed."""

import warnings
from typing import Optional, Union

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.training.sparse_adam import SparseRowsAdam, UsedRows, UsedRowsAdam

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
    name: str, schedule: Union[float, tf.keras.optimizers.schedules.LearningRateSchedule], *,
    used: Optional[UsedRows] = None,
) -> tf.keras.optimizers.legacy.Optimizer:
    """Builds an optimizer.

    Args:
      name: "adam" or "lazy_adam".
      schedule: its learning rate.
      used: for "adam", the rows of the word embedding that occur. They save time and memory and
        change no weight.
    """
    if name == "lazy_adam":
        return LazyAdam(schedule)
    # The legacy class, as in TensorFlow Addons: it does not compile with XLA on a GPU.
    return UsedRowsAdam(schedule, used) if used is not None else \
        tf.keras.optimizers.legacy.Adam(schedule)
