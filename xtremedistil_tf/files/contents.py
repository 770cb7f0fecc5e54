"""Reads and writes whole files of JSON, text and arrays."""

import io
import json
import pathlib
from typing import Any

import numpy as np

from xtremedistil_tf.errors import UserError, first_line
from xtremedistil_tf.files.atomic import atomic_path


def write_json(path: pathlib.Path, value: Any) -> None:
    """Writes a JSON file atomically, keys in the given order."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def write_array(path: pathlib.Path, array: np.ndarray) -> None:
    """Writes a .npy file.

    `np.save` writes into a file past Python: on a full disk it may lose the array's end without a
    word, or tell of it without an error number.

    Args:
      path: the file, such as one of `atomic_path`.
      array: of any shape and dtype except object.
    """
    written = io.BytesIO()
    np.save(written, array, allow_pickle=False)
    path.write_bytes(written.getvalue())


def read_json(path: pathlib.Path) -> Any:
    """Reads a JSON file.

    Raises:
      UserError: if the file is missing, not JSON, or nested too deeply to be read.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not a JSON file: {first_line(error)}") from None


def read_text(path: pathlib.Path) -> str:
    """Reads a file in UTF-8.

    Raises:
      UserError: if the file is missing or not UTF-8.
    """
    try:
        return pathlib.Path(path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UserError(f"file not found: {path}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a JSON file: {first_line(error)}") from None
