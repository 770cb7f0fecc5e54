"""TensorFlow, checked to carry Keras 2: the whole package imports `tf` from here."""

import importlib.util
import os

# From 2.16 on, TensorFlow brings Keras 3; with this set, `tf.keras` is tf_keras, which is Keras 2.
# Where tf_keras is not installed it would break TensorFlow 2.15, which has Keras 2 inside.
if importlib.util.find_spec("tf_keras"):
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import tensorflow as tf  # noqa: E402 - after the variable

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
