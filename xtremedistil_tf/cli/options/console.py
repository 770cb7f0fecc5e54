"""The frame of all commands: exit codes, one-line messages for mistakes, and the log."""

import os
import pathlib
import signal
import sys
import traceback
from typing import Callable, Collection, List, NoReturn, Optional, Sequence, Tuple

from absl import app, flags, logging

from xtremedistil_tf.cli.options import usage as command_help
from xtremedistil_tf.cli.options.option import check_flagfiles
from xtremedistil_tf.config.checks import require
from xtremedistil_tf.data.lines import BYTE_ORDER_MARK
from xtremedistil_tf.environment import (
    CHILD,
    end_with_parent,
    interrupted_early,
    restart_with_utf8,
)
from xtremedistil_tf.errors import UserError, is_lost_worker, is_out_of_memory, user_mistake
from xtremedistil_tf.screen import PlainFormatter, level_of, open_streams, quiet_libraries
from xtremedistil_tf.version import __version__

FLAGS = flags.FLAGS

EXIT_FAULT = 1
EXIT_USER_ERROR = 2
# Most commands continue after Ctrl-C.
_GOES_ON = "the same command goes on from here"
# Flags that reduce memory.
_MEMORY_FLAGS = ("student_distil_batch_size", "distil_batch_size", "distil_batch_tokens",
                 "student_ft_batch_size", "ft_batch_size", "teacher_batch_size", "seq_len")


class _Terminated(BaseException):
    """Raised on SIGTERM. It unwinds like Ctrl-C, so that locks, helpers and files are freed.

    Attributes:
      came: True after SIGTERM. TensorFlow replaces this exception by one of its own if it is raised
        in a function that TensorFlow calls.
    """

    came = False


def _terminate(*_: object) -> None:
    _Terminated.came = True
    raise _Terminated


def _end_terminated(on_interrupt: str) -> NoReturn:
    print(f"ended by SIGTERM; {on_interrupt}", file=sys.stderr)
    sys.exit(143)


def _after_interrupt(on_interrupt: str) -> str:
    """Returns a command's message on Ctrl-C; --overwrite would start again, not go on."""
    if on_interrupt == _GOES_ON and "overwrite" in FLAGS and FLAGS.overwrite:
        return _GOES_ON.replace("command", "command without --overwrite")
    return on_interrupt


def _fail(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(EXIT_USER_ERROR)


def _named_paths(own: Sequence[str], operands: Sequence[str]) -> List[str]:
    """Returns all texts that the user gave, including paths: flag values and operands."""
    named = list(operands)
    for name in own:
        value = FLAGS[name].value
        named += [part for part in (value if isinstance(value, list) else [value])
                  if isinstance(part, str)]
    return named


def _memory_hint(own: Sequence[str]) -> str:
    """Returns advice for too little memory, depending on the flags of the command."""
    sizes = [f"--{name} is {FLAGS[name].value}" for name in _MEMORY_FLAGS
             if name in own and FLAGS[name].value is not None]
    if not sizes:
        return "memory ran out: shorter texts need less of it, and fewer programs beside this one"
    return ("memory ran out: a smaller batch or shorter sequences need less of it "
            f"({', '.join(sizes)})")


def _end_of_fault(error: Exception, own: Sequence[str]) -> NoReturn:
    """Exits after an unexpected error, with traceback and hint."""
    traceback.print_exc()
    if is_out_of_memory(error):
        hint = _memory_hint(own)
    else:
        hint = ("this is a fault of xtremedistil_tf, not of your settings; please report it with "
                f"the lines above, the command and the version ({__version__})")
    print(f"hint: {hint}", file=sys.stderr)
    sys.exit(EXIT_FAULT)


def say(text: str = "") -> None:
    """Prints a line about a result that is written anyway; --quiet leaves it out.

    What a command is for, such as the answer of --dry_run, is printed as usual.
    """
    if not ("quiet" in FLAGS and FLAGS["quiet"].value):
        print(text)


def define_all(define_flags: Callable[[], Optional[Collection[str]]]) -> List[str]:
    """Defines the flags of a command and the common ones; returns the names of those to tell.

    Args:
      define_flags: defines the command's own. It may return names of flags that the command
        refuses: help and documentation leave them out.
    """
    before = set(FLAGS)
    before.update(define_flags() or ())
    flags.DEFINE_boolean("quiet", False, "Show warnings and errors only.")
    flags.DEFINE_boolean("verbose", False, "Show the messages of the libraries too.")
    return sorted(set(FLAGS) - before)


def _answer(
    arguments: Sequence[str], main: Callable[..., None], own: Sequence[str],
    operands: Sequence[str],
) -> None:
    """Answers --help and --version and exits, before flags are parsed."""
    asked = {argument.lstrip("-") for argument in arguments if argument.startswith("-")}
    if asked & {"help", "helpshort", "h", "?"}:
        purpose, _, examples = (sys.modules[main.__module__].__doc__ or "").partition("\n\n")
        name = " ".join([pathlib.Path(sys.argv[0]).name, *operands])
        text = command_help.usage(name, purpose, own, FLAGS, examples=examples)
    elif "version" in asked:
        text = f"xtremedistil_tf {__version__}"
    else:
        return
    try:
        print(text, flush=True)
    except BrokenPipeError:
        pass  # The reader has gone, as of `| head`.
    except UserError as error:
        _fail(str(error))
    sys.exit(0)


def _check_values(own: Sequence[str]) -> None:
    """Refuses values that no flag has: an empty text, as of an unset variable, and nan.

    Raises:
      UserError: with the flag.
    """
    for flag in (FLAGS[name] for name in own if FLAGS[name].present):
        value = flag.value
        for text in value if isinstance(value, list) else [value]:
            _check_text(flag.name, text)
        require(value != "" or flag.default == "",
                f"--{flag.name} is empty; give it a value, or leave it out")
        require(value == value, f"--{flag.name} is nan; needed is a number")
        if isinstance(value, list) and len(value) > 1 and "" in value:
            raise UserError(f"--{flag.name} is {','.join(map(str, value))}: a part of it is empty")


def _check_text(name: str, text: object) -> None:
    """Refuses a text that looks like the user's path but names another.

    Raises:
      UserError: with the flag.
    """
    if not isinstance(text, str):
        return
    require(not text.startswith("~/"), f"--{name} is {text}; after = the shell does not replace ~; "
            f"write $HOME/{text[2:]}, or a space instead of =")
    require(text == text.encode("utf-8", "replace").decode("utf-8"),
            f"--{name} is {ascii(text)}, which is not UTF-8; rename it")


def _split_at_dashes(arguments: List[str]) -> Tuple[List[str], List[str]]:
    """Splits arguments at the first --; returns those before and after it."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1:]


def _parse(argv: Sequence[str]) -> List[str]:
    """Parses the flags; reports a wrong flag in one line."""
    try:
        check_flagfiles(argv)
        return FLAGS(argv)
    except UserError as error:
        return _fail(str(error))
    except (flags.Error, UnicodeDecodeError) as error:
        return _fail(command_help.explain(error, FLAGS))


def _set_up_logging() -> None:
    """Sends the log to standard error as plain lines: no dates and no source positions."""
    if not FLAGS["verbosity"].present:
        logging.get_absl_logger().setLevel(level_of(FLAGS.quiet, FLAGS.verbose))
    logging.use_absl_handler()
    logging.get_absl_handler().setFormatter(PlainFormatter())


def _check_operands(given: Sequence[str], operands: Sequence[str]) -> None:
    """Ends the command if it has not one word that is no flag for each of its operands."""
    if len(given) == len(operands):
        return
    if operands:
        _fail(f"{len(given)} operands; allowed: {' '.join(operands)}")
    mark = "; a byte order mark stands before it, which the flagfile's editor wrote" \
        if BYTE_ORDER_MARK in "".join(given) else ""
    _fail(f"not a flag: {' '.join(given)}; flags start with --{mark}")


def start(
    main: Callable[..., None], define_flags: Callable[[], Optional[Collection[str]]],
    *, on_interrupt: str = _GOES_ON, operands: Sequence[str] = (),
    takes_rest: bool = False,
) -> None:
    """Runs a command.

    Args:
      main: the command. It is called after flags are parsed and gets the operands.
      define_flags: defines its flags, see `define_all`.
      on_interrupt: message on Ctrl-C.
      operands: names of the arguments that are not flags.
      takes_rest: call `main` with the list of arguments after --, for programs with their own
        flags. Without it, such arguments are an error.

    Exit codes: 0 done; 1 a fault of ours or too little memory (traceback and hint); 2 a mistake of
    the user or a full disk (one line on standard error); 130 interrupted; 143 ended by SIGTERM,
    such as when a cloud machine is taken away.
    """
    restart_with_utf8()
    parent = os.environ.pop(CHILD, None)
    if parent:
        end_with_parent(int(parent))
    open_streams()
    own = define_all(define_flags)
    before, rest = _split_at_dashes(sys.argv[1:])
    _answer(before, main, own, operands)

    def guarded(argv):
        given = [] if takes_rest and argv[1:] == rest else argv[1:]
        _check_operands(given, operands)
        signal.signal(signal.SIGTERM, _terminate)
        after = _after_interrupt(on_interrupt)
        _set_up_logging()
        if not FLAGS.verbose:
            quiet_libraries()
        try:
            if signal.getsignal(signal.SIGINT) is interrupted_early:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            _check_values(own)
            main(rest) if takes_rest else main(*given)
            sys.stdout.flush()
        except UserError as error:
            _fail(str(error))
        except BrokenPipeError:
            sys.exit(0)  # The reader of our output has gone, as of `| head`.
        except KeyboardInterrupt:
            print(f"interrupted; {after}", file=sys.stderr)
            sys.exit(130)
        except _Terminated:
            _end_terminated(after)
        except Exception as error:
            if _Terminated.came:
                _end_terminated(after)
            if is_lost_worker(error):
                _fail(f"another worker ended; see its own message. {after.capitalize()}")
            told = user_mistake(error, _named_paths(own, given))
            if told is None:
                _end_of_fault(error, own)
            if FLAGS.verbose:
                traceback.print_exc()
            _fail(told)

    app.run(guarded, flags_parser=_parse)
