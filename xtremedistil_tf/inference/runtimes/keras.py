"""The Keras runtime: loads a student folder; needs no teacher, hub or training data."""

import pathlib

from xtremedistil_tf.inference.student_folder import load_student
from xtremedistil_tf.inference.text_model import TextModel, text_model
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import traced_for_cpu


def load_keras(
    folder: pathlib.Path, *, keep_whole: bool = False, verify: bool = True
) -> TextModel:
    """Loads the Keras student.

    Args:
      folder: the student folder or the run folder.
      keep_whole: split running text at white space only.
      verify: check the files against the folder's manifest.

    Raises:
      UserError: if the student is missing or incomplete.
    """
    bundle = load_student(folder, verify=verify)
    model, pooled = bundle.student.model, bundle.labels.pooled

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)], autograph=False)
    def run(ids):
        with traced_for_cpu(model):
            logits = model({"input_ids": ids}, training=False)["logits"]
        return logits[:, 0] if pooled else logits

    return text_model(bundle, lambda ids: run(tf.constant(ids)).numpy(), keep_whole=keep_whole)
