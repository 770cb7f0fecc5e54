"""TensorFlow, checked to carry Keras 2: the whole package imports `tf` from here."""

import contextlib
import importlib.metadata
import importlib.util
import os
import tempfile
from typing import Iterator


def _choose_keras() -> str:
    """Decides which package `tf.keras` must be, and tells TensorFlow; to be called before it loads.

    Where the package `keras` is version 2 (TensorFlow 2.15), it is the one: transformers and
    TensorFlow Addons import it by that name, and `tf_keras`, which comes along with TensorFlow
    Text, would be a second Keras beside it. Where `keras` is version 3 (TensorFlow 2.16 and later)
    it is `tf_keras`, which is Keras 2, and which transformers then imports.

    Returns:
      "keras" or "tf_keras".
    """
    try:
        inside = importlib.metadata.version("keras").startswith("2.")
    except importlib.metadata.PackageNotFoundError:
        inside = False
    if inside:
        # Transformers and TensorFlow Addons would still import `keras`, whatever was set before.
        os.environ["TF_USE_LEGACY_KERAS"] = "0"
    elif importlib.util.find_spec("tf_keras"):  # Without it, TensorFlow itself could not load.
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    return "keras" if inside else "tf_keras"


@contextlib.contextmanager
def _hushed(wanted: bool) -> Iterator[None]:
    """Holds back what is written to standard error in the block; shows it if the block fails.

    While its libraries are loaded TensorFlow 2.19 and later write errors about GPUs that nobody has
    asked for, before they look at TF_CPP_MIN_LOG_LEVEL. They come from C++, past `sys.stderr`.
    """
    try:
        screen = os.dup(2) if wanted else None
    except OSError:  # There is no standard error.
        screen = None
    if screen is None:
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(screen, held.read())
            raise
        finally:
            os.dup2(screen, 2)
            os.close(screen)


_KERAS = _choose_keras()
with _hushed(os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3"):
    import tensorflow as tf

# Functional TFBertModel graphs, legacy optimizers and TensorFlow Addons all need Keras 2.
# Keras 2 keeps its models in `engine`; the version attribute is not set on every build.
if not tf.keras.Model.__module__.startswith(f"{_KERAS}.src.engine."):
    raise ImportError(
        f"xtremedistil_tf needs tf.keras to be Keras 2 from the package {_KERAS}, but it is "
        f"{tf.keras.Model.__module__} (TensorFlow {tf.__version__}). "
        "Install tensorflow==2.15.*, or with TensorFlow 2.16 and later tf_keras of the same minor "
        "version; and import xtremedistil_tf before tensorflow, or set TF_USE_LEGACY_KERAS="
        f"{int(_KERAS == 'tf_keras')} before tensorflow is imported."
    )

__all__ = ["tf"]
