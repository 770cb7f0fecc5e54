"""What the page takes from whom: names of hosts, bodies, and time."""

import concurrent.futures
import json
import threading
from typing import Any, Callable, Collection, Dict, FrozenSet, Optional
from urllib.parse import urlsplit

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# Addresses that stand for all of a machine's: no browser asks for a page by them.
_ANY_ADDRESS = ("", "0.0.0.0", "::", "*")
# A text of this many characters and more waits for other long ones only.
LONG_TEXT = 2_000
# By whether texts are long: how many are tagged at a time, and how many may wait besides.
_LANES = {False: (3, 13), True: (1, 3)}


class Busy(Exception):
    """A request cannot be answered in time."""


def host_of(authority: Optional[str]) -> str:
    """The host of a Host header without its port, in lower case; "" for what is none."""
    try:
        return (urlsplit(f"//{authority}").hostname or "") if authority else ""
    except ValueError:
        return ""


def known_hosts(bound: str, allowed: Collection[str] = ()) -> FrozenSet[str]:
    """The names by which the page may be asked for.

    A website whose name is made to mean this machine (DNS rebinding) is not among them.

    Args:
      bound: the address that is listened on.
      allowed: further names.
    """
    own = () if bound in _ANY_ADDRESS else (bound,)
    return frozenset(name.lower().strip("[]") for name in (*LOCAL_HOSTS, *own, *allowed))


def refusal(headers: Any, hosts: Collection[str]) -> Optional[str]:
    """Why a request is not answered, by its Host and Origin; None if it is.

    Args:
      headers: of the request, with `get`.
      hosts: see `known_hosts`.
    """
    host = host_of(headers.get("Host"))
    if host not in hosts:
        return (f"the page is not served as {host!r:.80}; allowed: {', '.join(sorted(hosts))} "
                "(--allowed_hosts names others)")
    origin = headers.get("Origin")
    if origin is not None and host_of(origin.partition("://")[2]) not in hosts:
        return f"pages of {origin!r:.80} may not ask here"
    return None


def parse_body(raw: bytes) -> Any:
    """A request's JSON; None for what is none, nested beyond all reading included."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


class Lanes:
    """Runs requests within a time limit: short texts do not wait behind long ones.

    Args:
      seconds: that a request may take, its waiting included.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._pools: Dict[bool, Any] = {
            long: concurrent.futures.ThreadPoolExecutor(
                at_once, f"tagging-{'long' if long else 'short'}")
            for long, (at_once, _) in _LANES.items()}
        self._room = {long: threading.BoundedSemaphore(sum(sizes))
                      for long, sizes in _LANES.items()}

    def run(self, text: str, work: Callable[[str], Any]) -> Any:
        """The result of `work(text)`.

        Work that is late is let go on, since a thread cannot be ended; texts are bounded, and so is
        the number of threads. What has not begun by then is never begun.

        Raises:
          Busy: if too many wait, or the time is over.
        """
        long = len(text) >= LONG_TEXT
        room = self._room[long]
        if not room.acquire(blocking=False):
            raise Busy("too many texts are waiting; ask again later")
        future = self._pools[long].submit(work, text)
        # Its place is free when the work is over, and not when its reader has gone.
        future.add_done_callback(lambda _: room.release())
        try:
            return future.result(self._seconds)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise Busy(f"the text took longer than {self._seconds:g} seconds") from None
