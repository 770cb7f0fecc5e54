"""The head of a Transformer student as the head of an architecture of transformers.

A student has a projection with an activation, then logits. In transformers, heads for tokens and
spans are one linear layer; those for texts have a layer as wide as the encoder, whose activation
depends on the architecture. So a linear projection is folded into the logits, and gelu and tanh
choose ELECTRA or BERT (ALBERT if the embedding has its own width: each layer is a group of its
own).
"""

from typing import Any, Dict, Tuple

import numpy as np

from xtremedistil_tf.errors import UserError

Arrays = Dict[str, np.ndarray]
# A Dense layer: kernel [inputs, outputs], bias [outputs].
Dense = Tuple[np.ndarray, np.ndarray]


def folded(projection: Dense, logits: Dense) -> Dense:
    """Returns one linear layer that does what two in a row do."""
    return projection[0] @ logits[0], projection[1] @ logits[0] + logits[1]


def _linear_as_gelu(layer: Dense) -> Tuple[Dense, Dense]:
    """Returns two layers around a gelu that do what one linear layer does.

    gelu(x) - gelu(-x) is x.
    """
    kernel, bias = layer
    sign = np.concatenate([np.eye(len(bias)), -np.eye(len(bias))]).astype(np.float32)
    return (np.concatenate([kernel, -kernel], axis=1), np.concatenate([bias, -bias])), \
        (sign, np.zeros_like(bias))


def check_text_head(activation: str, width: int, classes: int, hidden: int) -> None:
    """Refuses heads of texts that are wider than the encoder; needs no trained student.

    Args:
      activation: activation of the projection.
      width: width of the projection.
      classes: number of labels.
      hidden: width of the encoder's states.

    Raises:
      UserError: if the head is too wide.
    """
    if activation == "linear" and 2 * classes > hidden:
        raise UserError(f"--forms has huggingface, but {classes} labels need a head {2 * classes} "
                        f"wide and the encoder is {hidden} wide; allowed: --hidden_size of at "
                        f"least {2 * classes}")
    if activation != "linear" and width > hidden:
        raise UserError(
            f"--forms has huggingface, but the projection is {width} wide and the encoder "
            f"{hidden}: heads of transformers are as wide as their encoder; a student with "
            "--dense_act_func=linear or --logits_from=encoder has such a checkpoint")


def _widened(projection: Dense, logits: Dense, width: int) -> Tuple[Dense, Dense]:
    """Adds units that are always 0 to the layer between, up to a width."""
    more = width - len(projection[1])
    return ((np.pad(projection[0], [(0, 0), (0, more)]), np.pad(projection[1], (0, more))),
            (np.pad(logits[0], [(0, more), (0, 0)]), logits[1]))


def _named(name: str, layer: Dense) -> Arrays:
    """A Dense layer by PyTorch's names, its kernel transposed."""
    return {f"{name}.weight": np.ascontiguousarray(layer[0].T), f"{name}.bias": layer[1]}


def token_head(name: str, projection: Dense, logits: Dense) -> Arrays:
    """The head of tokens or spans, of a student with a linear projection."""
    return _named(name, folded(projection, logits))


def text_head(
    activation: str, projection: Dense, logits: Dense, width: int
) -> Tuple[str, Arrays]:
    """The head of texts on the first position.

    Args:
      activation: activation of the projection: gelu, tanh or linear.
      projection, logits: the student's last layers.
      width: width of the encoder's states.

    Returns:
      (kind of head: "gelu" or "tanh", its arrays by names of ELECTRA or BERT).

    Raises:
      UserError: if the projection is too wide.
    """
    check_text_head(activation, len(projection[1]), len(logits[1]), width)
    if activation == "linear":
        projection, logits = _linear_as_gelu(folded(projection, logits))
    inner, outer = _widened(projection, logits, width)
    if activation == "tanh":
        return "tanh", {**_named("pooler", inner), **_named("classifier", outer)}
    return "gelu", {**_named("classifier.dense", inner), **_named("classifier.out_proj", outer)}


def as_bert(arrays: Arrays) -> Arrays:
    """ELECTRA's encoder with a head of tanh, by BERT's names."""
    renamed = {}
    for name, array in arrays.items():
        new = name.replace("electra.", "bert.", 1)
        renamed[new.replace("pooler.", "bert.pooler.dense.", 1)] = array
    return renamed


_ALBERT = (("attention.self.", "attention."), ("attention.output.dense.", "attention.dense."),
           ("attention.output.LayerNorm.", "attention.LayerNorm."), ("intermediate.dense.", "ffn."),
           ("output.dense.", "ffn_output."), ("output.LayerNorm.", "full_layer_layer_norm."))


def as_albert(arrays: Arrays) -> Arrays:
    """ELECTRA's encoder with a head of tanh, by ALBERT's names, each layer a group of its own."""
    renamed: Dict[str, Any] = {}
    for name, array in arrays.items():
        new = name.replace("electra.embeddings_project.",
                           "albert.encoder.embedding_hidden_mapping_in.")
        if new.startswith("electra.encoder.layer."):
            number, part = new[len("electra.encoder.layer."):].split(".", 1)
            for old, other in _ALBERT:
                if part.startswith(old):
                    part = other + part[len(old):]
                    break
            new = f"albert.encoder.albert_layer_groups.{number}.albert_layers.0.{part}"
        new = new.replace("electra.", "albert.", 1)
        renamed[new.replace("pooler.", "albert.pooler.", 1)] = array
    return renamed
