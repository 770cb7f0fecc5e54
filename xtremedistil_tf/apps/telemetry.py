"""Reports of the server about itself: Prometheus metrics, and logs as lines of JSON."""

import contextlib
import json
import logging
import re
import time
import traceback
import uuid
from typing import Any, Callable, Iterator, Mapping, Optional

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.version import __version__

log = logging.getLogger("xtremedistil.requests")

_PREFIX = "xtremedistil"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
# An id that a proxy gave; anything else is replaced, since it stands in logs and headers.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class JsonFormatter(logging.Formatter):
    """Formats log records as lines of JSON. Requests have fields of their own; texts never appear.

    Example:
      {"time": "2026-01-02T03:04:05.678Z", "level": "info", "message": "request", "status": 200}
    """

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record as one line."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {"time": f"{stamp}.{int(record.msecs):03d}Z", "level": record.levelname.lower(),
                "logger": record.name, "message": record.getMessage(),
                **getattr(record, "fields", {})}
        if record.exc_info and record.exc_info[0]:
            line["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def request_id(given: Optional[str]) -> str:
    """Returns the id of a request: the given one if it is a plain one, else a new one."""
    return given if given and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


class Telemetry:
    """Counts and times requests.

    Args:
      runtimes: runtime of each model by its name.
      waiting: returns the number of requests that wait.
      ready: returns True if new requests are welcome.

    Raises:
      UserError: if prometheus_client is not installed.
    """

    def __init__(
        self, runtimes: Mapping[str, str], waiting: Callable[[], int], ready: Callable[[], bool]
    ):
        try:
            import prometheus_client as prometheus
        except ImportError:
            raise UserError(
                "the page needs prometheus_client; install xtremedistil-tf[serve]") from None
        self._prometheus = prometheus
        # A registry of its own, so that a process may have several applications.
        self._registry = own = prometheus.CollectorRegistry()
        for collector in (prometheus.ProcessCollector, prometheus.PlatformCollector,
                          prometheus.GCCollector):
            collector(registry=own)
        self._requests = prometheus.Counter(
            f"{_PREFIX}_requests", "Answered requests.", ["path", "status"], registry=own)
        self._seconds = prometheus.Histogram(
            f"{_PREFIX}_request_seconds", "Time from a request to its answer, waiting included.",
            ["path"], buckets=_SECONDS, registry=own)
        self._characters = prometheus.Counter(
            f"{_PREFIX}_characters", "Characters of the texts that were answered.", registry=own)
        self._batches = prometheus.Histogram(
            f"{_PREFIX}_batch_texts", "Number of requests that were answered together.",
            buckets=_BATCHES, registry=own)
        self._busy = prometheus.Counter(
            f"{_PREFIX}_busy", "Requests that were refused: too many wait (full), or the time "
            "limit was over (late).", ["reason"], registry=own)
        for reason in ("full", "late"):
            self._busy.labels(reason)
        self.in_progress = prometheus.Gauge(
            f"{_PREFIX}_in_progress", "Requests that are being answered.", registry=own)
        prometheus.Gauge(f"{_PREFIX}_waiting", "Requests that wait for a free thread.",
                         registry=own).set_function(waiting)
        prometheus.Gauge(f"{_PREFIX}_ready", "1 if new requests are welcome, 0 while it stops.",
                         registry=own).set_function(ready)
        info = prometheus.Gauge(f"{_PREFIX}_model_info", "1 for each model.",
                                ["name", "runtime", "version"], registry=own)
        for name, runtime in runtimes.items():
            info.labels(name, runtime, __version__).set(1)

    def page(self) -> Any:
        """Returns the metrics in Prometheus' text format, and their content type."""
        return (self._prometheus.generate_latest(self._registry),
                {"Content-Type": self._prometheus.CONTENT_TYPE_LATEST})

    def count_busy(self, reason: str) -> None:
        """Counts a refused request; see `lanes.Busy`."""
        self._busy.labels(reason).inc()

    @contextlib.contextmanager
    def batch(self, texts: int, characters: int) -> Iterator[None]:
        """Counts a batch once it is answered."""
        yield
        self._batches.observe(texts)
        self._characters.inc(characters)

    def answered(
        self, *, name: str, method: str, path: str, status: int, seconds: float, size: int
    ) -> None:
        """Counts an answered request, and logs it.

        Args:
          name: id of the request.
          method: its method, such as POST.
          path: the path's rule, not what a client wrote: a label has few values.
          status: status of the answer.
          seconds: time until the answer.
          size: bytes of the request's body.
        """
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)
        log.debug("request", extra={"fields": {
            "request": name, "method": method, "path": path, "status": status,
            "milliseconds": round(1000.0 * seconds, 2), "bytes": size}})


def log_json(handler: logging.Handler) -> None:
    """Makes a log handler write lines of JSON, one for each request too."""
    handler.setFormatter(JsonFormatter())
    log.setLevel(logging.DEBUG)
