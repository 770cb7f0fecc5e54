"""Arrays of a run or student folder: the header is checked before memory is asked for."""

import os
import pathlib
from typing import Dict, Tuple

import numpy as np

from xtremedistil_tf.errors import UserError, first_line


def read_integers(path: pathlib.Path, *, most: int) -> np.ndarray:
    """Reads a one-dimensional .npy file of integers.

    Args:
      path: what `numpy.save` wrote, without pickled objects.
      most: values that it may have.

    Raises:
      UserError: if the file is missing, or anything else than its header says, or its header says
        anything else than such an array.
    """
    path = pathlib.Path(path)
    try:
        with open(path, "rb") as file:
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError("another version of the .npy format than 1.0")
            shape, _, kind = np.lib.format.read_array_header_1_0(file)
            size = os.fstat(file.fileno()).st_size - file.tell()
            if kind.kind != "i" or len(shape) != 1:
                raise ValueError(f"its header says {kind} {shape}; needed are integers in one row")
            if shape[0] > most or shape[0] * kind.itemsize != size:
                raise ValueError(f"its header says {shape[0]:,} values of {kind.itemsize} bytes, "
                                 f"{size:,} bytes follow; at most {most:,} values are allowed")
            return np.fromfile(file, kind, shape[0])
    except FileNotFoundError:
        raise UserError(f"file not found: {path}") from None
    except Exception as error:  # numpy parses the header as Python: any error may come out of it.
        raise UserError(f"{path} cannot be read: {first_line(error)}") from None


def weight_shapes(path: pathlib.Path) -> Dict[str, Tuple[int, ...]]:
    """Names and shapes of a safetensors file's arrays, from its header alone.

    Raises:
      UserError: if the file is missing or damaged.
    """
    from safetensors import safe_open

    try:
        with safe_open(path, framework="np") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
    except Exception as error:  # SafetensorError, FileNotFoundError and other OSErrors.
        raise UserError(f"{path} is not a weights file: {first_line(error)}") from None
