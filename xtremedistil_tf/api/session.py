"""Settings of the process during a call: log, seeds and precision."""

import contextlib
import logging
from typing import Any, Iterator, Mapping

from xtremedistil_tf.config import RunConfig
from xtremedistil_tf.errors import UserError, user_mistake
from xtremedistil_tf.screen import PlainFormatter, level_of, quiet_libraries


@contextlib.contextmanager
def logged(given: Mapping[str, Any]) -> Iterator[None]:
    """Shows the log in the block as the commands do, unless the program has its own handler.

    Args:
      given: keywords, of which `quiet` and `verbose` are read.
    """
    verbose = bool(given.get("verbose"))
    if not verbose:
        quiet_libraries()
    log = logging.getLogger("absl")
    level, handler = log.level, logging.StreamHandler()
    handler.setFormatter(PlainFormatter())
    own = not log.hasHandlers()
    log.setLevel(level_of(bool(given.get("quiet")), verbose))
    if own:
        log.addHandler(handler)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(handler)


@contextlib.contextmanager
def run_of(config: RunConfig, given: Mapping[str, Any]) -> Iterator[None]:
    """Prepares the process for a run in the block: log, seeds, devices and precision.

    Args:
      config: the run.
      given: keywords. Messages may name paths among them.

    Raises:
      UserError: for every error that a command reports in one line, such as a full disk.
    """
    with logged(given):
        from xtremedistil_tf.runtime import precision, prepare

        try:
            with precision(config.opt_policy):
                prepare(config.seed, config.deterministic, opt_policy=config.opt_policy)
                yield
        except UserError:
            raise
        except Exception as error:
            told = user_mistake(error, [each for each in given.values() if isinstance(each, str)])
            if told is None:
                raise
            raise UserError(told) from error
