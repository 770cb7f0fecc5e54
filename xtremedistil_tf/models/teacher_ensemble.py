"""Ensembles: several fine-tuned teachers as one."""

import dataclasses
import pathlib
from typing import Sequence

from xtremedistil_tf.compat import rename_model
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import StageModel
from xtremedistil_tf.models.registry import LayerRegistry
from xtremedistil_tf.models.teacher import Teacher, load_teacher
from xtremedistil_tf.models.tokenizers import definition


def average_teachers(teachers: Sequence[Teacher]) -> Teacher:
    """Builds a teacher whose logits are the mean of several teachers' logits.

    Representation, hidden states, attention and word embedding are those of the first teacher. They
    are not averaged, since the hidden units of different encoders do not correspond. The result
    cannot be trained.

    Args:
      teachers: two teachers or more with the same labels.

    Raises:
      UserError: if they split text into different subword tokens.
    """
    first = teachers[0]
    for number, teacher in enumerate(teachers):
        if definition(teacher.tokenizer) != definition(first.tokenizer):
            raise UserError(f"teacher {number + 1} of --teacher_model_dir has another tokenizer "
                            "than the first; allowed: teachers of one tokenizer, whose logits can "
                            "be averaged")
        # The parts of a model need unique names.
        rename_model(teacher.model, f"teacher_{number}")
    inputs = {name: tf.keras.Input([None], dtype=given.dtype, name=name)
              for name, given in first.model.input.items()}
    outputs = [teacher.model(inputs) for teacher in teachers]
    logits = tf.add_n([found["logits"] for found in outputs]) / len(outputs)
    model = StageModel(inputs, {**outputs[0], "logits": logits}, name="teacher")
    registry = LayerRegistry(model, [(teacher.model.name, [teacher.model]) for teacher in teachers])
    return dataclasses.replace(first, model=model, registry=registry)


def load_teachers(folders: Sequence[pathlib.Path], layer: int, *, matched: int = 0) -> Teacher:
    """Loads a fine-tuned teacher or an ensemble; see `load_teacher` and `average_teachers`."""
    first = load_teacher(folders[0], layer, matched=matched)
    # Only the logits of the others are used, so they may have fewer layers.
    others = [load_teacher(folder, 0) for folder in folders[1:]]
    return average_teachers([first, *others]) if others else first
