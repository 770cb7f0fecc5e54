"""Model weights in safetensors files: no pickle, readable without TensorFlow."""

import pathlib
from typing import Any, Dict

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from xtremedistil_tf.errors import UserError, first_line
from xtremedistil_tf.files.atomic import atomic_path


def named_weights(model: Any) -> Dict[str, Any]:
    """Returns the model's variables by name.

    Raises:
      ValueError: if two variables have the same name: one would overwrite the other on disk.
    """
    variables = {weight.name.split(":")[0]: weight for weight in model.weights}
    if len(variables) != len(model.weights):
        raise ValueError(f"variable names repeat in {[w.name for w in model.weights]}")
    return variables


def save_weights(model: Any, path: pathlib.Path) -> None:
    """Writes all weights of a Keras model, atomically."""
    arrays = {name: np.ascontiguousarray(v.numpy()) for name, v in named_weights(model).items()}
    with atomic_path(path) as temporary:
        save_file(arrays, temporary)


def load_weights(model: Any, path: pathlib.Path) -> None:
    """Loads weights from a file into a model with the same variables.

    Raises:
      UserError: if the file is missing or damaged, has other names or shapes, or has numbers that
        are not finite.
    """
    try:
        arrays = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} is not a weights file: {first_line(error)}") from None
    variables = named_weights(model)
    wrong = sorted(set(arrays) ^ set(variables)) or sorted(
        f"{name} {arrays[name].shape} for {tuple(v.shape)}"
        for name, v in variables.items()
        if arrays[name].shape != tuple(v.shape)
    )
    if wrong:
        raise UserError(f"{path} belongs to another model; it differs in: {', '.join(wrong[:5])}")
    endless = sorted(name for name, array in arrays.items() if not np.isfinite(array).all())
    if endless:
        raise UserError(f"{path} is damaged: numbers in {', '.join(endless[:5])} are not finite")
    for name, variable in variables.items():
        variable.assign(arrays[name])
