"""Times several implementations of the same work in one process, in turns."""

import dataclasses
import os
import pathlib
import time
from typing import Any, Callable, Dict, Hashable, List, Optional, Sequence, TypeVar

import numpy as np

# Type of the caller's names of implementations.
Way = TypeVar("Way", bound=Hashable)


@dataclasses.dataclass(frozen=True)
class Timing:
    """Milliseconds per call, over all turns."""

    p50: float
    p95: float
    calls: int


def _timing(milliseconds: Sequence[float]) -> Timing:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return Timing(float(p50), float(p95), len(milliseconds))


def resident_bytes() -> Optional[int]:
    """Resident memory of this process in bytes; None if the system does not report it."""
    path = pathlib.Path("/proc/self/statm")
    return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if path.exists() else None


def interleaved(
    ways: Dict[Way, Callable[[], Any]], calls: Dict[Way, int], *, warm_up: int = 3,
    in_a_row: int = 10,
) -> Dict[Way, Timing]:
    """Times several functions in turns, so that other load on the machine affects all equally.

    Args:
      ways: functions by name.
      calls: number of calls of each function; fewer calls are spread over the whole run.
      warm_up: number of calls of each function before timing.
      in_a_row: maximum number of calls in one turn. A server calls one model, whose weights stay in
        the processor's caches; with turns of one call they would come from memory each time.
    """
    for way in ways.values():
        for _ in range(warm_up):
            way()
    spent: Dict[Way, List[float]] = {name: [] for name in ways}
    turns = -(-max(calls.values()) // in_a_row)
    for turn in range(turns):
        for name, way in ways.items():
            # Spread evenly over the turns.
            for _ in range((turn + 1) * calls[name] // turns - turn * calls[name] // turns):
                began = time.perf_counter()
                way()
                spent[name].append(1000.0 * (time.perf_counter() - began))
    return {name: _timing(times) for name, times in spent.items()}
