"""What all commands share: exit codes, one clear message for a user's mistake, a quiet screen."""

import os
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


def start(main: Callable[[], None], define_flags: Callable[[], None]) -> None:
    """Runs a command.

    Args:
      main: the command; flags are parsed when it is called.
      define_flags: defines its flags.

    Exit codes: 0 done, 1 a fault of ours or a wrong flag (with absl's own text), 2 a mistake in
    what was given (one line on standard error), 130 interrupted.
    """
    define_flags()
    quiet_libraries()

    def guarded(argv):
        if len(argv) > 1:
            raise app.UsageError(f"not a flag: {' '.join(argv[1:])}; flags start with --")
        logging.set_verbosity(logging.INFO)
        logging.use_absl_handler()
        # The log goes to standard error as plain lines: no dates and no source positions.
        logging.get_absl_handler().setFormatter(_PlainFormatter())
        try:
            main()
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(EXIT_USER_ERROR)
        except KeyboardInterrupt:
            print("interrupted; the same command goes on from here", file=sys.stderr)
            sys.exit(130)

    app.run(guarded)


class _PlainFormatter(logging.PythonFormatter):
    def format(self, record):
        prefix = "" if record.levelname == "INFO" else f"{record.levelname.lower()}: "
        return prefix + record.getMessage()
