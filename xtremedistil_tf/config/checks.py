"""Checks of single settings, with messages that name the flag."""

import dataclasses
import math
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
