"""The model repository for Triton, whose model is run here as Triton runs it."""

import importlib.util
import json
import shutil
import sys
import types

import numpy as np
import pytest

from tests.golden.cases import FOLDER, golden, same_entities
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.triton.export import export_triton

pytest.importorskip("onnxruntime", reason="needs the extra [onnx]")


class Tensor:
    """A tensor of Triton."""

    def __init__(self, name, array):
        self.name, self.array = name, array

    def as_numpy(self):
        return self.array


def fake_triton():
    """Stands for the module that Triton gives to its Python models."""
    module = types.ModuleType("triton_python_backend_utils")
    module.Tensor = Tensor
    module.TritonError = str
    module.InferenceResponse = lambda tensors=(), error=None: (list(tensors), error)
    module.get_input_tensor_by_name = lambda request, name: request[name]
    return module


@pytest.fixture
def model(tmp_path, monkeypatch):
    folder = export_triton(FOLDER / "wordpiece" / "onnx", tmp_path / "triton")
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", fake_triton())
    spec = importlib.util.spec_from_file_location("exported_model", folder / "1" / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.TritonPythonModel()
    made.initialize({"model_config": json.dumps({
        "input": [{"name": "text"}], "parameters": {"runtime": {"string_value": "onnx"}}})})
    return made


def request(*texts):
    return {"text": Tensor("text", np.array([[text] for text in texts], object))}


def test_a_repository_is_complete(tmp_path):
    folder = export_triton(FOLDER / "wordpiece" / "onnx", tmp_path / "triton")
    assert folder == tmp_path / "triton" / "tagger"
    config = (folder / "config.pbtxt").read_text("utf-8")
    assert 'name: "tagger"' in config and 'backend: "python"' in config
    assert config.count("input [") == 1 and "dynamic_batching" in config
    assert config.count("{") == config.count("}") and config.count("[") == config.count("]")
    own = FOLDER / "wordpiece" / "onnx"
    assert {path.name for path in (folder / "1" / "student").iterdir()} == {
        path.name for path in own.iterdir()}


def test_requests_are_answered_as_in_python(model):
    texts, expected = golden("wordpiece")
    encoded = [text.encode() for text in texts[:6]]
    answers = model.execute([request(*encoded[:3]), request(*encoded[3:])])
    found = [json.loads(row[0]) for (tensor,), error in answers for row in tensor.array
             if error is None]
    assert all(map(same_entities, found, expected[:6])) and len(found) == 6


def test_one_broken_text_does_not_spoil_the_others(model):
    own = model._model

    def choking(texts):
        if "boom" in texts:
            raise ValueError("boom")
        return own(texts)

    model._model = choking
    answers = model.execute([request(b"Anna"), request(b"boom"), request(b"\xff")])
    assert [error and error.split()[0] for _, error in answers] == [None, "boom", "'utf-8'"]
    assert len(answers[0][0]) == 1


def test_a_transformer_is_served_in_float32(tmp_path):
    folder = tmp_path / "onnx"
    shutil.copytree(FOLDER / "transformer" / "onnx", folder)
    config = export_triton(folder, tmp_path / "triton") / "config.pbtxt"
    assert 'string_value: "onnx"' in config.read_text("utf-8")
    with pytest.raises(UserError):
        export_triton(tmp_path, tmp_path / "other")
