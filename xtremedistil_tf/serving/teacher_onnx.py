"""A BERT teacher as an ONNX model, so that runtimes can be compared on equal terms."""

from typing import Any, Dict, List, Union

import numpy as np

# Opset 17 has LayerNormalization as one node.
_OPSET, _IR_VERSION = 17, 8


class _Builder:
    """Collects nodes and initializers."""

    def __init__(self, onnx: Any):
        self._make, self._array = onnx.helper.make_node, onnx.numpy_helper.from_array
        self.nodes: List[Any] = []
        self.initializers: List[Any] = []
        self._count = 0

    def constant(self, array: Union[np.ndarray, np.generic]) -> str:
        self._count += 1
        name = f"weight_{self._count}"
        self.initializers.append(self._array(np.ascontiguousarray(array), name))
        return name

    def add(self, operation: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        self._count += 1
        output = name or f"value_{self._count}"
        self.nodes.append(self._make(operation, list(inputs), [output], **attributes))
        return output

    def dense(self, value: str, layer: Any, name: str = "") -> str:
        kernel, bias = layer.get_weights()
        product = self.add("MatMul", value, self.constant(kernel))
        return self.add("Add", product, self.constant(bias), name=name)

    def norm(self, value: str, layer: Any, epsilon: float) -> str:
        scale, shift = layer.get_weights()
        return self.add("LayerNormalization", value, self.constant(scale), self.constant(shift),
                        epsilon=epsilon, axis=-1)

    def gelu(self, value: str) -> str:
        scaled = self.add("Div", value, self.constant(np.float32(np.sqrt(2.0))))
        raised = self.add("Add", self.add("Erf", scaled), self.constant(np.float32(1.0)))
        return self.add("Mul", self.add("Mul", value, raised), self.constant(np.float32(0.5)))


def _attention(build: _Builder, layer: Any, hidden: str, penalty: str, heads: int) -> str:
    """Multi-head self-attention of one layer, before its output layer."""
    split = build.constant(np.array([0, 0, heads, -1], np.int64))
    own = layer.attention.self_attention

    def project(dense, order):
        shaped = build.add("Reshape", build.dense(hidden, dense), split)
        return build.add("Transpose", shaped, perm=order)

    query, key = project(own.query, [0, 2, 1, 3]), project(own.key, [0, 2, 3, 1])
    value = project(own.value, [0, 2, 1, 3])
    size = own.attention_head_size
    scores = build.add("Div", build.add("MatMul", query, key),
                       build.constant(np.float32(np.sqrt(size))))
    weights = build.add("Softmax", build.add("Add", scores, penalty), axis=-1)
    context = build.add("Transpose", build.add("MatMul", weights, value), perm=[0, 2, 1, 3])
    return build.add("Reshape", context, build.constant(np.array([0, 0, -1], np.int64)))


def build_teacher_model(teacher: Any) -> Any:
    """A BERT teacher with its head as an ONNX model.

    Args:
      teacher: a `models.teacher.Teacher` around a TFBertModel with exact gelu.

    Returns:
      An onnx.ModelProto: int32 input_ids and attention_mask [batch, time] to float32 logits.
    """
    import onnx

    bert, config = teacher.encoder.bert, teacher.encoder.config
    build, tensor = _Builder(onnx), onnx.TensorProto
    tables: Dict[str, np.ndarray] = {
        "word": bert.embeddings.weight.numpy(),
        "position": bert.embeddings.position_embeddings.numpy()
        + bert.embeddings.token_type_embeddings.numpy()[0],
    }
    words = build.add("Gather", build.constant(tables["word"]), "input_ids")
    shape = build.add("Shape", "input_ids")
    length = build.add("Gather", shape, build.constant(np.array([1], np.int64)))
    positions = build.add("Slice", build.constant(tables["position"]),
                          build.constant(np.array([0], np.int64)), length)
    hidden = build.norm(build.add("Add", words, positions), bert.embeddings.LayerNorm,
                        config.layer_norm_eps)
    mask = build.add("Cast", "attention_mask", to=tensor.FLOAT)
    mask = build.add("Unsqueeze", mask, build.constant(np.array([1, 2], np.int64)))
    penalty = build.add("Mul", build.add("Sub", mask, build.constant(np.float32(1.0))),
                        build.constant(np.float32(10000.0)))
    for layer in bert.encoder.layer:
        context = _attention(build, layer, hidden, penalty, config.num_attention_heads)
        output = layer.attention.dense_output
        hidden = build.norm(build.add("Add", build.dense(context, output.dense), hidden),
                            output.LayerNorm, config.layer_norm_eps)
        wide = build.gelu(build.dense(hidden, layer.intermediate.dense))
        output = layer.bert_output
        hidden = build.norm(build.add("Add", build.dense(wide, output.dense), hidden),
                            output.LayerNorm, config.layer_norm_eps)
    build.dense(hidden, teacher.model.get_layer("logits"), name="logits")
    ids = [onnx.helper.make_tensor_value_info(name, tensor.INT32, ["batch", "time"])
           for name in ("input_ids", "attention_mask")]
    logits = onnx.helper.make_tensor_value_info("logits", tensor.FLOAT, ["batch", "time", None])
    graph = onnx.helper.make_graph(build.nodes, "teacher", ids, [logits], build.initializers)
    model = onnx.helper.make_model(
        graph, producer_name="xtremedistil_tf",
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)])
    model.ir_version = _IR_VERSION
    return model
