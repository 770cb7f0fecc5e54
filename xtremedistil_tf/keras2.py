"""TensorFlow with Keras 2, checked. The whole package imports `tf` from here."""

import contextlib
import importlib.metadata
import importlib.util
import os
import tempfile
from typing import Iterator


def _choose_keras() -> str:
    """Chooses the package behind `tf.keras`; must be called before TensorFlow is loaded.

    If the package `keras` is version 2 (TensorFlow 2.15), it is chosen: transformers and TensorFlow
    Addons import this name, and `tf_keras`, a dependency of TensorFlow Text, would be a second
    Keras. If `keras` is version 3 (TensorFlow 2.16 and later), `tf_keras` is chosen: it is Keras 2,
    and transformers imports it.

    Returns:
      "keras" or "tf_keras".
    """
    try:
        inside = importlib.metadata.version("keras").startswith("2.")
    except importlib.metadata.PackageNotFoundError:
        inside = False
    if inside:
        # Transformers and TensorFlow Addons import `keras` in any case.
        os.environ["TF_USE_LEGACY_KERAS"] = "0"
    elif importlib.util.find_spec("tf_keras"):  # Without it TensorFlow could not be loaded.
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    return "keras" if inside else "tf_keras"


@contextlib.contextmanager
def _hushed(wanted: bool) -> Iterator[None]:
    """Hides output to standard error in the block; shows it if the block fails.

    On loading, TensorFlow 2.19 and later write errors about missing GPUs before they read
    TF_CPP_MIN_LOG_LEVEL. The errors come from C++ and do not pass through `sys.stderr`.
    """
    with contextlib.ExitStack() as stack:
        screen = None
        with contextlib.suppress(OSError):  # No folder for temporary files, or no standard error.
            if wanted:
                held = stack.enter_context(tempfile.TemporaryFile())
                screen = os.dup(2)
        if screen is None:
            yield
            return
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
# Keras 2 has its models in `engine`; not every build sets the version attribute.
if not tf.keras.Model.__module__.startswith(f"{_KERAS}.src.engine."):
    raise ImportError(
        f"xtremedistil_tf needs tf.keras to be Keras 2 from the package {_KERAS}, but it is "
        f"{tf.keras.Model.__module__} (TensorFlow {tf.__version__}). "
        "Install tensorflow==2.15.*, or with TensorFlow 2.16 and later tf_keras of the same minor "
        "version; and import xtremedistil_tf before tensorflow, or set TF_USE_LEGACY_KERAS="
        f"{int(_KERAS == 'tf_keras')} before tensorflow is imported."
    )

__all__ = ["tf"]
