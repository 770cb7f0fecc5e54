"""Progress bars with time left, on a screen and in a log file."""

import logging
import sys
from typing import Any, Optional

from tqdm import tqdm


class Progress:
    """A bar for a known amount of work; in a log file a line every 30 seconds instead.

    Args:
      total: units of work.
      title: what is being done.
      unit: name of a unit.
      done: units that were done before this process.
    """

    def __init__(self, total: int, title: str, unit: str, done: int = 0):
        on_screen = sys.stderr.isatty()
        self._bar = tqdm(
            total=total, initial=done, desc=title, unit=f" {unit}", file=sys.stderr,
            dynamic_ncols=on_screen, ncols=None if on_screen else 150, leave=True,
            mininterval=0.5 if on_screen else 30.0, miniters=1,
            disable=not logging.getLogger("absl").isEnabledFor(logging.INFO),  # --quiet
        )

    def advance(self, units: int = 1) -> None:
        """Counts finished units."""
        self._bar.update(units)

    def note(self, text: str) -> None:
        """Shows a short text behind the bar, at its next redraw."""
        self._bar.set_postfix_str(text, refresh=False)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: Optional[Any], *_: Any) -> None:
        self._bar.close()
