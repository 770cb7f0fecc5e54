"""Queries, keys and values of an encoder's self-attention, for relations as in MiniLM."""

import functools
from typing import Any, Sequence

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.encoders.parts import encoder_parts

# Where a block keeps its Dense layers of queries, keys and values: BERT, RoBERTa and ELECTRA;
# DistilBERT; MPNet.
_PLACES = (("attention.self_attention", ("query", "key", "value")),
           ("attention", ("q_lin", "k_lin", "v_lin")), ("attention.attn", ("q", "k", "v")))
_ALLOWED = "BERT, RoBERTa, CamemBERT, XLM-R, ELECTRA, RemBERT, DistilBERT and MPNet models"


def _projections(block: Any) -> Sequence[Any]:
    """The Dense layers of queries, keys and values of a block; empty if they are not known."""
    for path, names in _PLACES:
        holder = functools.reduce(lambda one, name: getattr(one, name, None), path.split("."),
                                  block)
        found = [getattr(holder, name, None) for name in names]
        if all(isinstance(one, tf.keras.layers.Dense) for one in found):
            return found
    return ()


def attention_of(encoder: Any, layer: int) -> Sequence[Any]:
    """Finds the Dense layers of queries, keys and values of one layer of an encoder.

    Args:
      encoder: a transformers TF model.
      layer: number of the layer, from 1.

    Raises:
      UserError: if the encoder's attention is not read here, such as DeBERTa's, whose relations
        depend on distances, or ALBERT's, whose layers are one.
    """
    blocks = encoder_parts(encoder)[0][1:]
    found: Sequence[Any] = ()
    if len(blocks) == encoder.config.num_hidden_layers:
        found = _projections(blocks[layer - 1][1][0])
    if not found:
        raise UserError(f"{type(encoder).__name__}: queries, keys and values of its self-attention "
                        f"cannot be read here; allowed: {_ALLOWED}, or --relation_weight=0")
    return found


def relation_vectors(projections: Sequence[Any], hidden: Any, heads: int) -> Any:
    """Computes queries, keys and values, divided into relation heads.

    Args:
      projections: the Dense layers of `attention_of`.
      hidden: float [batch, time, width], the hidden states below that layer.
      heads: number of relation heads; it divides the width.

    Returns:
      float [batch, time, 3, heads, width / heads], for `training.losses.relation_divergence`.
    """
    vectors = [projection(hidden) for projection in projections]
    width = int(vectors[0].shape[-1]) // heads
    time = tf.shape(hidden)[:2]
    return tf.stack([tf.reshape(vector, [time[0], time[1], heads, width]) for vector in vectors],
                    axis=2)
