"""TensorFlow, checked to carry Keras 2: the whole package imports `tf` from here."""

import contextlib
import importlib.util
import os
import tempfile
from typing import Iterator

# From 2.16 on, TensorFlow brings Keras 3; with this set, `tf.keras` is tf_keras, which is Keras 2.
# Where tf_keras is not installed it would break TensorFlow 2.15, which has Keras 2 inside.
if importlib.util.find_spec("tf_keras"):
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")


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


with _hushed(os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3"):
    import tensorflow as tf

# Functional TFBertModel graphs, legacy optimizers and TensorFlow Addons all need Keras 2.
# Keras 2 keeps its models in `engine`; the version attribute is not set on every build.
if ".engine." not in tf.keras.Model.__module__:
    raise ImportError(
        f"xtremedistil_tf needs tf.keras to be Keras 2, but it is {tf.keras.Model.__module__} "
        f"(TensorFlow {tf.__version__}). "
        "Install tensorflow==2.15.*, or with TensorFlow 2.16 and later install tf_keras of the "
        "same minor version and set TF_USE_LEGACY_KERAS=1 before TensorFlow is imported."
    )

__all__ = ["tf"]
