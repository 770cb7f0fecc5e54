"""Progress bars with remaining time, for a terminal, a notebook and a log file."""

import logging
import sys
import warnings
from typing import Any, Dict, Optional

import tqdm


def in_notebook() -> bool:
    """True if this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


def _bar(**options: Any) -> Any:
    """Creates the bar that suits the process's output; in a log file, occasional lines."""
    if in_notebook():
        with warnings.catch_warnings():
            # Without ipywidgets tqdm warns and draws a text bar.
            warnings.simplefilter("ignore", tqdm.TqdmWarning)
            from tqdm.auto import tqdm as notebook_bar

            return notebook_bar(mininterval=0.5, **options)
    on_screen = sys.stderr.isatty()
    shape: Dict[str, Any] = ({"dynamic_ncols": True, "mininterval": 0.5} if on_screen else
                             {"ncols": 150, "mininterval": 30.0})
    return tqdm.tqdm(file=sys.stderr, **shape, **options)


class Progress:
    """Progress bar for a known amount of work; in a log file, a line every 30 seconds.

    In a notebook it is a widget, or a text bar without ipywidgets.

    Args:
      total: units of work.
      title: name of the work.
      unit: name of a unit.
      done: units finished before this process.
    """

    def __init__(self, total: int, title: str, unit: str, *, done: int = 0):
        self._bar = _bar(
            total=total, initial=done, desc=title, unit=f" {unit}", leave=True, miniters=1,
            disable=not logging.getLogger("absl").isEnabledFor(logging.INFO),  # --quiet
        )

    def advance(self, units: int = 1) -> None:
        """Counts finished units."""
        self._bar.update(units)

    def note(self, text: str) -> None:
        """Shows a short text after the bar, at its next redraw."""
        self._bar.set_postfix_str(text, refresh=False)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: Optional[Any], *_: Any) -> None:
        self._bar.close()
