"""Where a stage stands between two epochs, and which file has its best weights."""

import dataclasses
import math
import pathlib
from typing import Dict, List, Optional

from xtremedistil_tf.training.stages import Stage

# The best weights of a finished stage.
WEIGHTS_FILE = "weights.safetensors"
# Those of a stage that goes on, by the epoch that they are the best of; 0 is the stage's start.
_BEST_FILES = "best-*.safetensors"


@dataclasses.dataclass
class StageState:
    """Where a stage stands between two epochs; kept on disk."""

    epoch: int = 0
    best_epoch: int = 0
    improved_epoch: int = 0
    best: Optional[float] = None
    seconds: float = 0.0
    history: List[Dict[str, float]] = dataclasses.field(default_factory=list)

    def take(self, value: float, stage: Stage) -> bool:
        """Notes an epoch's dev measure; returns whether its weights are to be kept."""
        sign = -1.0 if stage.monitor == "representation" else 1.0
        gain = math.inf if self.best is None else sign * (value - self.best)
        if gain > 0:
            self.improved_epoch = self.epoch
        if gain >= 0:
            # On a tie the later epoch is kept, since F1 stays at zero while a new head is settling;
            # but only a real gain counts for patience.
            self.best, self.best_epoch = value, self.epoch
        return gain >= 0

    def best_file(self, folder: pathlib.Path) -> pathlib.Path:
        """Where the weights of the best epoch so far are.

        Each epoch has a file of its own. A state that is read again after a kill therefore finds
        its own weights, and not those of a later epoch that it knows nothing of.
        """
        return folder / _BEST_FILES.replace("*", f"{self.best_epoch:04d}")

    def ended(self, stage: Stage) -> bool:
        """Whether the budget or patience is used up."""
        return self.epoch >= stage.epochs or self.epoch - self.improved_epoch >= stage.patience


def weights_of(state: StageState, folder: pathlib.Path) -> pathlib.Path:
    """The file of a state's best weights; versions before 0.2 kept them under the final name."""
    own = state.best_file(folder)
    return own if own.is_file() else folder / WEIGHTS_FILE


def remove_weights(folder: pathlib.Path, *, but: Optional[pathlib.Path] = None) -> None:
    """Removes the weights of a stage's epochs, those of one perhaps kept."""
    for path in folder.glob(_BEST_FILES):
        if path != but:
            path.unlink()
