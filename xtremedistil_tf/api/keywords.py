"""Keyword arguments with the names of flags, parsed like a command line."""

import inspect
import os
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple, TypeVar

from absl import flags

from xtremedistil_tf.cli.options.option import Option, define, parsed
from xtremedistil_tf.cli.options.usage import explain
from xtremedistil_tf.errors import UserError

Function = TypeVar("Function", bound=Callable[..., Any])
# Keywords of every function, in addition to the settings of a run.
_SHOWN = (Option("quiet", "Show warnings and errors only.", kind="boolean", default=False),
          Option("verbose", "Show the messages of the libraries too.", kind="boolean",
                 default=False))
FLAGFILE = "flagfile"


def _plain(value: Any) -> Any:
    """Converts a value for absl's parsers: paths to text, sequences and mappings to lists."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return [f"{key}={each}" for key, each in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [str(_plain(each)) for each in value]
    # NumPy scalars become Python numbers.
    return value.item() if hasattr(value, "item") else value


def _flagfiles(value: Any) -> List[str]:
    files = [value] if isinstance(value, (str, os.PathLike)) else list(value or ())
    return [f"--flagfile={os.fspath(file)}" for file in files]


def parse(options: Sequence[Option], keywords: Mapping[str, Any]) -> Dict[str, Any]:
    """Parses keyword arguments as the flags of the same names.

    Args:
      options: the flags.
      keywords: values by name, as text or Python values: lists for comma-separated lists, mappings
        for name=value items, None for a missing flag. `flagfile` is a path or several; keywords
        override its flags.

    Returns:
      The given flags by name.

    Raises:
      UserError: for an unknown flag, an invalid value or a missing flag, with the command's
        message.
    """
    options = (*options, *_SHOWN)
    values = flags.FlagValues()
    define(options, values=values)
    try:
        arguments = _flagfiles(keywords.get(FLAGFILE))
        for name, value in keywords.items():
            if name == FLAGFILE or value is None:
                continue
            if name not in values:
                raise flags.UnrecognizedFlagError(name)
            values[name].parse(_plain(value))
            arguments.append(values[name].serialize())
    except flags.Error as error:
        raise UserError(explain(error, [option.name for option in options])) from None
    return parsed(arguments, options)


def _parameter(option: Option) -> inspect.Parameter:
    default = inspect.Parameter.empty if option.required else option.default
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=default)


def takes(options: Sequence[Option], *, without: Tuple[str, ...] = ()) -> Callable[
        [Function], Function]:
    """Returns a decorator that sets a function's signature to its flags, for help and editors.

    Args:
      options: the flags.
      without: names of flags that the function does not take.
    """
    shown = [option for option in (*options, *_SHOWN) if option.name not in without]
    parameters = [_parameter(option) for option in shown]
    file = inspect.Parameter(FLAGFILE, inspect.Parameter.KEYWORD_ONLY, default=None)

    def with_signature(function: Function) -> Function:
        made = inspect.signature(function)
        vars(function)["__signature__"] = made.replace(parameters=[*parameters, file])
        return function

    return with_signature
