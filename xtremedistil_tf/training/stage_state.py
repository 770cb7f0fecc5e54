"""The state of a stage between two epochs, and the file of its best weights."""

import dataclasses
import math
import pathlib
from typing import Dict, List, Optional

from xtremedistil_tf.training.stages import Stage

# The best weights of a finished stage.
WEIGHTS_FILE = "weights.safetensors"
# Best weights of a running stage, by epoch; 0 is the start of the stage.
_BEST_FILES = "best-*.safetensors"


@dataclasses.dataclass
class StageState:
    """The state of a stage between two epochs, saved on disk."""

    epoch: int = 0
    best_epoch: int = 0
    improved_epoch: int = 0
    best: Optional[float] = None
    seconds: float = 0.0
    history: List[Dict[str, float]] = dataclasses.field(default_factory=list)

    def take(self, value: float, stage: Stage) -> bool:
        """Records an epoch's dev measure; returns True if its weights are the best so far."""
        sign = -1.0 if stage.monitor == "representation" else 1.0
        gain = math.inf if self.best is None else sign * (value - self.best)
        if gain > 0:
            self.improved_epoch = self.epoch
        if gain >= 0:
            # On a tie the later epoch counts, since F1 stays 0 while a new logits layer settles.
            # But only a real gain resets patience.
            self.best, self.best_epoch = value, self.epoch
        return gain >= 0

    def best_file(self, folder: pathlib.Path) -> pathlib.Path:
        """Returns the file of the best weights so far.

        Each epoch has its own file. So a state that is loaded after a kill finds its own weights,
        not those of a later epoch.
        """
        return folder / _BEST_FILES.replace("*", f"{self.best_epoch:04d}")

    def ended(self, stage: Stage) -> bool:
        """Returns True if the epoch budget or patience is used up."""
        return self.epoch >= stage.epochs or self.epoch - self.improved_epoch >= stage.patience


def weights_of(state: StageState, folder: pathlib.Path) -> pathlib.Path:
    """Returns the file of a state's best weights; before 0.2 it had the final name."""
    own = state.best_file(folder)
    return own if own.is_file() else folder / WEIGHTS_FILE


def remove_weights(folder: pathlib.Path, *, but: Optional[pathlib.Path] = None) -> None:
    """Removes the weights of a running stage, except one file."""
    for path in folder.glob(_BEST_FILES):
        if path != but:
            path.unlink()
