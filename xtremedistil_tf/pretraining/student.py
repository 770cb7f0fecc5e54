"""The student of a task-agnostic distillation, and the teacher's targets of a batch."""

import dataclasses
from typing import Any, Callable, Dict, Optional

import numpy as np
import transformers

from xtremedistil_tf.config import PretrainingConfig
from xtremedistil_tf.files.fingerprints import derive_seed
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import Named, StageModel
from xtremedistil_tf.models.encoders.parts import encoder_parts, ready_to_call
from xtremedistil_tf.models.encoders.relations import attention_of, relation_vectors
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.layers.embeddings import reduce_embeddings
from xtremedistil_tf.models.pretrained_encoders import activations, build_variables
from xtremedistil_tf.models.registry import LayerRegistry
from xtremedistil_tf.models.student_from_checkpoint import copy_layers
from xtremedistil_tf.models.transformer import encoder_config
from xtremedistil_tf.pretraining.sizes import Sizes

RELATIONS, HIDDEN = "relations", "hidden_states"
_PROJECTION = "projection"
# From a batch's inputs to the teacher's outputs.
Teach = Callable[[Dict[str, tf.Tensor]], Dict[str, tf.Tensor]]


class TaughtModel(StageModel):
    """A student whose targets are computed in each step, by a teacher that is not trained.

    The step's gradient tape watches the student's variables only, so nothing of the teacher's pass
    is kept for a gradient.
    """

    def learn_from(self, teach: Teach) -> None:
        """Sets the teacher."""
        # Bypasses Keras' attribute tracking: the teacher is no part of the student.
        object.__setattr__(self, "_teach", teach)

    def compute_loss(
        self, x: Named = None, y: Named = None, y_pred: Named = None,
        sample_weight: Optional[tf.Tensor] = None,
    ) -> tf.Tensor:
        """Computes the losses against the teacher's outputs for the same batch."""
        assert x is not None and y is not None, "every batch has inputs and a mask"
        return super().compute_loss(x, {**y, **self._teach(x)}, y_pred, sample_weight)


@dataclasses.dataclass(frozen=True)
class Encoder:
    """A task-agnostic student.

    Attributes:
      model: maps "input_ids" and "attention_mask", int32 [batch, time], to "relations", see
        `relation_vectors`, and "hidden_states" [batch, time, teacher's width], as far as they have
        a weight.
      registry: embeddings, layer_0, ..., and the projection of the hidden states if there is one.
      encoder: the transformers model inside.
    """

    model: TaughtModel
    registry: LayerRegistry
    encoder: Any


def _word_embedding(sizes: Sizes, teacher: Any, teacher_ids: np.ndarray, seed: int) -> np.ndarray:
    """Returns the start of the word embedding, float32 [student's ids, its width]."""
    table = teacher.get_input_embeddings().weight.numpy()
    if sizes.layers:
        return table[teacher_ids]
    # `reduce_embeddings` makes its first row padding.
    rows = np.concatenate([[0], teacher_ids])
    return reduce_embeddings(table, rows, width=sizes.student.word_emb_dim,
                             method=sizes.student.word_embedding, seed=seed)[1:]


@tf.autograph.experimental.do_not_convert  # As in StageModel.
def build_student(
    config: PretrainingConfig, sizes: Sizes, teacher: Any, teacher_ids: np.ndarray
) -> Encoder:
    """Builds the student with its start weights.

    Args:
      config: the settings.
      sizes: the student's sizes.
      teacher: the teacher's encoder, which gives layers and word embedding.
      teacher_ids: int32 [student's ids], the teacher's id of each.

    Raises:
      UserError: if the teacher's word embedding cannot be brought to the student's width.
    """
    seed = derive_seed(config.seed, "student")
    tf.keras.utils.set_random_seed(seed)
    tf.keras.backend.experimental.enable_tf_random_generator()
    activations()
    # === Layers ===
    encoder = transformers.TFElectraModel(
        encoder_config(sizes.student, Shape(len(teacher_ids), False, config.seq_len)),
        name="encoder")
    build_variables(encoder)
    parts, _ = encoder_parts(encoder)
    width = int(teacher.config.hidden_size)
    projection = tf.keras.layers.Dense(width, name=_PROJECTION)

    # === Functional model ===
    inputs = {name: tf.keras.Input([None], dtype=tf.int32, name=name)
              for name in ("input_ids", "attention_mask")}
    states = encoder(**inputs, return_dict=True, output_hidden_states=True).hidden_states
    outputs = {}
    if config.relation_weight:
        outputs[RELATIONS] = relation_vectors(
            attention_of(encoder, len(states) - 1), states[-2], sizes.relation_heads)
    if config.hidden_weight:
        same = sizes.student.hidden_size == width
        outputs[HIDDEN] = states[-1] if same else projection(states[-1])
        parts += [] if same else [(_PROJECTION, [projection])]
    model = TaughtModel(inputs, outputs, name="student")

    # === Weights ===
    if sizes.layers:
        copy_layers(teacher, encoder, layers=sizes.layers)
    encoder.get_input_embeddings().weight.assign(
        _word_embedding(sizes, teacher, teacher_ids, seed))
    return Encoder(model, LayerRegistry(model, parts), encoder)


def teacher_targets(
    config: PretrainingConfig, sizes: Sizes, teacher: Any, teacher_ids: np.ndarray
) -> Teach:
    """Returns the function that computes a batch's targets.

    Args:
      config, sizes, teacher, teacher_ids: as for `build_student`.

    Raises:
      UserError: if the teacher's attention cannot be read.
    """
    layer = sizes.relation_layer
    attention = attention_of(teacher, layer) if config.relation_weight else ()
    teacher = ready_to_call(teacher)

    def teach(inputs: Dict[str, tf.Tensor]) -> Dict[str, tf.Tensor]:
        states = teacher(
            input_ids=tf.gather(tf.constant(teacher_ids), inputs["input_ids"]),
            attention_mask=inputs["attention_mask"], return_dict=True,
            output_hidden_states=True, training=False).hidden_states
        found = {HIDDEN: states[layer]} if config.hidden_weight else {}
        if config.relation_weight:
            found[RELATIONS] = relation_vectors(attention, states[layer - 1],
                                                sizes.relation_heads)
        return found

    return teach
