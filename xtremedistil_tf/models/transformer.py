"""The Transformer encoder of a student, with new sizes or those of a checkpoint."""

from typing import Any

import transformers

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.encoders.parts import encoder_parts
from xtremedistil_tf.models.layers.body import Body, Shape, real_positions
from xtremedistil_tf.models.layers.pairs import segment_ids
from xtremedistil_tf.models.pretrained_encoders import activations, build_variables


def encoder_config(config: StudentConfig, shape: Shape) -> Any:
    """Returns ELECTRA's configuration with the sizes of the student and its checkpoint."""
    # No dropout on compared attentions, since they must be distributions.
    compared = shape.matching is not None and shape.matching.attention
    settings = {"intermediate_size": 4 * config.hidden_size,
                "max_position_embeddings": shape.seq_len,
                "type_vocab_size": 1 if shape.separator is None else 2,
                **(config.architecture or {})}
    return transformers.ElectraConfig(
        vocab_size=shape.vocabulary, embedding_size=config.word_emb_dim,
        hidden_size=config.hidden_size, num_hidden_layers=config.num_hidden_layers,
        num_attention_heads=config.num_attention_heads, hidden_dropout_prob=config.dropout_rate,
        attention_probs_dropout_prob=0.0 if compared else config.dropout_rate, pad_token_id=0,
        **settings)


def transformer_body(config: StudentConfig, input_ids: Any, shape: Shape) -> Body:
    """Builds word_embedding (with positions) - encoder layers.

    This is ELECTRA's encoder: BERT's layers without a pooler. The embedding may have its own width
    and is then projected to that of the layers. No token attends to padding. The weights are
    random; `student_from_checkpoint.copy_layers` replaces them by a checkpoint's before the first
    stage.

    Source: paper Table 15 (E is the layers' width there; heads and inner width are not given).
    """
    # === Layers ===
    # A fixed name, since weights are loaded by name.
    activations()
    encoder = transformers.TFElectraModel(encoder_config(config, shape), name="encoder")
    build_variables(encoder)
    (_, embeddings), *blocks = encoder_parts(encoder)[0]

    # === Functional model ===
    real = real_positions(input_ids)
    matching = shape.matching is not None
    # Some checkpoints have no segments.
    texts = {} if shape.separator is None or encoder.config.type_vocab_size < 2 else {
        "token_type_ids": segment_ids(input_ids, shape.separator)}
    found = encoder(
        input_ids=input_ids, attention_mask=tf.cast(real[:, :, 0], tf.int32), return_dict=True,
        output_hidden_states=matching, output_attentions=matching, **texts)

    def pooled(hidden: Any) -> Any:
        if not shape.pooled:
            return hidden
        if config.pools == "first":
            return hidden[:, :1]
        counted = tf.cast(real, hidden.dtype)
        return tf.reduce_sum(hidden * counted, 1, keepdims=True) / tf.maximum(
            tf.reduce_sum(counted, 1, keepdims=True), 1)

    # === Config ===
    parts = [("word_embedding", embeddings), *blocks]
    if not matching:
        return Body(pooled(found.last_hidden_state), parts)
    return Body(pooled(found.last_hidden_state), parts,
                [pooled(state) for state in found.hidden_states], found.attentions)
