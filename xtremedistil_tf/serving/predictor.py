"""Tagging with the Keras model of a student folder: no teacher, no hub, no training files."""

import pathlib

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.serving.student_folder import load_student
from xtremedistil_tf.serving.tagger import Tagger


def load_keras(folder: pathlib.Path, keep_whole: bool = False) -> Tagger:
    """Loads a student folder, or the run folder around it.

    Args:
      folder: where the student is.
      keep_whole: split running text at white space only.

    Raises:
      UserError: if there is no whole student.
    """
    bundle = load_student(folder)
    model = bundle.student.model

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
    def run(ids):
        return model({"input_ids": ids}, training=False)["logits"]

    return Tagger(bundle, lambda ids: run(tf.constant(ids)).numpy(), keep_whole)
