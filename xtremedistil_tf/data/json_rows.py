"""JSON values of rows that somebody else wrote: each fault of a row is a RowError."""

import codecs
import json
import re
from typing import Any, Callable, Dict, Iterable, Iterator, Optional

from xtremedistil_tf.data.lines import RowError

# Half a character: \ud83d without the \ude00 behind it.
_HALF = re.compile("[\ud800-\udfff]")


def mend(text: str) -> str:
    """Replaces each half of a character, which no file can hold, by U+FFFD."""
    return _HALF.sub("\ufffd", text)


def parse_json(text: str) -> Any:
    """Parses a JSON value.

    Raises:
      RowError: if it is not JSON, is nested too deeply, or contains an unpaired surrogate.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RowError(("json", f"not JSON: {error}")) from None
    return whole_characters(value)


def whole_characters(value: Any) -> Any:
    """Returns the value if its texts have no unpaired surrogate (half a character).

    Raises:
      RowError: if a text has one.
    """
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise RowError(("json", "an escape that is half a character")) from None
    return value


def marked_lines(
    records: Iterable[Optional[Dict[str, Any]]], *,
    default: Optional[Callable[[Any], Any]] = None,
) -> Iterator[bytes]:
    """Yields records as JSON lines, in UTF-8 by their byte order mark.

    Args:
      records: the records; None for an empty line.
      default: makes a JSON value of what is none.
    """
    mark = codecs.BOM_UTF8
    for record in records:
        line = b"" if record is None else json.dumps(record, default=default).encode()
        yield mark + line + b"\n"
        mark = b""
