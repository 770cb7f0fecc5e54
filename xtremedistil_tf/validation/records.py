"""JSON records of run and student folders: checks of keys, types and bounds.

A folder may come from anybody and may be damaged. Errors are reported in one line.
"""

import dataclasses
import math
import pathlib
import typing
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Type, TypeVar, Union

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json

# More than ten times the largest values of real records.
_MOST_BYTES = 1 << 28
_DEEPEST = 40
_LARGEST = 1e300
_LONGEST_TOLD = 300
_Settings = TypeVar("_Settings")


@dataclasses.dataclass(frozen=True)
class Field:
    """The allowed values of a record's key.

    Attributes:
      kind: str, int, float (also integers), bool, list or dict; `object` for any type.
      needed: True if the key must exist and not be null.
      least, most: bounds of a number, or of the length of a text, list or object.
      allowed: the allowed values; empty for any.
      each: the allowed values of a list's items or an object's values.
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
        # JSON allows integers beyond every float, and Python's reader accepts NaN.
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
    """Refuses deeply nested values, on which recursive code such as == would fail."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > _DEEPEST:
            raise UserError(f"{path}: nested more than {_DEEPEST} deep; no record of ours is")
        level = [inner for outer in level if isinstance(outer, (dict, list))
                 for inner in (outer.values() if isinstance(outer, dict) else outer)]


def check_record(path: pathlib.Path, record: Any, fields: Mapping[str, Field]) -> Dict[str, Any]:
    """Checks a record and returns it; ignores unknown keys.

    Args:
      path: path of the file, for messages.
      record: the record.
      fields: allowed values by key.

    Raises:
      UserError: if a key is missing or has another value. The message names the first one.
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
      UserError: if the file is missing, too large, not JSON, or not such a record.
    """
    path = pathlib.Path(path)
    check_size(path)
    return check_record(path, read_json(path), fields)


def check_size(path: pathlib.Path) -> None:
    """Raises UserError for a JSON file that is larger than any of ours."""
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise UserError(f"{path} has {path.stat().st_size:,} bytes; a record has at most "
                        f"{_MOST_BYTES:,}")


def _kinds(annotation: Any) -> Tuple[Any, ...]:
    """Returns the types that an annotation such as Optional[int] or Mapping[str, Any] allows."""
    origin = typing.get_origin(annotation)
    if origin is Union:
        return tuple(kind for part in typing.get_args(annotation) for kind in _kinds(part))
    return (dict if origin is not None and issubclass(origin, Mapping)
            else list if origin is not None else annotation,)


def settings_of(
    path: pathlib.Path, name: str, kind: Type[_Settings], values: Any, *, most: int
) -> _Settings:
    """Builds a settings dataclass from the values of a record.

    Args:
      path, name: path of the file and name of the key, for messages.
      kind: the dataclass, which also checks its values.
      values: values by field. Missing fields get their default.
      most: largest allowed number.

    Raises:
      UserError: for an unknown field or an invalid value.
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
    except UserError as error:  # It repeats the value, which may hold anything.
        raise UserError(f"{path}: {' '.join(str(error).split())[:_LONGEST_TOLD]}") from None
    except TypeError as error:  # A field without a default is missing.
        raise UserError(f"{path}: {name}: {error}") from None
