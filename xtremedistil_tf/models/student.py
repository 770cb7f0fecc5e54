"""The BiLSTM student as a Keras functional model."""

import dataclasses
from typing import Any, Optional

import numpy as np

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.registry import LayerRegistry
from xtremedistil_tf.models.stage_model import StageModel

LAYER_NAMES = ("word_embedding", "bilstm", "projection", "logits")


@dataclasses.dataclass(frozen=True)
class Student:
    """A student and what names its parts.

    Attributes:
      model: int32 [batch, time] student piece ids (0 = padding) under "input_ids" to
        "representation" [batch, time, width] and "logits" [batch, time, classes], float32; time
        is 1 where pooled.
      registry: word_embedding, bilstm, projection, logits.
    """

    model: StageModel
    registry: LayerRegistry


def _masked_max(hidden: Any, input_ids: Any) -> Any:
    """The largest value of each unit over the real positions: [batch, time, dim] to [batch, dim].

    Source: the authors' v1 for classification.
    """
    return tf.reduce_max(
        tf.where(tf.not_equal(input_ids, 0)[:, :, tf.newaxis], hidden, hidden.dtype.min), axis=1)


def build_student(
    config: StudentConfig,
    vocabulary_size: int,
    width: int,
    classes: int,
    embeddings: Optional[np.ndarray] = None,
    pooled: bool = False,
) -> Student:
    """Builds word_embedding - BiLSTM - projection - logits, dropout between them.

    Padding is masked: it changes no state of the BiLSTM. The sequence length is open.

    Args:
      config: sizes, dropout and activation.
      vocabulary_size: rows of the embedding, padding included.
      width: the teacher's hidden width, which the projection reaches.
      classes: number of labels.
      embeddings: float32 [vocabulary_size, word_emb_dim] to start from; random where None.
      pooled: give one representation and logits a row (see `StudentConfig.pooling`).

    Source: paper section 3 (student), Eq. 5 (projection); Table 12 for the sizes.
    """
    # Generators in variables instead of graph-level seeds: see `stage_model.reseed`.
    tf.keras.backend.experimental.enable_tf_random_generator()
    layers = tf.keras.layers
    # === Layers ===
    word_embedding = layers.Embedding(
        vocabulary_size, config.word_emb_dim, mask_zero=True, name="word_embedding"
    )
    bilstm = layers.Bidirectional(
        layers.LSTM(
            config.bilstm_hidden_size,
            # Without: forward's state at the last real piece joined with backward's at the first.
            return_sequences=not pooled or config.pooling == "max",
            recurrent_dropout=config.recurrent_dropout,
            # A fixed name: Keras would count LSTMs, and weights are found again by their names.
            name="lstm",
        ),
        name="bilstm",
    )
    projection = layers.Dense(width, activation=config.dense_act_func, name="projection")
    # Logits and losses stay float32 under mixed precision.
    logits = layers.Dense(classes, name="logits", dtype="float32")

    # === Functional model ===
    input_ids = tf.keras.Input([None], dtype=tf.int32, name="input_ids")
    hidden = layers.Dropout(config.dropout_rate, name="embedding_dropout")(
        word_embedding(input_ids)
    )
    hidden = bilstm(hidden)
    if pooled:
        if config.pooling == "max":
            hidden = _masked_max(hidden, input_ids)
        hidden = hidden[:, tf.newaxis]
    hidden = layers.Dropout(config.dropout_rate, name="bilstm_dropout")(hidden)
    representation = projection(hidden)
    dropped = layers.Dropout(config.dropout_rate, name="projection_dropout")(representation)
    model = StageModel(
        inputs={"input_ids": input_ids},
        outputs={"representation": representation, "logits": logits(dropped)},
        name="student",
    )
    if embeddings is not None:
        word_embedding.set_weights([embeddings])
    parts = zip(LAYER_NAMES, ([word_embedding], [bilstm], [projection], [logits]))
    return Student(model, LayerRegistry(model, list(parts)))
