"""TensorFlow, checked to carry Keras 2: the whole package imports `tf` from here."""

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
