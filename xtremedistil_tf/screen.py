"""Output on the screen: plain log lines, without the messages of libraries."""

import logging
import os
import warnings


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
