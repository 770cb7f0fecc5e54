"""TensorFlow Addons, imported here only, and its substitutes if it cannot be installed."""

import warnings

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

__all__ = ["CyclicalLearningRate", "LazyAdam", "ScheduleBase"]
