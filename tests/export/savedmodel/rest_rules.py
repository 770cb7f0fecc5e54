"""TF Serving's rules between JSON and tensors, for holding our signatures against them.

Source: tensorflow/serving, tensorflow_serving/util/json_tensor.cc and g3doc/api_rest.md, read for
the predict API; written anew from what they say.

A request has either `instances` (rows) or `inputs` (columns). Rows become one batch: all of one
shape, objects with every input as a key, or bare values where there is one input. Strings may come
as {"b64": ...}. A reply in rows needs outputs of rank 1 and more with the batch's size first; one
output alone loses its name. Outputs called *_bytes come back as b64.
"""

import base64
import json

import numpy as np


class Refused(Exception):
    """The server would answer with an error."""


KINDS = {np.dtype("int32"): int, np.dtype("int64"): int, np.dtype("float32"): (int, float),
         np.dtype(object): str}


def _is_b64(value):
    return isinstance(value, dict) and set(value) == {"b64"} and isinstance(value["b64"], str)


def _shape(value):
    """The shape that first elements suggest; the others must agree."""
    if not isinstance(value, list):
        return ()
    return (len(value), *(_shape(value[0]) if value else ()))


def _fill(value, shape, dtype, flat):
    if isinstance(value, list):
        if not shape or len(value) != shape[0]:
            raise Refused("list at an unexpected level or of an unexpected size")
        for item in value:
            _fill(item, shape[1:], dtype, flat)
        return
    if shape:
        raise Refused("value at an incorrect level")
    if dtype.kind == "O" and _is_b64(value):
        flat.append(base64.b64decode(value["b64"], validate=True))
    elif isinstance(value, bool) or not isinstance(value, KINDS[dtype]):
        raise Refused(f"{value!r} is not of expected type {dtype}")
    else:
        flat.append(value.encode("utf-8") if dtype.kind == "O" else value)


def _tensor(value, dtype):
    shape, flat = _shape(value), []
    _fill(value, shape, dtype, flat)
    array = np.empty(len(flat), dtype)
    array[:] = flat
    return array.reshape(shape)


def _rows(instances, inputs):
    if not isinstance(instances, list) or not instances:
        raise Refused("instances must be a list with values")
    named = isinstance(instances[0], dict) and not _is_b64(instances[0])
    if not named and len(inputs) > 1:
        raise Refused("several inputs need objects")
    columns = {name: [] for name in inputs}
    for instance in instances:
        if named != (isinstance(instance, dict) and not _is_b64(instance)):
            raise Refused("values and objects are mixed")
        instance = instance if named else {next(iter(inputs)): instance}
        if set(instance) != set(inputs):
            raise Refused("keys must be equal to the inputs")
        for name, value in instance.items():
            columns[name].append(_tensor(value, inputs[name]))
    for name, tensors in columns.items():
        if len({tensor.shape for tensor in tensors}) > 1:
            raise Refused(f"instances of {name} have different shapes")
    return {name: np.stack(tensors) for name, tensors in columns.items()}


def parse(body, inputs):
    """A request's tensors.

    Args:
      body: the JSON text.
      inputs: numpy dtype by input name, object for strings.

    Returns:
      (tensors by name, whether the request is in rows).

    Raises:
      Refused: where the server would refuse it.
    """
    request = json.loads(body)
    if not isinstance(request, dict) or ("instances" in request) == ("inputs" in request):
        raise Refused("one of instances and inputs")
    if "instances" in request:
        return _rows(request["instances"], inputs), True
    value = request["inputs"]
    if not isinstance(value, dict) or _is_b64(value):
        if len(inputs) > 1:
            raise Refused("several inputs need an object")
        value = {next(iter(inputs)): value}
    if not set(inputs) <= set(value):
        raise Refused("missing named input")
    return {name: _tensor(value[name], dtype) for name, dtype in inputs.items()}, False


def _plain(name, array):
    """An output as JSON values."""
    if array.dtype not in KINDS:
        raise Refused(f"{name} has type {array.dtype}, which has no JSON form")

    def convert(value):
        if isinstance(value, list):
            return [convert(item) for item in value]
        if not isinstance(value, bytes):
            return value
        if name.endswith("_bytes"):
            return {"b64": base64.b64encode(value).decode()}
        return value.decode("utf-8")  # Other bytes would make a reply that is no JSON.

    return convert(array.tolist())


def reply(outputs, rows):
    """The server's reply as JSON text.

    Args:
      outputs: numpy arrays by output name.
      rows: whether the request was in rows.

    Raises:
      Refused: where the server would answer with an error.
    """
    values = {name: _plain(name, array) for name, array in outputs.items()}
    if not rows:
        return json.dumps({"outputs": next(iter(values.values())) if len(values) == 1 else values})
    if any(array.ndim < 1 for array in outputs.values()):
        raise Refused("an output has no batch")
    if len({array.shape[0] for array in outputs.values()}) != 1:
        raise Refused("outputs have inconsistent batch sizes")
    if len(values) == 1:
        return json.dumps({"predictions": next(iter(values.values()))})
    return json.dumps({"predictions": [dict(zip(values, row)) for row in zip(*values.values())]})
