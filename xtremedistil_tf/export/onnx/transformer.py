"""The Transformer student as an ONNX model."""

from typing import Any, Optional

import numpy as np

from xtremedistil_tf.config import PROJECTION
from xtremedistil_tf.export.onnx.encoder import Builder, embedded, layers, penalty
from xtremedistil_tf.export.onnx.files import import_onnx


def _pooled(build: Builder, hidden: str, mask: str, pooling: str) -> str:
    """Adds pooling over time: [batch, time, hidden] to [batch, hidden]."""
    if pooling == "first":
        return build.add("Gather", hidden, build.constant(np.int64(0)), axis=1)
    mask = build.add("Unsqueeze", mask, build.numbers(2))
    axis = build.numbers(1)
    total = build.add("ReduceSum", build.add("Mul", hidden, mask), axis, keepdims=0)
    counted = build.add("ReduceSum", mask, axis, keepdims=0)
    return build.add("Div", total, build.add("Max", counted, build.constant(np.float32(1.0))))


def _segments(build: Builder, separator: int, to: int) -> str:
    """Adds segments, int32 [batch, time]; see `models.layers.pairs.segment_ids`."""
    found = build.add("Cast", build.add("Equal", "input_ids", build.constant(np.int32(separator))),
                      to=to)
    before = build.add("CumSum", found, build.constant(np.int64(1)), exclusive=1)
    return build.add("Min", before, build.constant(np.int32(1)))


def build_transformer(
    student: Any, activation: Optional[str], pooling: Optional[str], *,
    separator: Optional[int] = None,
) -> Any:
    """Builds a Transformer student as an ONNX model.

    Args:
      student: a `models.student.Student` with a Transformer encoder.
      activation: activation of the projection; None without one.
      pooling: "first" or "mean"; None for one vector a subword token.
      separator: id of the separator token, for pairs of texts; None for single texts.

    Returns:
      An onnx.ModelProto; see `forms.Forms`.

    Raises:
      UserError: if onnx is not installed.
    """
    onnx = import_onnx()
    encoder, build = student.model.get_layer("encoder"), Builder(onnx)
    body = encoder.electra
    segments = None if separator is None else _segments(build, separator, onnx.TensorProto.INT32)
    hidden = embedded(build, body.embeddings, "input_ids", segments=segments)
    if hasattr(body, "embeddings_project"):
        hidden = build.dense(hidden, body.embeddings_project)
    real = build.add("Cast", "input_ids", to=onnx.TensorProto.BOOL)
    mask = build.add("Cast", real, to=onnx.TensorProto.FLOAT)
    hidden = layers(build, body.encoder.layer, hidden, penalty(build, mask),
                    encoder.config.num_attention_heads, activation=encoder.config.hidden_act)
    if pooling is not None:
        hidden = _pooled(build, hidden, mask, pooling)
    if activation is not None:
        hidden = build.activation(build.dense(hidden, student.model.get_layer(PROJECTION)),
                                  activation)
    logits = student.model.get_layer("logits")
    build.dense(hidden, logits, output="logits")
    return build.model("student", ["input_ids"],
                       ["batch", *(["time"] if pooling is None else []), logits.units])
