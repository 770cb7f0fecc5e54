"""The activations of a checkpoint's layers as ONNX nodes, held against transformers."""

import numpy as np
import onnx
import onnxruntime
import pytest

from xtremedistil_tf.config import EXPORT_FORMATS, ONNX_ACTIVATIONS, StudentConfig
from xtremedistil_tf.export.export import export_formats
from xtremedistil_tf.export.onnx.encoder import Builder
from xtremedistil_tf.models.pretrained_encoders import activations

VALUES = np.linspace(-12, 12, 4801, dtype=np.float32)


@pytest.mark.parametrize("name", ONNX_ACTIVATIONS)
def test_it_is_that_of_transformers(name):
    from transformers.activations_tf import ACT2FN

    activations()
    build = Builder(onnx)
    values = build.add("Cast", build.add("Identity", "values"), to=onnx.TensorProto.FLOAT)
    build.add("Identity", build.activation(values, name), output="logits")
    tensor = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        build._nodes, "one", [tensor("values", onnx.TensorProto.FLOAT, [None])],
        [tensor("logits", onnx.TensorProto.FLOAT, [None])], build._initializers)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 8
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(["logits"], {"values": VALUES})[0]
    expected = VALUES if name == "linear" else ACT2FN[name](VALUES).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_all_that_a_checkpoint_may_have_are_known():
    assert set(activations()) | {"linear"} == set(ONNX_ACTIVATIONS)


def test_another_one_has_no_onnx_and_is_in_nobodys_way(caplog):
    student = StudentConfig(hidden_size=8, num_attention_heads=2,
                            architecture={"hidden_act": "of tomorrow"})
    with caplog.at_level("INFO", logger="absl"):
        assert export_formats(student, "tagging") == ("savedmodel",)
    assert "no onnx export: a transformer student of tagging has none" in caplog.text
    assert export_formats(StudentConfig(), "tagging", asked=EXPORT_FORMATS[:3]) == (
        EXPORT_FORMATS[:3])
