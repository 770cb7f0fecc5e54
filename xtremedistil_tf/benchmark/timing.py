"""Timing several ways of doing the same work in one process, taking turns."""

import dataclasses
import pathlib
import time
from typing import Any, Callable, Dict, Hashable, List, Optional, Sequence, TypeVar

import numpy as np

# What a caller names its ways by.
Way = TypeVar("Way", bound=Hashable)


@dataclasses.dataclass(frozen=True)
class Timing:
    """Milliseconds of a call, over all turns."""

    p50: float
    p95: float
    calls: int


def _timing(milliseconds: Sequence[float]) -> Timing:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return Timing(float(p50), float(p95), len(milliseconds))


def resident_bytes() -> Optional[int]:
    """Memory of this process; None where the system does not say."""
    path = pathlib.Path("/proc/self/statm")
    return int(path.read_text().split()[1]) * 4096 if path.exists() else None


def interleaved(
    ways: Dict[Way, Callable[[], Any]], calls: Dict[Way, int], warm_up: int = 3,
    in_a_row: int = 10,
) -> Dict[Way, Timing]:
    """Times each way, in turns, so that whatever else the machine does hits all alike.

    Args:
      ways: functions by name.
      calls: how often each is called; those with fewer calls are spread over the run.
      warm_up: calls of each before the clock runs.
      in_a_row: most calls of a way in its turn. A server calls one model, whose weights stay in
        the processor's caches; after a call of a large one they would have to come from memory.
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
