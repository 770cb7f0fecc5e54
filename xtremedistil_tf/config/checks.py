"""Checks of single settings, with messages that name the flag."""

import dataclasses
import math
import pathlib
from typing import Any, Tuple, TypeVar

from xtremedistil_tf.errors import UserError, not_allowed

# Placeholder default of a setting that is derived from others when the settings are created.
DERIVED: Any = None

Settings = TypeVar("Settings")


def derive(settings: Any, **values: Any) -> None:
    """Sets the values of settings that are still DERIVED, during creation."""
    for name, value in values.items():
        if getattr(settings, name) is None:
            object.__setattr__(settings, name, value)


def derived(settings: Settings, **values: Any) -> Settings:
    """Returns a copy of the settings with values for those that are DERIVED."""
    missing = {name: value for name, value in values.items() if getattr(settings, name) is None}
    return dataclasses.replace(settings, **missing)  # type: ignore[type-var]


def require(condition: bool, message: str) -> None:
    """Raises UserError with `message` unless `condition` holds."""
    if not condition:
        raise UserError(message)


def one_of(flag: str, value: Any, allowed: Tuple[str, ...]) -> None:
    """Raises UserError unless a flag has an allowed value."""
    if value not in allowed:
        raise not_allowed(flag, value, allowed)


def positive(flag: str, value: float) -> None:
    """Raises UserError unless a flag is positive and finite."""
    require(0 < value < math.inf, f"--{flag} is {value}; it must be above 0, and finite")


def check_seed(seed: int) -> None:
    """Raises UserError unless all generators take a seed."""
    require(0 <= seed < 2**32, f"--seed is {seed}; allowed: 0 to {2**32 - 1}")


def at_least(flag: str, value: float, least: float) -> None:
    """Raises UserError unless a flag is at least `least`."""
    require(least <= value < math.inf, f"--{flag} is {value}; it must be at least {least}"
            + (", and finite" if value == math.inf else ""))


def check_output(path: pathlib.Path, *, folder: bool = False) -> None:
    """Refuses an --output at which nothing can be written, before the work is done.

    Args:
      path: the place of the file or folder.
      folder: True for a folder.

    Raises:
      UserError: if a file or device stands where a folder is needed, or the other way round.
    """
    above = next(one for one in path.absolute().parents if one.exists())
    if not above.is_dir():
        raise UserError(f"--output {path}: {above} is a file, so nothing can be written below it")
    if folder and path.exists() and not path.is_dir():  # Devices too: they would be replaced.
        raise UserError(f"--output {path} is a file; allowed: a folder")
    if not folder and path.exists() and not path.is_file():
        raise UserError(f"--output {path} is {'a folder' if path.is_dir() else 'no file'}; "
                        "allowed: a file name")
