"""TensorFlow's process-wide settings; a command sets them once."""

import contextlib
from typing import Iterator, Optional

from xtremedistil_tf.distribution import best_strategy, use_strategy
from xtremedistil_tf.keras2 import tf


def prepare(seed: int, deterministic: bool, *, opt_policy: Optional[str] = None) -> None:
    """Seeds Python, numpy and TensorFlow, and prepares devices.

    Args:
      seed: the run's seed.
      deterministic: True if operations must be reproducible bit by bit (slower on a GPU).
      opt_policy: Keras' mixed precision policy; None computes in float32.
    """
    for gpu in tf.config.list_physical_devices("GPU"):
        # Otherwise the first process, even TensorBoard or a notebook, takes all memory of a GPU.
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:
            pass  # The calling program already uses the GPU, with its own settings.
    # Must be first: workers must be connected before any operation runs.
    use_strategy(best_strategy())
    tf.keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    # Then dropout draws from variables that `reseed` can set, not from hidden kernel state.
    tf.keras.backend.experimental.enable_tf_random_generator()
    tf.keras.mixed_precision.set_global_policy(opt_policy or "float32")


@contextlib.contextmanager
def precision(policy: Optional[str]) -> Iterator[None]:
    """Builds the block's layers with a Keras precision policy; None is float32.

    A layer keeps the policy it was built with, so the block need not hold its later calls.
    """
    before = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy(policy or "float32")
    try:
        yield
    finally:
        tf.keras.mixed_precision.set_global_policy(before)
