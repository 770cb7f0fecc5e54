"""The variation of the representation between positions, and a warning if there is none."""

import logging

import numpy as np

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.targets.dataset import transfer_batches
from xtremedistil_tf.targets.spec import KINDS
from xtremedistil_tf.targets.store import TargetStore

log = logging.getLogger("absl")

_BATCH = BatchSize(32)
# Below this, stage 1 learns a constant, since differences are smaller than the noise of a step.
# Example: [CLS] in layer 4 of 6 of MiniLM (docs/how-to/classify_texts.md, Choose the teacher's
# layer).
LEAST_VARIATION = 0.01


def variation(store: TargetStore, table: np.ndarray) -> float:
    """Computes the variance of the representation as a fraction of its mean square, 0 to 1.

    Args:
      store: a target store with representations.
      table: int32 [teacher's vocabulary], maps subword token ids to the student's.
    """
    count, sums, squares = 0, np.zeros(store.spec.width), np.zeros(store.spec.width)
    for _, targets in transfer_batches(store, _BATCH, 0, table, KINDS):
        mask = targets.get("representation_mask", targets["mask"]).numpy() > 0
        real = targets["representation"].numpy()[mask].astype(np.float64)
        count += len(real)
        sums += real.sum(axis=0)
        squares += np.square(real).sum(axis=0)
    size = squares.sum()
    return float(1.0 - np.square(sums).sum() / (count * size)) if size else 0.0


def warn_of_constant(dev: TargetStore, table: np.ndarray, layer: int) -> None:
    """Warns if the representation hardly varies, so that a student can learn little from it.

    Args:
      dev, table: see `variation`.
      layer: layer of the teacher that was stored.
    """
    share = variation(dev, table)
    if share < LEAST_VARIATION:
        log.warning("the teacher's layer %d is nearly the same for all of dev (%.2g %% of its mean "
                    "square is variance): the student has little to learn from it; a later "
                    "--teacher_layer may differ more", layer, 100 * share)
