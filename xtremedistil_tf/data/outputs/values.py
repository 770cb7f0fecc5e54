"""Values in rows of teacher outputs: their types, numbers and probabilities."""

import math
from typing import Any

import numpy as np

from xtremedistil_tf.data.lines import RowError

NUMBERS = (int, float)
# Logits are stored with 32 bits.
_LARGEST = float(np.finfo(np.float32).max)


def bad_row(problem: str, told: str) -> RowError:
    """The error of a row: its problem in one word, and what to tell."""
    return RowError((problem, told))


def of_type(value: Any, kind: Any, name: str, needed: str) -> Any:
    """Returns a value of a type; raises a RowError for others, and for True and False."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise bad_row("form", f"{name} is {str(value)[:40]!r}; needed is {needed}")
    return value


def finite(value: Any, name: str, needed: str) -> float:
    """Returns a number as a float; raises a RowError for what is none, or too large for 32 bits."""
    of_type(value, NUMBERS, name, needed)
    try:
        number = float(value)
    except OverflowError:  # A whole number of hundreds of digits.
        number = math.inf
    if not abs(number) <= _LARGEST:
        raise bad_row("number", f"{name} hold {str(value)[:40]}; needed are finite numbers of 32 "
                      "bits")
    return number


def probability(value: Any) -> float:
    """Returns a score as a float; raises a RowError unless it is 0 to 1."""
    if not 0 <= of_type(value, NUMBERS, "a score", "a probability, 0 to 1") <= 1:
        raise bad_row("probability", f"a score is {str(value)[:40]}; needed is a probability, 0 to "
                      "1")
    return float(value)
