"""How far the representation that a student is to learn differs from position to position."""

import logging

import numpy as np

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.targets.dataset import transfer_batches
from xtremedistil_tf.targets.spec import KINDS
from xtremedistil_tf.targets.store import TargetStore

log = logging.getLogger("absl")

_BATCH = BatchSize(32)
# Below, what differs is lost in the noise of a step: stage 1 learns a constant, as of MiniLM's
# opening marker in layer 4 of 6 (docs/how-to/classify_texts.md, Choose the teacher's layer).
LEAST_VARIATION = 0.01


def variation(store: TargetStore, table: np.ndarray) -> float:
    """The share of the representation's mean square that is variance, from 0, a constant, to 1.

    Args:
      store: the teacher's outputs on some rows, their representation among them.
      table: int32 [teacher's vocabulary], maps subword token ids to the student's.
    """
    count, sums, squares = 0, np.zeros(store.spec.width), np.zeros(store.spec.width)
    for _, targets in transfer_batches(store, _BATCH, 0, table, KINDS):
        real = targets["representation"].numpy()[targets["mask"].numpy() > 0].astype(np.float64)
        count += len(real)
        sums += real.sum(axis=0)
        squares += np.square(real).sum(axis=0)
    size = squares.sum()
    return float(1.0 - np.square(sums).sum() / (count * size)) if size else 0.0


def warn_of_constant(dev: TargetStore, table: np.ndarray, layer: int) -> None:
    """Says so where a layer differs too little for a student to learn anything from it.

    Args:
      dev, table: see `variation`.
      layer: the teacher's that was stored.
    """
    share = variation(dev, table)
    if share < LEAST_VARIATION:
        log.warning("the teacher's layer %d is nearly the same for all of dev (%.2g %% of its mean "
                    "square is variance): the student has little to learn from it; a later "
                    "--teacher_layer may differ more", layer, 100 * share)
