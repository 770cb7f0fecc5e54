"""The time that a study has left: what was forecast, corrected by what is seen."""

import time
from typing import Dict, List, Mapping, Optional, Set

from xtremedistil_tf.progress import duration, pace

# Share of a part's forecast that it has done at most while it runs.
_MOST = 0.95
_NONE: Mapping[str, float] = {}


class Clock:
    """Tells how long a study still takes.

    Args:
      teachers: forecast seconds of the teachers that are fine-tuned, by name.
      runs: forecast seconds of the students that are trained, by name of their runs; empty if
        nothing was forecast.
      targets: seconds of the teachers' outputs, by name of the runs that write them.
      parallel: number of runs that do not slow each other down.
      measured: True if steps of a run were measured.
    """

    def __init__(
        self, teachers: Mapping[str, float] = _NONE, runs: Mapping[str, float] = _NONE, *,
        targets: Mapping[str, float] = _NONE, parallel: int = 1, measured: bool = False,
    ):
        self._shares = {"teachers": sum(teachers.values()), "their outputs": sum(targets.values()),
                        "students": sum(runs.values()) / parallel}
        self._seconds = {**teachers, **{name: seconds + targets.get(name, 0.0)
                                        for name, seconds in runs.items()}}
        self._parallel, self._measured = parallel, measured
        self._began: Optional[float] = None
        self._running: Dict[str, float] = {}
        self._ended: Set[str] = set()

    def begin(self, name: str) -> None:
        """Notes that a part begins."""
        self._running[name] = time.monotonic()
        # A finished teacher is scored without a forecast: its time tells nothing of the others.
        if self._began is None and self._seconds.get(name):
            self._began = self._running[name]

    def end(self, name: str) -> None:
        """Notes that a part has ended."""
        self._running.pop(name, None)
        self._ended.add(name)

    def seconds_of(self, name: str) -> float:
        """Forecast seconds of a run; 0 if nothing was forecast."""
        return self._seconds.get(name, 0.0)

    def lines(self) -> List[str]:
        """Sentences for people, before the work begins; none if nothing was forecast."""
        if not self._seconds:
            return []
        parts = ", ".join(f"{name} {duration(seconds)}" for name, seconds in self._shares.items()
                          if seconds >= 1)
        how = "from a few measured steps of one run" if self._measured else "roughly"
        return [f"time: about {duration(sum(self._shares.values()))} on this machine, {how}: "
                f"{parts}; stages may end earlier (--patience)"]

    @property
    def left(self) -> float:
        """Expected seconds to the end of the study."""
        now = time.monotonic()
        running = dict(self._running)  # Another thread begins and ends parts.
        done = sum(self._seconds.get(name, 0.0) for name in list(self._ended))
        for name, began in running.items():
            # Parts at a time share the machine, as far as they slow each other down.
            share = (now - began) * min(1.0, self._parallel / len(running))
            done += min(_MOST * self._seconds.get(name, 0.0), share)
        worked = 0.0 if self._began is None else (now - self._began) * self._parallel
        left = max(0.0, sum(self._seconds.values()) - done)
        return left * pace(worked, done) / self._parallel

    def text(self) -> str:
        """A short text, such as "about 12 min left"; empty if nothing was forecast."""
        return f"about {duration(self.left)} left" if self._seconds else ""
