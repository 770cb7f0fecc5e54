"""The HTTP server around the application: its limits, and its end without a lost answer."""

import contextlib
import threading
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from xtremedistil_tf.apps.lanes import Limits
from xtremedistil_tf.errors import UserError

# Threads above those whose requests wait or are answered, so that the page is always served.
_SPARE_THREADS = 12
_CONNECTIONS = 1000
# Seconds after which an idle connection is closed.
_SILENCE = 30
# Seconds without a request after which a stopping server ends.
_QUIET = 0.2
# How often a server is closed whose thread continues.
_CLOSINGS = 3


class Server(NamedTuple):
    """A server that is bound to its addresses.

    Attributes:
      waitress: the waitress server.
      sockets: its sockets by number; waitress keeps them here.
    """

    waitress: Any
    sockets: Dict[int, Any]

    @property
    def addresses(self) -> List[tuple]:
        """(host, port) of each address on which it listens."""
        return getattr(self.waitress, "effective_listen", None) or [
            (self.waitress.effective_host, self.waitress.effective_port)]

    @property
    def busy(self) -> bool:
        """True if a request is read or answered, or its connection is new."""
        new = time.time() - _QUIET
        return any(getattr(one, "requests", None) or getattr(one, "request", None)
                   or getattr(one, "total_outbufs_len", 0) or getattr(one, "creation_time", 0) > new
                   for one in list(self.sockets.values()))

    def close(self) -> None:
        """Ends the threads and closes all sockets."""
        # A thread that is still answering would write to the closed wake-up pipe.
        self.waitress.task_dispatcher.shutdown()
        self.waitress.close()


def create_server(
    app: Any, host: str, port: int, *, limits: Optional[Limits] = None, most_bytes: int = 1 << 20
) -> Server:
    """Binds the application to an address.

    Args:
      app: application of `page.create_app`.
      host: a name or address of this machine.
      port: port number; 0 chooses a free port.
      limits: the application's limits; None for the default ones.
      most_bytes: largest body that is read at all.

    Returns:
      A server for `serve`.

    Raises:
      UserError: if waitress is not installed, or the address is not available.
    """
    try:
        import waitress
    except ImportError:
        raise UserError("the page needs waitress; install xtremedistil-tf[serve]") from None
    sockets: Dict[int, Any] = {}
    try:
        return Server(waitress.create_server(
            app, map=sockets, host=host, port=port, ident=None, max_request_body_size=most_bytes,
            threads=(limits or Limits()).most + _SPARE_THREADS, channel_timeout=_SILENCE,
            connection_limit=_CONNECTIONS, backlog=_CONNECTIONS, asyncore_use_poll=True), sockets)
    except (OSError, ValueError) as error:
        for one in list(sockets.values()):
            one.close()
        told = getattr(error, "strerror", None) or error
        raise UserError(f"--host={host} --port={port} cannot be listened on: {told}") from None


def serve(server: Server, stop: Callable[[], None], *, stop_seconds: float) -> None:
    """Serves until an exception such as Ctrl-C, then answers what was asked, and raises it again.

    The server listens on while requests come, because those who send them learn of its end a little
    later.

    Args:
      server: see `create_server`.
      stop: tells the application that it ends, so that it says so where it is asked.
      stop_seconds: maximum number of seconds of this.
    """
    # An event, since Python takes a thread for ended whose `join` an exception interrupts.
    ended = threading.Event()

    def run() -> None:
        try:
            server.waitress.run()
        finally:
            ended.set()

    try:
        threading.Thread(target=run, daemon=True, name="http").start()
        while not ended.wait(0.5):
            pass
    finally:
        stop()
        _drain(server, time.monotonic() + stop_seconds)
        # A connection that is accepted during the end would otherwise stay open without an answer.
        for _ in range(_CLOSINGS):
            with contextlib.suppress(OSError):
                server.close()
            if ended.wait(2):
                break


def _drain(server: Server, end: float) -> None:
    """Waits until no request has come for a moment, or the time is over."""
    quiet_since = time.monotonic()
    while (now := time.monotonic()) < end and now - quiet_since < _QUIET:
        if server.busy:
            quiet_since = now
        time.sleep(0.02)
