"""The WordPiece operation of TensorFlow Text, loaded without importing that package.

Importing tensorflow_text also imports tensorflow_hub and takes seconds. The shared library alone is
enough to build or load a graph.
"""

import functools
import importlib.util
import pathlib
from typing import Any

from xtremedistil_tf.compat import wordpiece_library
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf


def library_path() -> pathlib.Path:
    """Returns the path of the shared library with the WordPiece operation.

    Raises:
      UserError: if tensorflow-text is not installed.
    """
    found = importlib.util.find_spec("tensorflow_text")
    if found is None or found.origin is None:
        raise UserError(
            "SavedModels that take text need tensorflow-text; install xtremedistil-tf[serving]"
        )
    return wordpiece_library(pathlib.Path(found.origin).parent)


@functools.lru_cache(maxsize=None)
def load_text_ops() -> Any:
    """Registers the operation with TensorFlow, once a process.

    Returns:
      The module with `wordpiece_tokenize_with_offsets`.

    Raises:
      UserError: if tensorflow-text is not installed or does not fit the installed TensorFlow.
    """
    path = library_path()
    try:
        return tf.load_op_library(str(path))
    except tf.errors.NotFoundError as error:
        raise UserError(
            f"{path} does not fit TensorFlow {tf.__version__}: {error.message}; tensorflow-text "
            "must have TensorFlow's minor version"
        ) from None
