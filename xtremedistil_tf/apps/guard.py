"""Protects the page: checks host names, limits request bodies and time."""

import concurrent.futures
import json
import re
import threading
from typing import Any, Callable, Collection, Dict, FrozenSet, Optional

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# Addresses that mean all addresses of a machine; no browser requests a page by them.
_ANY_ADDRESS = ("", "0.0.0.0", "::", "*")
# A name or address and a port; neither a user nor a path.
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]*)?")
# Texts of at least this many characters are long: they wait for other long texts only.
LONG_TEXT = 2_000
# For short and for long texts: number tagged at the same time, and maximum number waiting.
_LANES = {False: (3, 13), True: (1, 3)}


class Busy(Exception):
    """A request cannot be answered in time."""


def host_of(authority: Optional[str]) -> str:
    """The host of a Host header without its port, in lower case; "" if it is malformed."""
    match = _AUTHORITY.fullmatch(authority or "")
    return match.group(1).strip("[]").lower() if match else ""


def known_hosts(bound: str, *, allowed: Collection[str] = ()) -> FrozenSet[str]:
    """The host names by which the page may be requested.

    This excludes websites whose name resolves to this machine (DNS rebinding).

    Args:
      bound: the address on which the server listens.
      allowed: further names.
    """
    own = () if bound in _ANY_ADDRESS else (bound,)
    return frozenset(name.lower().strip("[]") for name in (*LOCAL_HOSTS, *own, *allowed))


def refusal(headers: Any, hosts: Collection[str]) -> Optional[str]:
    """The reason to refuse a request, from its Host and Origin headers; None to accept it.

    Args:
      headers: headers of the request, with a method `get`.
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
    """Parses a request's JSON; None if it is malformed or nested too deeply."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


class Lanes:
    """Runs requests within a time limit; short texts do not wait for long ones.

    Args:
      seconds: time limit of a request, with its waiting time.
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
        """Returns the result of `work(text)`.

        Work beyond the time limit continues, because a thread cannot be stopped; the length of
        texts and the number of threads are bounded. Work that has not begun by then never begins.

        Raises:
          Busy: if too many requests wait, or the time is over.
        """
        long = len(text) >= LONG_TEXT
        room = self._room[long]
        if not room.acquire(blocking=False):
            raise Busy("too many texts are waiting; ask again later")
        future = self._pools[long].submit(work, text)
        # The place becomes free when the work ends, not when the client disconnects.
        future.add_done_callback(lambda _: room.release())
        try:
            return future.result(self._seconds)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise Busy(f"the text took longer than {self._seconds:g} seconds") from None
