"""TensorFlow Addons, imported here only; what stands in for it where it cannot be installed."""

import warnings

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.training.lazy_adam import SparseRowsAdam

with warnings.catch_warnings():
    # The end-of-life notice of a package that is pinned on purpose; every other warning is shown.
    warnings.filterwarnings("ignore", message="(?s).*TensorFlow Addons.*")
    try:
        from tensorflow_addons.optimizers import CyclicalLearningRate, LazyAdam
    except ImportError:  # Python 3.12 and later: no wheel of TensorFlow Addons exists there.
        CyclicalLearningRate = None
        LazyAdam = SparseRowsAdam

ScheduleBase = CyclicalLearningRate or tf.keras.optimizers.schedules.LearningRateSchedule

__all__ = ["CyclicalLearningRate", "LazyAdam", "ScheduleBase"]
