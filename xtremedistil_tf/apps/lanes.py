"""Answers requests in batches and within a time limit; short texts do not wait for long ones."""

import collections
import concurrent.futures
import dataclasses
import threading
from typing import Any, Callable, Deque, List, Sequence, Tuple

# Texts of at least this many characters are long: they wait for other long texts only.
LONG_TEXT = 2_000
# Batches of short texts at the same time. Each has its share of the processor's cores.
_BATCHES_AT_ONCE = 2
# Long texts that are answered at the same time, each alone, and that may wait.
_LONG_AT_ONCE, _LONG_WAITING = 1, 3

# Gives the results of several requests, in order.
Work = Callable[[Sequence[Any]], List[Any]]


class Busy(Exception):
    """A request cannot be answered in time.

    Attributes:
      reason: "full" if too many requests wait, "late" if the time limit is over.
    """

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits of the server.

    Attributes:
      seconds: time limit of a request, with its waiting time.
      batch: maximum number of short texts that are answered together.
      waiting: maximum number of short texts that wait.
    """

    seconds: float = 20.0
    batch: int = 32
    waiting: int = 192

    @property
    def most(self) -> int:
        """Maximum number of requests that wait or are answered, in all lanes."""
        return (_BATCHES_AT_ONCE * self.batch + self.waiting
                + _LONG_AT_ONCE + _LONG_WAITING)


class _Lane:
    """A queue of requests and the threads that answer them.

    A free thread takes all that wait, up to the size of a batch. So a request never waits for
    others to come, and under load the batches grow by themselves.
    """

    def __init__(self, name: str, work: Work, *, at_once: int, batch: int, waiting: int):
        self._work, self._batch = work, batch
        self._pool = concurrent.futures.ThreadPoolExecutor(at_once, f"tagging-{name}")
        self._room = threading.BoundedSemaphore(at_once * batch + waiting)
        self._queue: Deque[Tuple[Any, concurrent.futures.Future]] = collections.deque()

    def submit(self, item: Any) -> concurrent.futures.Future:
        if not self._room.acquire(blocking=False):
            raise Busy("full", "too many texts are waiting; ask again later")
        future: concurrent.futures.Future = concurrent.futures.Future()
        # The place becomes free when the work ends, not when the client disconnects.
        future.add_done_callback(lambda _: self._room.release())
        self._queue.append((item, future))
        self._pool.submit(self._answer_some)
        return future

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def _answer_some(self) -> None:
        jobs: List[Tuple[Any, concurrent.futures.Future]] = []
        while len(jobs) < self._batch:
            try:
                item, future = self._queue.popleft()
            except IndexError:  # Another thread's batch had the rest.
                break
            if future.set_running_or_notify_cancel():
                jobs.append((item, future))
        if jobs:
            self._answer(jobs)

    def _answer(self, jobs: List[Tuple[Any, concurrent.futures.Future]]) -> None:
        try:
            results = self._work([item for item, _ in jobs])
        except Exception as error:
            if len(jobs) == 1:
                jobs[0][1].set_exception(error)
                return
            # One text must not spoil the answers of the others.
            for job in jobs:
                self._answer([job])
            return
        for (_, future), result in zip(jobs, results):
            future.set_result(result)


class Lanes:
    """Runs requests within their limits.

    Args:
      limits: see `Limits`.
      work: gives the results of several requests, in order. It may be called by several threads.
    """

    def __init__(self, limits: Limits, work: Work):
        self._seconds = limits.seconds
        self._short = _Lane("short", work, at_once=_BATCHES_AT_ONCE, batch=limits.batch,
                            waiting=limits.waiting)
        self._long = _Lane("long", work, at_once=_LONG_AT_ONCE, batch=1, waiting=_LONG_WAITING)

    def run(self, item: Any, characters: int) -> Any:
        """Returns the result of a request.

        Work beyond the time limit continues, because a thread cannot be stopped; the length of
        texts and the number of threads are bounded. Work that has not begun by then never begins.

        Args:
          item: what `work` takes.
          characters: length of its texts.

        Raises:
          Busy: if too many requests wait, or the time is over.
        """
        future = (self._long if characters >= LONG_TEXT else self._short).submit(item)
        try:
            return future.result(self._seconds)
        except concurrent.futures.TimeoutError:
            if not future.done():
                future.cancel()
                raise Busy("late", f"the text took longer than {self._seconds:g} seconds"
                           ) from None
            raise  # The work's own.

    @property
    def waiting(self) -> int:
        """Number of requests that wait."""
        return self._short.waiting + self._long.waiting
