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
# Measures that are losses: lower is better.
_LOSSES = ("representation", "loss")


@dataclasses.dataclass
class StageState:
    """The state of a stage between two epochs, saved on disk.

    Attributes:
      epoch: number of finished epochs.
      best_epoch: epoch of the best weights; 0 is the start of the stage.
      improved_epoch: last epoch whose gain counts for patience.
      best: the best dev measure.
      falling: True once the learning rate has begun to fall from a plateau.
      seconds, history: time and curves of the epochs.
    """

    epoch: int = 0
    best_epoch: int = 0
    improved_epoch: int = 0
    best: Optional[float] = None
    falling: bool = False
    seconds: float = 0.0
    history: List[Dict[str, float]] = dataclasses.field(default_factory=list)

    def take(self, value: float, stage: Stage) -> bool:
        """Records the dev measure of epoch `self.epoch`.

        Args:
          value: the measure; it may be a loss.
          stage: the stage, whose `monitor` tells which direction is better.

        Returns:
          True if its weights are the best so far.
        """
        sign = -1.0 if stage.monitor in _LOSSES else 1.0
        gain = math.inf if self.best is None else sign * (value - self.best)
        least = 0.0 if self.best is None else abs(self.best) * stage.least_gain / 100
        if gain > 0 and gain >= least:
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
        """Returns True if the epoch budget or patience is used up, and no plateau is left."""
        if self.epoch >= stage.epochs:
            return True
        if stage.schedule.kind == "plateau":
            return self.falling
        return self._waited(stage)

    def begin_fall(self, stage: Stage) -> bool:
        """Notes and returns whether the rate falls from a plateau in the next epoch, the last."""
        self.falling = stage.schedule.kind == "plateau" and (
            self._waited(stage) or self.epoch == stage.epochs - 1)
        return self.falling

    def _waited(self, stage: Stage) -> bool:
        """Returns True if patience is used up."""
        return self.epoch - self.improved_epoch >= stage.patience


def weights_of(state: StageState, folder: pathlib.Path) -> pathlib.Path:
    """Returns the file of a state's best weights; before 0.2 it had the final name."""
    own = state.best_file(folder)
    return own if own.is_file() else folder / WEIGHTS_FILE


def remove_weights(folder: pathlib.Path, *, but: Optional[pathlib.Path] = None) -> None:
    """Removes the weights of a running stage, except one file."""
    for path in folder.glob(_BEST_FILES):
        if path != but:
            path.unlink()
