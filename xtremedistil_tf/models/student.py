"""The student as a Keras functional model: the body of its kind, projection and logits."""

import dataclasses
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from xtremedistil_tf.config import MATCHING, StudentConfig
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import StageModel
from xtremedistil_tf.models.layers.body import Body, Shape, real_positions
from xtremedistil_tf.models.layers.layer_matching import Matching, joined_attention, joined_states
from xtremedistil_tf.models.registry import LayerRegistry


@dataclasses.dataclass(frozen=True)
class Student:
    """A student and what names its parts.

    Attributes:
      model: int32 [batch, time] student piece ids (0 = padding) under "input_ids" to
        "representation" [batch, time, width] and "logits" [batch, time, classes], float32; time
        is 1 where pooled.
      registry: the names of `StudentConfig.layers`: word_embedding, the body's, projection, logits;
        and MATCHING, where layers are matched.
      trained: the same layers with what is compared beside: "hidden_states" and "attention", see
        `models.matching`; `model` itself where nothing is. Its weights are those of a stage.
    """

    model: StageModel
    registry: LayerRegistry
    trained: StageModel


# A logit beside which all others are certain.
_NEVER = -1e9


def _matched(body: Body, matching: Matching, width: int) -> Tuple[Dict[str, Any], List[Any]]:
    """The outputs that are compared, and the layers that bring hidden states to `width`."""
    own = body.states[-1].shape[-1]
    projections: List[Any] = []

    def widened(state: Any) -> Any:
        if own == width:
            return state
        name = f"{MATCHING}_{len(projections)}"
        projections.append(tf.keras.layers.Dense(width, name=name))
        return projections[-1](state)

    outputs = {"hidden_states": joined_states(body.states, matching.layers, change=widened)}
    if matching.attention:
        outputs["attention"] = joined_attention(body.attentions, matching.layers)
    return outputs, projections


def build_student(
    config: StudentConfig,
    vocabulary_size: int,
    width: int,
    classes: int,
    *, embeddings: Optional[np.ndarray] = None,
    pooled: bool = False,
    seq_len: int = 512,
    matching: Optional[Matching] = None,
    separator: Optional[int] = None,
    competing: bool = False,
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
      seq_len: length of the longest sequence of a Transformer; a BiLSTM has no limit.
      matching: which layers of a Transformer are compared with the teacher's.
      separator: id of what parts the two texts of a pair; None where a row has one text.
      competing: whether the pieces of a row compete for an output, as where an answer begins;
        padding then takes no part.

    Source: paper section 3 (student), Eq. 5 (projection).
    """
    # Generators in variables instead of graph-level seeds: see `stage_model.reseed`.
    tf.keras.backend.experimental.enable_tf_random_generator()
    layers = tf.keras.layers

    # === Layers ===
    # The body first: layers draw their seeds in the order in which they are made.
    input_ids = tf.keras.Input([None], dtype=tf.int32, name="input_ids")
    shape = Shape(vocabulary_size, pooled, seq_len, matching, separator)
    body = config.kind.build_body(config, input_ids, shape)
    projection = layers.Dense(width, activation=config.dense_act_func, name="projection")
    # Logits and losses stay float32 under mixed precision.
    logits = layers.Dense(classes, name="logits", dtype="float32")
    body_dropout = layers.Dropout(config.dropout_rate, name="body_dropout")
    projection_dropout = layers.Dropout(config.dropout_rate, name="projection_dropout")

    # === Functional model ===
    representation = projection(body_dropout(body.hidden))
    scores = logits(projection_dropout(representation))
    if competing:
        scores = tf.where(real_positions(input_ids), scores, _NEVER)
    outputs = {"representation": representation, "logits": scores}
    model = StageModel({"input_ids": input_ids}, outputs, name="student")
    if embeddings is not None:
        body.word_embedding.assign(embeddings)

    # === Config ===
    heads = [("projection", [projection]), ("logits", [logits])]
    if matching is None:
        return Student(model, LayerRegistry(model, [*body.parts, *heads]), model)
    more, projections = _matched(body, matching, width)
    trained = StageModel({"input_ids": input_ids}, {**outputs, **more}, name="student")
    registry = LayerRegistry(trained, [*body.parts, *heads, (MATCHING, projections)])
    return Student(model, registry, trained)
