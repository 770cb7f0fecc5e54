"""A BERT-like encoder of transformers as ONNX nodes, for teachers and students alike."""

from typing import Any, List, Optional, Union

import numpy as np

# Opset 17 has LayerNormalization as one node.
_OPSET, _IR_VERSION = 17, 8
# The factor of the mask penalty on attention scores of masked positions.
_MASKED = 10000.0
_ONE_NODE = {"linear": "Identity", "relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
# Factors in quick_gelu, and of the cubic term in the tanh approximation of gelu.
_QUICK, _CUBE = 1.702, 0.044715


class Builder:
    """Collects nodes and initializers of one model."""

    def __init__(self, onnx: Any):
        self._onnx = onnx
        self._nodes: List[Any] = []
        self._initializers: List[Any] = []
        self._count = 0

    def constant(self, array: Union[np.ndarray, np.generic]) -> str:
        """Adds an initializer; returns its name."""
        self._count += 1
        name = f"weight_{self._count}"
        self._initializers.append(
            self._onnx.numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def numbers(self, *values: int) -> str:
        """Adds an initializer of integers (axes, shapes, bounds); returns its name."""
        return self.constant(np.array(values, np.int64))

    def add(self, operation: str, *inputs: str, output: str = "", name: str = "",
            **attributes: Any) -> str:
        """Adds a node; returns its output's name."""
        self._count += 1
        output = output or f"value_{self._count}"
        self._nodes.append(self._onnx.helper.make_node(
            operation, list(inputs), [output], name=name or None, **attributes))
        return output

    def dense(self, value: str, layer: Any, *, output: str = "") -> str:
        """Adds a Dense layer without activation; `output` also names its MatMul node."""
        kernel, bias = layer.get_weights()
        product = self.add("MatMul", value, self.constant(kernel), name=output)
        return self.add("Add", product, self.constant(bias), output=output)

    def norm(self, value: str, layer: Any) -> str:
        """Adds a LayerNormalization over the last axis."""
        scale, shift = layer.get_weights()
        return self.add("LayerNormalization", value, self.constant(scale), self.constant(shift),
                        epsilon=layer.epsilon, axis=-1)

    def activation(self, value: str, name: str) -> str:
        """Adds one of `config.ONNX_ACTIVATIONS`, computed as in transformers' `activations_tf`."""
        if name in _ONE_NODE:
            return self.add(_ONE_NODE[name], value)
        if name in ("silu", "swish", "quick_gelu"):
            scale = _QUICK if name == "quick_gelu" else 1.0
            return self.add("Mul", value, self.add("Sigmoid", self._scaled(value, scale)))
        if name == "mish":
            return self.add("Mul", value, self.add("Tanh", self.add("Softplus", value)))
        if name in ("gelu", "gelu_10"):  # ONNX Runtime fuses exactly these nodes.
            bent = self.add("Erf", self.add("Div", value, self.constant(np.float32(np.sqrt(2.0)))))
        else:
            cubed = self._scaled(self.add("Mul", self.add("Mul", value, value), value), _CUBE)
            bent = self.add("Tanh", self._scaled(self.add("Add", value, cubed),
                                                 np.sqrt(2.0 / np.pi)))
        raised = self.add("Add", bent, self.constant(np.float32(1.0)))
        product = self._scaled(self.add("Mul", value, raised), 0.5)
        if name != "gelu_10":
            return product
        return self.add("Clip", product, *(self.constant(np.float32(end)) for end in (-10, 10)))

    def _scaled(self, value: str, factor: float) -> str:
        return self.add("Mul", value, self.constant(np.float32(factor)))

    def model(self, name: str, inputs: List[str], logits: List[Any]) -> Any:
        """Builds the onnx.ModelProto of all nodes and checks it.

        Args:
          name: name of the graph.
          inputs: names of the int32 inputs [batch, time].
          logits: shape of the output "logits".
        """
        helper, tensor = self._onnx.helper, self._onnx.TensorProto
        graph = helper.make_graph(
            self._nodes, name,
            [helper.make_tensor_value_info(one, tensor.INT32, ["batch", "time"])
             for one in inputs],
            [helper.make_tensor_value_info("logits", tensor.FLOAT, logits)], self._initializers)
        model = helper.make_model(graph, producer_name="xtremedistil_tf",
                                  opset_imports=[helper.make_opsetid("", _OPSET)])
        model.ir_version = _IR_VERSION
        self._onnx.checker.check_model(model)
        return model


def embedded(build: Builder, embeddings: Any, ids: str, *, segments: Optional[str] = None) -> str:
    """Adds the normalized sum of word, position and segment embeddings: [batch, time, E].

    Args:
      build: receives the nodes.
      embeddings: the embedding layer of transformers.
      ids: name of the int32 ids [batch, time].
      segments: name of the int32 segments [batch, time]. If None, or if the encoder has no
        segments, all tokens have segment 0.
    """
    words = build.add("Gather", build.constant(embeddings.weight.numpy()), ids)
    positions = embeddings.position_embeddings.numpy()
    kinds = embeddings.token_type_embeddings.numpy()
    if segments is None or len(kinds) < 2:
        positions = positions + kinds[0]
    else:
        words = build.add("Add", words, build.add("Gather", build.constant(kinds), segments))
    length = build.add("Gather", build.add("Shape", ids), build.numbers(1))
    first = build.add("Slice", build.constant(positions), build.numbers(0), length)
    return build.norm(build.add("Add", words, first), embeddings.LayerNorm)


def penalty(build: Builder, mask: str) -> str:
    """Adds the penalty on masked positions, float [batch, 1, 1, time].

    Args:
      build: receives the nodes.
      mask: name of the float mask [batch, time], 1 at real positions.
    """
    mask = build.add("Unsqueeze", mask, build.numbers(1, 2))
    return build.add("Mul", build.add("Sub", mask, build.constant(np.float32(1.0))),
                     build.constant(np.float32(_MASKED)))


def _attention(build: Builder, layer: Any, hidden: str, masked: str, heads: int) -> str:
    """Adds the multi-head self-attention of one layer, without its output layer."""
    split = build.numbers(0, 0, heads, -1)
    own = layer.attention.self_attention

    def project(dense: Any, order: List[int]) -> str:
        shaped = build.add("Reshape", build.dense(hidden, dense), split)
        return build.add("Transpose", shaped, perm=order)

    query, key = project(own.query, [0, 2, 1, 3]), project(own.key, [0, 2, 3, 1])
    value = project(own.value, [0, 2, 1, 3])
    scores = build.add("Div", build.add("MatMul", query, key),
                       build.constant(np.float32(np.sqrt(own.attention_head_size))))
    weights = build.add("Softmax", build.add("Add", scores, masked), axis=-1)
    context = build.add("Transpose", build.add("MatMul", weights, value), perm=[0, 2, 1, 3])
    return build.add("Reshape", context, build.numbers(0, 0, -1))


def layers(
    build: Builder, blocks: List[Any], hidden: str, masked: str, heads: int,
    *, activation: str = "gelu",
) -> str:
    """Adds all encoder layers; returns the name of the output [batch, time, hidden].

    Args:
      build: receives the nodes.
      blocks: layers of a TFBertModel or TFElectraModel.
      hidden: name of the input [batch, time, hidden].
      masked: name of the mask penalty; see `penalty`.
      heads: number of attention heads of a layer.
      activation: activation inside a layer, one of `config.ONNX_ACTIVATIONS`.
    """
    for block in blocks:
        context = _attention(build, block, hidden, masked, heads)
        output = block.attention.dense_output
        hidden = build.norm(build.add("Add", build.dense(context, output.dense), hidden),
                            output.LayerNorm)
        wide = build.activation(build.dense(hidden, block.intermediate.dense), activation)
        output = block.bert_output
        hidden = build.norm(build.add("Add", build.dense(wide, output.dense), hidden),
                            output.LayerNorm)
    return hidden
