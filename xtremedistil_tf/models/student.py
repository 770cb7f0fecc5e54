"""The student as a Keras functional model: the body of its kind, projection and logits."""

import dataclasses
from typing import Any, Callable, Dict, Optional

import numpy as np

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.body import Body, Shape, bilstm_body
from xtremedistil_tf.models.registry import LayerRegistry
from xtremedistil_tf.models.stage_model import StageModel


@dataclasses.dataclass(frozen=True)
class Student:
    """A student and what names its parts.

    Attributes:
      model: int32 [batch, time] student piece ids (0 = padding) under "input_ids" to
        "representation" [batch, time, width] and "logits" [batch, time, classes], float32; time
        is 1 where pooled.
      registry: the names of `StudentConfig.layers`: word_embedding, the body's, projection, logits.
    """

    model: StageModel
    registry: LayerRegistry


def _transformer_body(config: StudentConfig, input_ids: Any, shape: Shape) -> Body:
    # Here, since transformers takes seconds to import and a BiLSTM needs nothing of it.
    from xtremedistil_tf.models.transformer import transformer_body

    return transformer_body(config, input_ids, shape)


BODIES: Dict[str, Callable[[StudentConfig, Any, Shape], Body]] = {
    "bilstm": bilstm_body,
    "transformer": _transformer_body,
}


def build_student(
    config: StudentConfig,
    vocabulary_size: int,
    width: int,
    classes: int,
    embeddings: Optional[np.ndarray] = None,
    pooled: bool = False,
    positions: int = 512,
    separator: Optional[int] = None,
) -> Student:
    """Builds body - projection - logits, dropout between them.

    Padding changes nothing in real positions.

    Args:
      config: kind, sizes, dropout and activation.
      vocabulary_size: rows of the embedding, padding included.
      width: the teacher's hidden width, which the projection reaches.
      classes: number of labels.
      embeddings: float32 [vocabulary_size, word_emb_dim] to start from; random where None.
      pooled: give one representation and logits a row (see `StudentConfig.pooling`).
      positions: the longest row of a Transformer; a BiLSTM has none.
      separator: id of what parts the two texts of a pair; None where a row has one text.

    Source: paper section 3 (student), Eq. 5 (projection).
    """
    # Generators in variables instead of graph-level seeds: see `stage_model.reseed`.
    tf.keras.backend.experimental.enable_tf_random_generator()
    layers = tf.keras.layers
    input_ids = tf.keras.Input([None], dtype=tf.int32, name="input_ids")
    shape = Shape(vocabulary_size, pooled, positions, separator)
    body = BODIES[config.student](config, input_ids, shape)
    projection = layers.Dense(width, activation=config.dense_act_func, name="projection")
    # Logits and losses stay float32 under mixed precision.
    logits = layers.Dense(classes, name="logits", dtype="float32")
    hidden = layers.Dropout(config.dropout_rate, name="body_dropout")(body.hidden)
    representation = projection(hidden)
    dropped = layers.Dropout(config.dropout_rate, name="projection_dropout")(representation)
    model = StageModel(
        inputs={"input_ids": input_ids},
        outputs={"representation": representation, "logits": logits(dropped)},
        name="student",
    )
    if embeddings is not None:
        body.word_embedding.assign(embeddings)
    heads = [("projection", [projection]), ("logits", [logits])]
    return Student(model, LayerRegistry(model, [*body.parts, *heads]))
