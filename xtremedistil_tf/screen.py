"""Output on the screen: plain log lines, without the messages of libraries; streams that fail."""

import io
import logging
import os
import sys
import warnings
from typing import Any

from xtremedistil_tf.errors import UserError

_STDERR = 2


class _Stream(io.FileIO):
    """Standard output or standard error, which may refuse what is written, as on a full disk."""

    def write(self, data: Any) -> int:
        """Writes bytes; see `io.RawIOBase.write`.

        Raises:
          UserError: if standard output fails. A log that fails is lost, and the work goes on.
          BrokenPipeError: if the reader has gone.
        """
        try:
            return super().write(data)
        except OSError as error:
            # What is left goes nowhere: Python would write it at its end, and tell in its words.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if isinstance(error, BrokenPipeError):
                raise
            if self.fileno() == _STDERR:
                return len(data)
            raise UserError(f"standard output: {error.strerror}") from None


def open_streams() -> None:
    """Lets a command print without a terminal: closed streams, and characters that none has.

    Standard output may have any encoding, as on Windows that of a file; results are in files.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        buffer = getattr(stream, "buffer", None)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8", errors="backslashreplace"))
        # The console of Windows is no file.
        elif isinstance(getattr(buffer, "raw", buffer), io.FileIO):
            raw: Any = _Stream(stream.fileno(), "w", closefd=False)
            setattr(sys, name, io.TextIOWrapper(
                raw if stream.write_through else io.BufferedWriter(raw), stream.encoding,
                "backslashreplace", line_buffering=stream.line_buffering,
                write_through=stream.write_through))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class PlainFormatter(logging.Formatter):
    """Formats log lines without dates and source positions; names the level from warning on."""

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record as one line."""
        prefix = "" if record.levelname == "INFO" else f"{record.levelname.lower()}: "
        return prefix + record.getMessage()


def level_of(quiet: bool, verbose: bool) -> int:
    """The lowest level of displayed log lines."""
    return logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO


def quiet_libraries() -> None:
    """Hides start-up messages of TensorFlow and transformers.

    Variables that the user has set stay unchanged.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    # Its retries are told line by line; what comes of them is told in one.
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    # Of transformers 4.36, about its own use of a newer huggingface_hub.
    warnings.filterwarnings("ignore", message="`resume_download` is deprecated")
