"""The Transformer student's body: an encoder of transformers with random weights."""

from typing import Any

import transformers

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.body import Body, Shape, real_positions
from xtremedistil_tf.models.encoders import build_variables, encoder_parts
from xtremedistil_tf.models.segments import segment_ids


def transformer_body(config: StudentConfig, input_ids: Any, shape: Shape) -> Body:
    """word_embedding (with positions) - encoder layers.

    ELECTRA's encoder: BERT's layers, but without a pooler and with an embedding of a width of its
    own, which is projected to the layers' where it differs. Padding is attended to by nobody.

    Source: paper Table 15 (E is the layers' width there; heads and inner width are not named).
    """
    encoder = transformers.TFElectraModel(
        transformers.ElectraConfig(
            vocab_size=shape.vocabulary, embedding_size=config.word_emb_dim,
            hidden_size=config.hidden_size, num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=config.num_attention_heads,
            intermediate_size=4 * config.hidden_size, hidden_dropout_prob=config.dropout_rate,
            attention_probs_dropout_prob=config.dropout_rate,
            max_position_embeddings=shape.positions,
            type_vocab_size=1 if shape.separator is None else 2, pad_token_id=0),
        # A fixed name: weights are found again by their names.
        name="encoder",
    )
    build_variables(encoder)
    real = real_positions(input_ids)
    texts = {} if shape.separator is None else {
        "token_type_ids": segment_ids(input_ids, shape.separator)}
    hidden = encoder(
        input_ids=input_ids, attention_mask=tf.cast(real[:, :, 0], tf.int32), return_dict=True,
        **texts,
    ).last_hidden_state
    if shape.pooled and config.pools == "mean":
        counted = tf.cast(real, hidden.dtype)
        hidden = tf.reduce_sum(hidden * counted, 1, keepdims=True) / tf.maximum(
            tf.reduce_sum(counted, 1, keepdims=True), 1)
    elif shape.pooled:
        hidden = hidden[:, :1]
    (_, embeddings), *blocks = encoder_parts(encoder)[0]
    return Body(hidden, [("word_embedding", embeddings), *blocks])
