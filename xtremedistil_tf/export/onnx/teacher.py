"""A BERT teacher as an ONNX model, so that benchmarks compare models in the same runtime."""

from typing import Any

from xtremedistil_tf.export.onnx.encoder import Builder, embedded, layers, penalty


def build_teacher_model(teacher: Any) -> Any:
    """Builds a BERT teacher with its logits layer as an ONNX model.

    Args:
      teacher: a `models.teacher.Teacher` around a TFBertModel.

    Returns:
      An onnx.ModelProto that maps int32 input_ids and attention_mask [batch, time] to float32
      logits.
    """
    import onnx

    bert, build = teacher.encoder.bert, Builder(onnx)
    hidden = embedded(build, bert.embeddings, "input_ids")
    mask = build.add("Cast", "attention_mask", to=onnx.TensorProto.FLOAT)
    hidden = layers(build, bert.encoder.layer, hidden, penalty(build, mask),
                    teacher.encoder.config.num_attention_heads,
                    activation=teacher.encoder.config.hidden_act)
    build.dense(hidden, teacher.model.get_layer("logits"), output="logits")
    return build.model("teacher", ["input_ids", "attention_mask"], ["batch", "time", None])
