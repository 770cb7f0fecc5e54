"""Arrays of run and student folders: headers are checked before memory is allocated."""

import os
import pathlib
from typing import Dict, Tuple

import numpy as np

from xtremedistil_tf.errors import UserError, first_line


def read_integers(path: pathlib.Path, *, most: int) -> np.ndarray:
    """Reads a one-dimensional .npy file of integers.

    Args:
      path: a file written by `numpy.save`, without pickled objects.
      most: largest allowed number of values.

    Raises:
      UserError: if the file is missing, its size contradicts its header, or it has another type of
        array.
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
    except Exception as error:  # NumPy parses the header as Python, which may raise any error.
        raise UserError(f"{path} cannot be read: {first_line(error)}") from None


def weight_shapes(path: pathlib.Path) -> Dict[str, Tuple[int, ...]]:
    """Reads names and shapes of a safetensors file's arrays from its header.

    Raises:
      UserError: if the file is missing or damaged.
    """
    from safetensors import safe_open

    try:
        with safe_open(path, framework="np") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
    except Exception as error:  # SafetensorError, FileNotFoundError and other OSErrors.
        raise UserError(f"{path} is not a weights file: {first_line(error)}") from None
