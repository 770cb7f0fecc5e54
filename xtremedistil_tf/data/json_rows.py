"""JSON values of rows that somebody else wrote: each fault of a row is a RowError."""

import codecs
import json
import re
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple, Union

from xtremedistil_tf.data.lines import RowError

# Half a character: \ud83d without the \ude00 behind it.
_HALF = re.compile("[\ud800-\udfff]")


def mend(text: str) -> str:
    """Replaces each half of a character, which no file can hold, by U+FFFD."""
    return _HALF.sub("\ufffd", text)


class _Twice:
    """Stands for an object in which a key has two values: `json` would keep the last one.

    `whole_characters` refuses it, so that in an array it costs its own record only.
    """

    def __init__(self, key: str):
        self.key = key


def each_key_once(pairs: List[Tuple[str, Any]]) -> Any:
    """The `object_pairs_hook` of values that `whole_characters` checks.

    Args:
      pairs: keys and values of an object. A key may be repeated with its value.
    """
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = next((key for key, value in pairs if found[key] != value), None)
    return found if twice is None else _Twice(twice)


def _refuse(value: _Twice) -> None:
    raise RowError(("json", f"the key {value.key!r:.60} stands twice in an object, with different "
                    "values; needed is one of them"))


def parse_json(text: str) -> Any:
    """Parses a JSON value.

    Raises:
      RowError: if it is not JSON, is nested too deeply, contains an unpaired surrogate, or a key
        with two values in one object.
    """
    try:
        value = json.loads(text, object_pairs_hook=each_key_once)
    except (ValueError, RecursionError) as error:
        raise RowError(("json", f"not JSON: {error}")) from None
    return whole_characters(value)


def whole_characters(value: Any) -> Any:
    """Returns the value if its texts have no unpaired surrogate (half a character).

    Raises:
      RowError: if a text has one, or `each_key_once` found a key with two values.
    """
    try:
        json.dumps(value, ensure_ascii=False, default=_refuse).encode("utf-8")
    except UnicodeEncodeError:
        raise RowError(("json", "an escape that is half a character")) from None
    return value


def marked_lines(
    records: Iterable[Union[Dict[str, Any], bytes, None]], *,
    default: Optional[Callable[[Any], Any]] = None,
) -> Iterator[bytes]:
    """Yields records as JSON lines, in UTF-8 by their byte order mark.

    Args:
      records: the records, or lines that are JSON already; None for an empty line.
      default: makes a JSON value of what is none.
    """
    mark = codecs.BOM_UTF8
    for record in records:
        if record is None:
            line = b""
        elif isinstance(record, bytes):
            line = record
        else:
            line = json.dumps(record, default=default).encode()
        yield mark + line + b"\n"
        mark = b""
