"""Reads Parquet files as JSON lines, with the class names that Hugging Face writes in them."""

import io
import json
from typing import Any, Dict, Iterator, List, Optional

from xtremedistil_tf.corpora.annotations.services import class_names, named_values
from xtremedistil_tf.data.json_rows import marked_lines
from xtremedistil_tf.errors import UserError, first_line

_BATCH = 4096


def _class_names(metadata: Optional[Dict[bytes, bytes]]) -> Dict[str, List[str]]:
    """The names of the classes, or tags, of columns of numbers, by Hugging Face's metadata."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError):
        return {}
    found = {column: class_names(feature) for column, feature in features.items()}
    return {column: names for column, names in found.items() if names}


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
            ({column: named_values(value, names[column]) if column in names else value
              for column, value in row.items()}
             for batch in table.iter_batches(batch_size=_BATCH) for row in batch.to_pylist()),
            default=_as_text)
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{name} cannot be read as Parquet: {first_line(error)}") from None
