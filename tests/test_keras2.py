"""One Keras in the process, whatever else is installed, imported or set."""

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from xtremedistil_tf.keras2 import tf

KERAS = tf.keras.Model.__module__.split(".")[0]
OTHER = "1" if KERAS == "keras" else "0"  # What would ask for the other Keras.
EVERYTHING = """
import importlib, json, pkgutil, sys, warnings
import xtremedistil_tf
for module in pkgutil.walk_packages(xtremedistil_tf.__path__, "xtremedistil_tf."):
    try:
        importlib.import_module(module.name)
    except ImportError as error:  # What an extra brings.
        assert error.name in ("apache_beam", "datasets", "flask", "playwright", "spacy",
                              "triton_python_backend_utils", "waitress"), error
import transformers, tensorflow_text
transformers.TFAutoModel, transformers.TFBertModel, transformers.TFElectraModel

from xtremedistil_tf.compat import flatten_layers
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.models.teacher import build_teacher
sizes = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
             vocab_size=20)
encoder = transformers.TFBertModel(transformers.BertConfig(**sizes))
models = [
    build_teacher(encoder, None, 3, 1).model,
    build_student(StudentConfig(word_emb_dim=4, bilstm_hidden_size=3), Shape(12), 5, 4).model,
    build_student(StudentConfig(student="transformer", word_emb_dim=4, hidden_size=8,
                                num_hidden_layers=1, num_attention_heads=2), Shape(12), 5, 4).model,
]
roots = lambda names: sorted({name.split(".")[0] for name in names} & {"keras", "tf_keras"})
print(json.dumps([
    roots(sys.modules),
    roots(base.__module__ for model in models for layer in flatten_layers(model)
          for base in type(layer).__mro__),
    [layer._could_use_gpu_kernel for layer in flatten_layers(models[1])
     if hasattr(layer, "_could_use_gpu_kernel")]]))
"""


def run(code, **env):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, **env})


def test_one_keras_is_loaded_and_all_models_are_of_it():
    """By the package, transformers and TensorFlow Text together; though the variable says not to.

    With a second Keras, LSTMs take their activations from the other one and lose cuDNN's kernel.
    """
    done = run(EVERYTHING, TF_USE_LEGACY_KERAS=OTHER)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == f'[["{KERAS}"], ["{KERAS}"], [true, true]]'


def test_a_tensorflow_that_already_took_the_other_keras_is_told():
    # Importing it here would bring the second Keras into this process.
    if not importlib.util.find_spec("tf_keras"):
        pytest.skip("tf_keras is not installed")
    done = run("import tensorflow as tf; tf.keras.Model; import xtremedistil_tf.keras2",
               TF_USE_LEGACY_KERAS=OTHER)
    assert done.returncode == 1
    message = done.stderr.splitlines()[-1]
    assert f"needs tf.keras to be Keras 2 from the package {KERAS}, but it is " in message
    assert f"set TF_USE_LEGACY_KERAS={1 - int(OTHER)} before tensorflow is imported" in message
