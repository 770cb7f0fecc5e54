"""The interface between the trainer and the data of its stages."""

import dataclasses
from typing import Any, Callable, Dict, Optional, Sequence

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.training.sparse_adam import UsedRows
from xtremedistil_tf.training.stages import Stage


@dataclasses.dataclass(frozen=True)
class StageFeed:
    """Data and dev measures of the stages.

    Attributes:
      batches: (stage, seed) -> one shuffled epoch as a dataset of (inputs, targets).
      steps: stage -> steps of an epoch.
      measure: stage -> the stage's dev measure with the present weights.
      score: () -> all dev scores with the present weights, for the record.
      done: called after each stage with the remaining stages.
      fingerprint: hash of data, measures and initial weights.
      measured: dev measure that chose the initial weights; None for new weights.
      used: rows of the word embedding that the batches read; None if any may occur.
    """

    batches: Callable[[Stage, int], tf.data.Dataset]
    steps: Callable[[Stage], int]
    measure: Callable[[Stage], float]
    score: Callable[[], Dict[str, Any]]
    fingerprint: str
    done: Callable[[Sequence[Stage]], None] = lambda left: None
    measured: Optional[str] = None
    used: Optional[UsedRows] = None
