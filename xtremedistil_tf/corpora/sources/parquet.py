"""Reads Parquet files as JSON lines, with the class names that Hugging Face writes in them."""

import io
import json
from typing import Any, Dict, Iterator, List, Optional

from xtremedistil_tf.data.json_rows import marked_lines
from xtremedistil_tf.errors import UserError, first_line

_BATCH = 4096


def _class_names(metadata: Optional[Dict[bytes, bytes]]) -> Dict[str, List[str]]:
    """The names of the classes, or tags, of columns of numbers, by Hugging Face's metadata."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError):
        return {}
    found = {}
    for column, feature in features.items():
        # A list's feature holds that of its items; older files write it as a list of one.
        inner = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
        if isinstance(inner, dict) and isinstance(inner.get("names"), list):
            found[column] = inner["names"]
    return found


def _named(value: Any, names: List[str]) -> Any:
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else value


def _as_text(value: Any) -> str:
    """Text for a value that JSON cannot hold: bytes, a date, a decimal number."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def parquet_lines(file: Any, name: str) -> Iterator[bytes]:
    """Yields the rows of a Parquet file as JSON lines, in UTF-8 by their mark.

    Args:
      file: the open file.
      name: its name, for messages.

    Raises:
      UserError: if it cannot be read, or the library is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError:
        raise UserError(f"{name} is a Parquet file, which pyarrow reads: "
                        "pip install xtremedistil-tf[datasets]") from None
    try:
        table = pyarrow.parquet.ParquetFile(
            file if file.seekable() else io.BytesIO(file.read()))
        names = _class_names(table.schema_arrow.metadata)
        yield from marked_lines(
            ({column: _named(value, names[column]) if column in names else value
              for column, value in row.items()}
             for batch in table.iter_batches(batch_size=_BATCH) for row in batch.to_pylist()),
            default=_as_text)
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{name} cannot be read as Parquet: {first_line(error)}") from None
