"""The BiLSTM encoder: the student below its projection."""

from typing import Any

from xtremedistil_tf.compat import without_gpu_kernels
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.body import Body, Shape, real_positions
from xtremedistil_tf.models.layers.pairs import PairSplit, interaction, segment_ids


def bilstm_body(config: StudentConfig, input_ids: Any, shape: Shape) -> Body:
    """Builds word_embedding - one or more BiLSTM layers, which are one part of the registry.

    Padding is masked: it changes no state of the BiLSTM. The sequence length has no limit. A pair
    of texts is one sequence with a segment embedding (joint), or two sequences (siamese).

    Source: paper section 3; Table 12 for the sizes.
    """
    layers = tf.keras.layers
    largest = shape.pooled and config.pools == "max"
    encoding = None if shape.separator is None else config.reads_pairs

    # === Layers ===
    # Their order matters for seeds: each layer draws its own seed when it is created.
    embeddings = [layers.Embedding(
        shape.vocabulary, config.word_emb_dim, mask_zero=True, name="word_embedding")]
    names = ["bilstm", *(f"bilstm_{number}" for number in range(2, config.bilstm_layers + 1))]
    bilstms = [layers.Bidirectional(
        layers.LSTM(
            config.bilstm_hidden_size,
            # False: the final states of both directions, joined.
            return_sequences=largest or not shape.pooled or name != names[-1],
            dropout=config.input_dropout,
            recurrent_dropout=config.recurrent_dropout,
            # A fixed name, since weights are loaded by name and Keras would number LSTMs.
            name="lstm",
        ),
        name=name,
    ) for name in names]
    if encoding == "joint":
        embeddings.append(layers.Embedding(2, config.word_emb_dim, name="segment_embedding"))
    dropout = layers.Dropout(config.dropout_rate, name="embedding_dropout")

    # === Functional model ===
    if encoding == "siamese":
        input_ids = PairSplit(shape.separator, name="pair_split")(input_ids)
    hidden = embeddings[0](input_ids)
    if encoding == "joint":
        segments = segment_ids(input_ids, shape.separator)
        hidden = layers.Add(name="embedded")([hidden, embeddings[1](segments)])
    hidden = dropout(hidden)
    # The functional model calls the layer anew, so only shapes stay of this call; with the GPU
    # kernel it would trace two variants and their gradients, nearly all the time of building.
    for bilstm in bilstms:
        with without_gpu_kernels([bilstm.forward_layer, bilstm.backward_layer]):
            hidden = bilstm(hidden)
    if largest:  # Source: the authors' v1 code for classification.
        hidden = tf.reduce_max(
            tf.where(real_positions(input_ids), hidden, hidden.dtype.min), axis=1)
    if encoding == "siamese":
        hidden = interaction(hidden)
    if shape.pooled:
        hidden = hidden[:, tf.newaxis]

    # === Config ===
    return Body(hidden, [("word_embedding", embeddings), ("bilstm", bilstms)])
