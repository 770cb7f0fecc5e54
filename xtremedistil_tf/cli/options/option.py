"""Flags as records: name, help, and the setting that the flag determines."""

import dataclasses
import re
import typing
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Sequence, Tuple, Union

from absl import flags

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.usage import explain
from xtremedistil_tf.errors import UserError

# The parts of the configuration by their names in `Option.sets`. They alone define defaults.
_RUN = cfg.RunConfig(cfg.DataConfig(task=""))
_PARTS: Dict[str, Any] = {
    "data": _RUN.data, "squad": cfg.SquadConfig(), "teacher": _RUN.teacher,
    "student": _RUN.student, "distil": _RUN.distil, "run": _RUN, "resources": cfg.Resources(),
    "pretraining": cfg.PretrainingConfig(checkpoint="", text=""),
}
_DEFINE: Dict[str, Callable[..., Any]] = {
    "string": flags.DEFINE_string, "integer": flags.DEFINE_integer, "float": flags.DEFINE_float,
    "boolean": flags.DEFINE_boolean, "list": flags.DEFINE_list,
}
# A sentence of a flag's help; a point between digits does not end it.
_CHOSEN = re.compile(r" Default: (--\w+, without it )?"
                     r"(?:[^.]|\.\d)*\(--defaults\)(?:[^.]|\.\d)*\.(?!\d)")
_KINDS = {str: "string", int: "integer", float: "float", bool: "boolean"}


def _same(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclasses.dataclass(frozen=True)
class Option:
    """A flag of the training commands, and a keyword of the matching Python functions.

    Attributes:
      name: name of the flag.
      help: one or two sentences.
      sets: the settings that it determines, as "part.field"; empty if the command reads the flag.
      choices: the allowed values; None for any.
      names: returns the registered names, for the help. The code that uses a name checks it, since
        packages and programs may register more.
      kind: "string", "integer", "float", "boolean" or "list".
      default: the default value; None if `derived`.
      derived: True if another flag or setting determines the default.
      parse: converts the flag's value to the setting's value.
      required: True if the command needs it.
      alias: name of another flag; the two are one, and the later on the command line counts.
    """

    name: str
    help: str
    sets: Tuple[str, ...] = ()
    choices: Optional[Sequence[str]] = None
    names: Optional[Callable[[], Sequence[str]]] = None
    kind: str = ""
    default: Any = None
    derived: bool = False
    parse: Callable[[Any], Any] = _same
    required: bool = False
    alias: str = ""


def setting(
    name: str, sets: Union[str, Tuple[str, ...]], help_text: str, *,
    choices: Optional[Sequence[str]] = None,
    names: Optional[Callable[[], Sequence[str]]] = None, kind: str = "", derived: bool = False,
    parse: Callable[[Any], Any] = _same, required: bool = False,
) -> Option:
    """Returns an Option whose kind and default come from its setting in the configuration.

    Args:
      name: name of the flag.
      sets: the setting, as "part.field" of `RunConfig`; of several the first gives the default.
      help_text: the help.
      choices, names, derived, parse, required: see `Option`.
      kind: see `Option`; by default that of the setting's type.
    """
    sets = (sets,) if isinstance(sets, str) else sets
    part, field = sets[0].split(".")
    default = None if derived or required else getattr(_PARTS[part], field)
    return Option(name, help_text, sets, choices, names, kind or _kind_of(part, field),
                  list(default) if isinstance(default, tuple) else default, derived, parse,
                  required)


def _kind_of(part: str, field: str) -> str:
    wanted = typing.get_type_hints(type(_PARTS[part]))[field]
    if typing.get_origin(wanted) is Union:
        (wanted,) = set(typing.get_args(wanted)) - {type(None)}
    return "list" if typing.get_origin(wanted) is tuple else _KINDS[wanted]


def without_choice(options: Iterable[Option]) -> Tuple[Option, ...]:
    """Returns the flags of a command without --defaults: the help names the setting's own default.

    Args:
      options: flags. A sentence "Default: ... (--defaults)." tells what a run chooses by its data.
    """
    def plain(option: Option) -> Option:
        part, field = option.sets[0].split(".") if option.sets else ("", "")
        value = getattr(_PARTS[part], field) if part else None
        told = f"{value:g}" if isinstance(value, float) else str(value)
        return dataclasses.replace(option, help=_CHOSEN.sub(rf" Default: \g<1>{told}.",
                                                            option.help))

    return tuple(map(plain, options))


def define(options: Iterable[Option], *, values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines flags.

    Args:
      options: the flags.
      values: the absl flag values to add them to.
    """
    for option in options:
        more: Dict[str, Any] = {"flag_values": values, "required": option.required}
        if option.alias:
            flags.DEFINE_alias(option.name, option.alias, flag_values=values)
            values[option.name].help = option.help
        elif option.names is not None:
            define_named(option.name, option.default, option.names(), option.help, values=values)
        elif option.choices is not None:
            flags.DEFINE_enum(option.name, option.default, option.choices, option.help, **more)
        else:
            _DEFINE[option.kind](option.name, option.default, option.help, **more)


class _NameParser(flags.ArgumentParser):
    """Accepts any text; lists the known names in the help."""

    def __init__(self, names: Sequence[str]):
        self.enum_values = list(names)

    def flag_type(self) -> str:
        return "string"


def define_named(
    name: str, default: Any, names: Sequence[str], help_text: str,
    *, values: flags.FlagValues = flags.FLAGS,
) -> None:
    """Defines a flag whose help lists known values, but which accepts others, too."""
    flags.DEFINE(_NameParser(names), name, default, f"<{'|'.join(names)}>: {help_text}",
                 flag_values=values, serializer=flags.ArgumentSerializer())


def given(values: flags.FlagValues, options: Iterable[Option]) -> Dict[str, Any]:
    """Returns the values of flags in the command line or a flagfile, by name."""
    return {option.name: values[option.name].value for option in options
            if values[option.name].present}


def check_flagfiles(arguments: Iterable[str]) -> None:
    """Refuses an empty --flagfile, as of an unset variable, which absl would ignore.

    Raises:
      UserError: if there is one.
    """
    if any(argument.lstrip("-") == "flagfile=" for argument in arguments):
        raise UserError("--flagfile is empty; give it a value, or leave it out")


def parsed(arguments: Sequence[str], options: Sequence[Option]) -> Dict[str, Any]:
    """Returns the values of flags in command-line arguments, by name.

    Args:
      arguments: such as ["--flagfile=x.flags", "--seed=3"], without the program's name.
      options: the flags.

    Raises:
      UserError: for an unknown flag, an invalid value, a missing flag or a word that is no flag.
    """
    values = flags.FlagValues()
    define(options, values=values)
    check_flagfiles(arguments)
    try:
        _, *rest = values(["xtremedistil", *arguments])
    except (flags.Error, UnicodeDecodeError) as error:
        raise UserError(explain(error, [option.name for option in options])) from None
    if rest:
        raise UserError(f"{rest[0]!r} is no flag; allowed: flags, as in --seed=1")
    return given(values, options)


def settings_of(
    flags_given: Mapping[str, Any], options: Iterable[Option]
) -> Dict[str, Dict[str, Any]]:
    """Returns the settings that given flags determine, by part and field.

    Args:
      flags_given: see `given`. Flags without a setting are ignored.
      options: the flags. If two determine the same setting, the later one counts.
    """
    found: Dict[str, Dict[str, Any]] = {part: {} for part in _PARTS}
    for option in options:
        for place in option.sets if option.name in flags_given else ():
            part, field = place.split(".")
            found[part][field] = option.parse(flags_given[option.name])
    return found
