"""What all commands share: exit codes, one clear message for a user's mistake, a quiet screen."""

import os
import signal
import sys
from typing import Callable

from absl import app, logging

from xtremedistil_tf.errors import UserError

EXIT_USER_ERROR = 2


def quiet_libraries() -> None:
    """Keeps TensorFlow's and transformers' start-up messages off the screen.

    Variables that the user has set are left alone.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")


class _Terminated(BaseException):
    """SIGTERM came: unwinds like Ctrl-C, so that locks, helpers and temporary files are freed."""


def _terminate(*_: object) -> None:
    raise _Terminated


def _fail(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(EXIT_USER_ERROR)


def _is_storage_error(error: Exception) -> bool:
    """Whether TensorFlow or safetensors report a full disk or a damaged or unreadable file."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"SafetensorError", "DataLossError", "ResourceExhaustedError",
                         "PermissionDeniedError", "NotFoundError"})


def _is_lost_worker(error: Exception) -> bool:
    """Whether TensorFlow reports that a worker of the cluster is gone."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return "UnavailableError" in names or "Collective ops is aborted" in str(error)


def start(
    main: Callable[[], None], define_flags: Callable[[], None],
    on_interrupt: str = "the same command goes on from here",
) -> None:
    """Runs a command.

    Args:
      main: the command; flags are parsed when it is called.
      define_flags: defines its flags.
      on_interrupt: what is told on Ctrl-C.

    Exit codes: 0 done, 1 a fault of ours or a wrong flag (with absl's own text), 2 a mistake in
    what was given (one line on standard error), 130 interrupted, 143 ended by
    SIGTERM, as a machine that is taken away sends it.
    """
    define_flags()
    quiet_libraries()

    def guarded(argv):
        if len(argv) > 1:
            raise app.UsageError(f"not a flag: {' '.join(argv[1:])}; flags start with --")
        signal.signal(signal.SIGTERM, _terminate)
        logging.set_verbosity(logging.INFO)
        logging.use_absl_handler()
        # The log goes to standard error as plain lines: no dates and no source positions.
        logging.get_absl_handler().setFormatter(_PlainFormatter())
        try:
            main()
        except UserError as error:
            _fail(str(error))
        except BrokenPipeError:
            # The reader of our output has gone (`| head`): nothing is wrong, nothing is left to do.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except OSError as error:
            _fail(f"{error.filename or 'file system'}: {error.strerror or error}")
        except KeyboardInterrupt:
            print(f"interrupted; {on_interrupt}", file=sys.stderr)
            sys.exit(130)
        except _Terminated:
            print(f"ended by SIGTERM; {on_interrupt}", file=sys.stderr)
            sys.exit(143)
        except Exception as error:
            if _is_lost_worker(error):
                _fail(f"another worker ended; see its own message. {on_interrupt.capitalize()}")
            if not _is_storage_error(error):
                raise
            _fail(str(error).splitlines()[0])

    app.run(guarded)


class _PlainFormatter(logging.PythonFormatter):
    def format(self, record):
        prefix = "" if record.levelname == "INFO" else f"{record.levelname.lower()}: "
        return prefix + record.getMessage()
