"""Checks of single settings, with messages that name the flag."""

from typing import Any, Tuple

from xtremedistil_tf.errors import UserError


def require(condition: bool, message: str) -> None:
    """Raises UserError with `message` unless `condition` holds."""
    if not condition:
        raise UserError(message)


def one_of(flag: str, value: Any, allowed: Tuple[str, ...]) -> None:
    """Raises UserError unless a flag has one of the allowed values."""
    require(value in allowed, f"--{flag} is {value!r}; allowed: {', '.join(allowed)}")


def at_least(flag: str, value: float, least: float) -> None:
    """Raises UserError unless a flag reaches `least`."""
    require(value >= least, f"--{flag} is {value}; it must be at least {least}")
