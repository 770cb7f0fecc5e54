"""The tokenizer operations of TensorFlow Text, loaded without importing that package.

Importing tensorflow_text also imports tensorflow_hub and takes seconds. The shared libraries alone
are enough to build or load a graph.
"""

import functools
import importlib.util
import pathlib
from typing import Any

from xtremedistil_tf.compat import text_library
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf

WORDPIECE, SENTENCEPIECE = TEXT_OPS = ("wordpiece", "sentencepiece")


def library_path(kind: str = WORDPIECE) -> pathlib.Path:
    """Returns the path of the shared library with the operations of one kind of tokenizer.

    Args:
      kind: one of TEXT_OPS.

    Raises:
      UserError: if tensorflow-text is not installed.
    """
    found = importlib.util.find_spec("tensorflow_text")
    if found is None or found.origin is None:
        raise UserError(
            "SavedModels that take text need tensorflow-text; install xtremedistil-tf[serving]"
        )
    return text_library(pathlib.Path(found.origin).parent, kind)


@functools.lru_cache(maxsize=None)
def load_text_ops(kind: str = WORDPIECE) -> Any:
    """Registers operations with TensorFlow, once a process.

    Args:
      kind: one of TEXT_OPS.

    Returns:
      The module with the operations.

    Raises:
      UserError: if tensorflow-text is not installed or does not fit the installed TensorFlow.
    """
    path = library_path(kind)
    try:
        return tf.load_op_library(str(path))
    except tf.errors.NotFoundError as error:
        raise UserError(
            f"{path} does not fit TensorFlow {tf.__version__}: {error.message}; tensorflow-text "
            "must have TensorFlow's minor version"
        ) from None
