"""JSON records of a run or student folder: keys, kinds and bounds are checked when they are read.

A folder may come from anybody, and may be damaged: what is wrong in it is told in one line.
"""

import dataclasses
import math
import pathlib
import typing
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Type, TypeVar, Union

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.runs import read_json

# No record of ours has a tenth of these.
_MOST_BYTES = 1 << 28
_DEEPEST = 40
_LARGEST = 1e300
_Settings = TypeVar("_Settings")


@dataclasses.dataclass(frozen=True)
class Field:
    """What a key of a record may hold.

    Attributes:
      kind: str, int, float (whole numbers, too), bool, list or dict; `object` takes anything.
      needed: whether the key must be there, and not null.
      least, most: bounds of a number; of a text, list or object, those of its length.
      allowed: the values that there are; empty for any.
      each: what an item of a list or a value of an object may be.
    """

    kind: type
    needed: bool = True
    least: float = -math.inf
    most: float = math.inf
    allowed: Sequence[Any] = ()
    each: Optional["Field"] = None


def _is_a(value: Any, kind: type) -> bool:
    if kind is object:
        return True
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def _wanted(field: Field) -> str:
    names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false",
             list: "a list", dict: "an object"}
    if field.allowed:
        return ", ".join(map(str, field.allowed))
    bounds = ""
    if math.isfinite(field.least) or math.isfinite(field.most):
        what = "" if field.kind in (int, float) else " long"
        low = f"{field.least:.0f}" if math.isfinite(field.least) else ""
        high = f"{field.most:.0f}" if math.isfinite(field.most) else ""
        bounds = f", {low} to {high}{what}" if low and high else f", {low or high} at " + (
            "least" if low else "most")
    return names.get(field.kind, "a value") + bounds


def _check_value(path: pathlib.Path, name: str, value: Any, field: Field) -> None:
    good = _is_a(value, field.kind)
    if good and field.kind in (int, float):
        # JSON knows whole numbers beyond every float, and Python's reader NaN.
        good = abs(value) < _LARGEST and field.least <= value <= field.most
    elif good and field.kind in (str, list, dict):
        good = field.least <= len(value) <= field.most
    if good and field.allowed:
        good = value in field.allowed
    if not good:
        raise UserError(f"{path}: {name} is {value!r:.60}; allowed: {_wanted(field)}")
    if field.each is not None:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            _check_value(path, f"{name}[{key!r:.60}]", item, field.each)


def _check_depth(path: pathlib.Path, value: Any) -> None:
    """Refuses what later recursion, a comparison for example, could not get through."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > _DEEPEST:
            raise UserError(f"{path}: nested more than {_DEEPEST} deep; no record of ours is")
        level = [inner for outer in level if isinstance(outer, (dict, list))
                 for inner in (outer.values() if isinstance(outer, dict) else outer)]


def check_record(path: pathlib.Path, record: Any, fields: Mapping[str, Field]) -> Dict[str, Any]:
    """Gives a record back whose keys hold what they may; unknown keys are left alone.

    Args:
      path: where it was read, for messages.
      record: what was read.
      fields: by key.

    Raises:
      UserError: naming the first key that is missing or holds another thing.
    """
    if not isinstance(record, dict):
        raise UserError(f"{path} holds {record!r:.60}; needed is an object with "
                        f"{', '.join(name for name in fields if fields[name].needed)}")
    _check_depth(path, record)
    for name, field in fields.items():
        if record.get(name) is None:
            if field.needed:
                raise UserError(f"{path}: {name} is missing; needed is {_wanted(field)}")
        else:
            _check_value(path, name, record[name], field)
    return record


def read_record(path: pathlib.Path, fields: Mapping[str, Field]) -> Dict[str, Any]:
    """Reads a JSON file that must hold an object of the given fields; see `check_record`.

    Raises:
      UserError: if the file is missing, too large, not JSON or no such record.
    """
    path = pathlib.Path(path)
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise UserError(f"{path} has {path.stat().st_size:,} bytes; a record has at most "
                        f"{_MOST_BYTES:,}")
    return check_record(path, read_json(path), fields)


def _kinds(annotation: Any) -> Tuple[Any, ...]:
    """The plain types that an annotation such as Optional[int] or Mapping[str, Any] allows."""
    origin = typing.get_origin(annotation)
    if origin is Union:
        return tuple(kind for part in typing.get_args(annotation) for kind in _kinds(part))
    return (dict if origin is not None and issubclass(origin, Mapping)
            else list if origin is not None else annotation,)


def settings_of(
    path: pathlib.Path, name: str, kind: Type[_Settings], values: Any, *, most: int
) -> _Settings:
    """Builds settings, a dataclass of ours, from values that were read.

    Args:
      path, name: where they were read, for messages.
      kind: the dataclass, whose own checks are made too.
      values: by field; what is missing has its default.
      most: no number in it may be larger.

    Raises:
      UserError: for a field that there is not, or that holds another thing.
    """
    if not isinstance(values, dict):
        raise UserError(f"{path}: {name} is {values!r:.60}; needed is an object")
    annotations = typing.get_type_hints(kind)
    for key, value in values.items():
        if key not in annotations:
            raise UserError(f"{path}: {name} has {key!r:.60}; allowed: {', '.join(annotations)}")
        kinds = _kinds(annotations[key])
        if not any(value is None if one is type(None) else _is_a(value, one) for one in kinds):
            raise UserError(f"{path}: {name}.{key} is {value!r:.60}, of a kind that it cannot have")
        if _is_a(value, float) and not abs(value) <= most:
            raise UserError(f"{path}: {name}.{key} is {value!r:.60}; allowed: at most {most}")
    try:
        return kind(**values)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    except TypeError as error:  # A field without a default is missing.
        raise UserError(f"{path}: {name}: {error}") from None
