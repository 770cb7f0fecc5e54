"""The student as a Keras functional model: encoder, projection and logits.

The logits are computed from the projection or, with `StudentConfig.logits_from` "encoder", from the
encoder; the projection then is for training only.
"""

import dataclasses
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from xtremedistil_tf.config import MATCHING, PROJECTION, StudentConfig
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import StageModel
from xtremedistil_tf.models.layers.body import NEVER, Body, Shape, real_positions
from xtremedistil_tf.models.layers.layer_matching import Matching, joined_attention, joined_states
from xtremedistil_tf.models.registry import LayerRegistry


@dataclasses.dataclass(frozen=True)
class Student:
    """A student and its layer registry.

    Attributes:
      model: maps "input_ids", int32 [batch, time] with the student's ids (0 = padding), to
        "representation" [batch, time, width] and "logits" [batch, time, classes], float32; time is
        1 if the student pools. The representation is what the logits are computed from.
      registry: the parts in `StudentConfig.layers`: word_embedding, the encoder's, projection,
        logits; and MATCHING if layers are matched.
      trained: the model that the stages train. With matched layers it has the further outputs
        "hidden_states" and "attention", see `layer_matching`; with logits from the encoder its
        representation is the projection, of the teacher's width. Else it is `model`.
    """

    model: StageModel
    registry: LayerRegistry
    trained: StageModel


def _matched(body: Body, matching: Matching, width: int) -> Tuple[Dict[str, Any], List[Any]]:
    """Returns the outputs to compare, and the Dense layers that project states to `width`."""
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
    config: StudentConfig, shape: Shape, width: Optional[int], classes: int, *,
    embeddings: Optional[np.ndarray] = None, competing: bool = False,
) -> Student:
    """Builds encoder - projection - logits with dropout between them.

    Padding does not affect the results of real positions.

    Args:
      config: kind, sizes, dropout and activation.
      shape: vocabulary and sequences.
      width: width of the projection, equal to the teacher's hidden width. None if no projection is
        trained and the logits are computed from the encoder.
      classes: number of labels.
      embeddings: initial word embedding, float32 [vocabulary, word_emb_dim]; None for random.
      competing: True if the softmax runs over positions (spans), False if over classes. Padding
        then gets probability 0.

    Source: paper section 3 (student), Eq. 5 (projection).
    """
    assert width is not None or not config.projects, "a projection has the teacher's width"
    # Random generators in variables instead of graph-level seeds; see `reseed`.
    tf.keras.backend.experimental.enable_tf_random_generator()
    layers = tf.keras.layers

    # === Layers ===
    # The encoder first: layers draw their seeds in the order of their creation.
    input_ids = tf.keras.Input([None], dtype=tf.int32, name="input_ids")
    body = config.kind.build_body(config, input_ids, shape)
    projection = None if width is None else layers.Dense(
        width, activation=config.dense_act_func, name=PROJECTION)
    # Logits and losses stay float32 under mixed precision.
    logits = layers.Dense(classes, name="logits", dtype="float32")
    body_dropout = layers.Dropout(config.dropout_rate, name="body_dropout")
    projection_dropout = layers.Dropout(config.dropout_rate, name="projection_dropout")

    # === Functional model ===
    dropped = body_dropout(body.hidden)
    projected = dropped if projection is None else projection(dropped)
    scores = logits(projection_dropout(projected) if config.projects else dropped)
    if competing:
        scores = tf.where(real_positions(input_ids), scores, NEVER)
    outputs = {"representation": projected, "logits": scores}
    model = StageModel({"input_ids": input_ids}, {
        **outputs, "representation": projected if config.projects else body.hidden}, name="student")
    if embeddings is not None:
        body.word_embedding.assign(embeddings)

    # === Config ===
    parts = [*body.parts, *([] if projection is None else [(PROJECTION, [projection])]),
             ("logits", [logits])]
    if projection is None or (shape.matching is None and config.projects):
        return Student(model, LayerRegistry(model, parts), model)
    if shape.matching is not None:
        more, projections = _matched(body, shape.matching, projection.units)
        outputs, parts = {**outputs, **more}, [*parts, (MATCHING, projections)]
    trained = StageModel({"input_ids": input_ids}, outputs, name="student")
    return Student(model, LayerRegistry(trained, parts), trained)
