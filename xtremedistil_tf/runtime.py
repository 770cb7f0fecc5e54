"""TensorFlow's process-wide settings, made once by a command."""

from typing import Optional

from xtremedistil_tf.distribution import best_strategy, use_strategy
from xtremedistil_tf.keras2 import tf


def prepare(seed: int, deterministic: bool, opt_policy: Optional[str] = None) -> None:
    """Seeds Python, numpy and TensorFlow and readies devices.

    Args:
      seed: the run's.
      deterministic: whether operations must repeat bit by bit (slower on a GPU).
      opt_policy: Keras' mixed precision policy; None computes in float32.
    """
    for gpu in tf.config.list_physical_devices("GPU"):
        # Else the first process takes all memory of a GPU, a TensorBoard or a notebook included.
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:
            pass  # The program that calls us has begun to use the GPU, as it chose.
    # First of all: several workers must be connected before any operation runs.
    use_strategy(best_strategy())
    tf.keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    # Dropout then draws from variables that `reseed` can set, not from hidden kernel state.
    tf.keras.backend.experimental.enable_tf_random_generator()
    tf.keras.mixed_precision.set_global_policy(opt_policy or "float32")
