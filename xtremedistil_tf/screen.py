"""What commands and functions show on the screen: plain log lines, and no libraries' chatter."""

import logging
import os


class PlainFormatter(logging.Formatter):
    """Log lines without dates and source positions; warnings and errors say what they are."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        prefix = "" if record.levelname == "INFO" else f"{record.levelname.lower()}: "
        return prefix + record.getMessage()


def level_of(quiet: bool, verbose: bool) -> int:
    """The lowest level of log lines that are shown."""
    return logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO


def quiet_libraries() -> None:
    """Keeps TensorFlow's and transformers' start-up messages off the screen.

    Variables that the user has set are left alone.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
