"""Progress bars with remaining time, for a terminal, a notebook and a log file."""

import contextlib
import contextvars
import logging
import sys
import threading
import time
import warnings
from typing import Any, Callable, Dict, Iterator, Mapping, Optional

import tqdm

# Parts of a run that are no stage: the teacher's outputs, the student alone, scores and exports.
TARGETS, ALONE, FINAL = "targets", "alone", "final"

log = logging.getLogger("absl")

# Seconds between two draws of a bar on a screen and in a log file.
_ON_SCREEN, _IN_LOG = 0.5, 30.0
# Seconds of what was seen that a forecast counts as.
_TRUST = 120.0


def duration(seconds: float) -> str:
    """Formats a duration for people.

    Example:
      duration(4000)  # "67 min"
      duration(7260)  # "2 h 1 min"
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def pace(worked: float, expected: float) -> float:
    """Seconds that a forecast second takes; the forecast counts as two minutes of what was seen.

    Args:
      worked: seconds that the work so far took.
      expected: its forecast seconds.
    """
    return (worked + _TRUST) / (expected + _TRUST)


class Laps:
    """Measures the seconds of each part of a job."""

    def __init__(self):
        self._began = time.monotonic()
        self.seconds: Dict[str, float] = {}

    def lap(self, name: str) -> None:
        """Ends the part `name`, which began when the previous part ended."""
        self.seconds[name] = time.monotonic() - self._began - sum(self.seconds.values())


class Whole:
    """Progress of a whole run, over all its bars.

    Args:
      parts: expected seconds by part, in their order.

    Attributes:
      left: expected seconds to the end of the run.
    """

    def __init__(self, parts: Mapping[str, float]):
        self._parts = dict(parts)
        self._began = time.monotonic()
        self._at, self._fraction, self._skipped = -1, 0.0, 0.0

    def move(self, part: str, fraction: float) -> None:
        """Notes that a fraction of a part is done, and all parts before it."""
        names = list(self._parts)
        if part not in names or names.index(part) < self._at:
            return
        if self._at < 0:
            # A run that goes on has done what comes before.
            self._skipped = self._seconds(names.index(part), fraction)
        self._at, self._fraction = names.index(part), fraction

    def _seconds(self, at: int, fraction: float) -> float:
        """Expected seconds up to a place."""
        seconds = list(self._parts.values())
        return sum(seconds[:at]) + fraction * seconds[at] if at >= 0 else 0.0

    @property
    def share(self) -> float:
        """Fraction of the run that is done, by the forecast."""
        return self._seconds(self._at, self._fraction) / max(1e-9, sum(self._parts.values()))

    @property
    def left(self) -> float:
        """Expected seconds to the end of the run: the forecast, corrected by what was seen."""
        total, done = sum(self._parts.values()), self._seconds(self._at, self._fraction)
        return (total - done) * pace(time.monotonic() - self._began, done - self._skipped)

    def text(self) -> str:
        """A short text, such as "run 37 %, 12 min left"."""
        return f"run {100 * self.share:.0f} %, {duration(self.left)} left"


_WHOLE: "contextvars.ContextVar[Optional[Whole]]" = contextvars.ContextVar("whole", default=None)


@contextlib.contextmanager
def whole_run(parts: Optional[Mapping[str, float]]) -> Iterator[None]:
    """Shows the progress of the whole run beside every bar of a part in the block.

    Args:
      parts: see `Whole`; None or empty shows nothing.
    """
    token = _WHOLE.set(Whole(parts) if parts else None)
    try:
        yield
    finally:
        _WHOLE.reset(token)


def reached(part: str) -> None:
    """Logs the progress of the whole run at the beginning of a part without a bar."""
    whole = _WHOLE.get()
    if whole is not None:
        whole.move(part, 0.0)
        log.info("%s", whole.text())


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

            return notebook_bar(mininterval=_ON_SCREEN, **options)
    on_screen = sys.stderr.isatty()
    shape: Dict[str, Any] = ({"dynamic_ncols": True, "mininterval": _ON_SCREEN} if on_screen else
                             {"ncols": 150, "mininterval": _IN_LOG})
    return tqdm.tqdm(file=sys.stderr, **shape, **options)


class Progress:
    """Progress bar for a known amount of work; in a log file, a line every 30 seconds.

    In a notebook it is a widget, or a text bar without ipywidgets.

    Args:
      total: units of work.
      title: name of the work.
      unit: name of a unit.
      done: units finished before this process.
      part: the part of the whole run that this work is; see `whole_run`.
    """

    def __init__(self, total: int, title: str, unit: str, *, done: int = 0, part: str = ""):
        self._total, self._done, self._part, self._note = total, done, part, ""
        self._bar = _bar(
            total=total, initial=done, desc=title, unit=f" {unit}", leave=True, miniters=1,
            disable=not logging.getLogger("absl").isEnabledFor(logging.INFO),  # --quiet
        )

    def advance(self, units: int = 1) -> None:
        """Counts finished units."""
        self._done += units
        whole = _WHOLE.get()
        if whole is not None and self._part:
            whole.move(self._part, min(1.0, self._done / max(1, self._total)))
            self._bar.set_postfix_str(
                ", ".join(filter(None, (self._note, whole.text()))), refresh=False)
        self._bar.update(units)

    def note(self, text: str) -> None:
        """Shows a short text after the bar, at its next redraw."""
        self._note = text
        self._bar.set_postfix_str(text, refresh=False)

    def redraw(self, text: str) -> None:
        """Draws the bar anew with its note and another text, although no unit is finished."""
        self._bar.set_postfix_str(", ".join(filter(None, (self._note, text))))

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: Optional[Any], *_: Any) -> None:
        self._bar.close()
        whole = _WHOLE.get()
        if kind is None and whole is not None and self._part:
            # A stage may have ended early.
            whole.move(self._part, 1.0)
            log.info("%s", whole.text())


@contextlib.contextmanager
def redrawing(progress: Progress, text: Callable[[], str]) -> Iterator[None]:
    """Draws a bar anew from time to time, in a thread, while other processes do the work.

    Args:
      progress: the bar.
      text: returns what stands behind its note, such as the time left.
    """
    ended = threading.Event()
    # A second, so that a screen shows the time left as one reads a clock.
    pause = 1.0 if sys.stderr.isatty() or in_notebook() else _IN_LOG

    def draw() -> None:
        while not ended.wait(pause):
            progress.redraw(text())

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
