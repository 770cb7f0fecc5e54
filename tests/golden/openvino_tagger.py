"""A student in OpenVINO, for tests: the project itself has no such runtime."""

from xtremedistil_tf.inference.assets import load_assets
from xtremedistil_tf.inference.text_model import text_model


def load_openvino(folder):
    """Returns the text model of an ONNX folder, computed by OpenVINO on the CPU."""
    import openvino

    # Else it computes in bfloat16 where the processor can.
    compiled = openvino.Core().compile_model(
        str(folder / "model.onnx"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return text_model(load_assets(folder), lambda ids: compiled({"input_ids": ids})["logits"])
