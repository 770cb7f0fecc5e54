"""Export as a SavedModel for TF Serving, into export/<version>."""

import contextlib
import pathlib
from typing import Any, Iterator

from absl import logging

from xtremedistil_tf.inputs.vocabulary import StudentVocabulary
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.student import Student
from xtremedistil_tf.runs import atomic_folder


class _IdsModule(tf.Module):
    """Piece ids of the teacher's tokenizer in, logits out."""

    def __init__(self, student: Student, vocabulary: StudentVocabulary):
        super().__init__()
        self._model = student.model
        self._table = tf.constant(vocabulary.table)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32, name="input_ids"),
            tf.TensorSpec([None, None], tf.int32, name="attention_mask"),
        ]
    )
    def tag_ids(self, input_ids: Any, attention_mask: Any) -> Any:
        """Logits float32 [batch, time, classes]; positions with mask 0 are padding."""
        ids = tf.where(attention_mask > 0, tf.gather(self._table, input_ids), 0)
        return {"logits": self._model({"input_ids": ids}, training=False)["logits"]}


@contextlib.contextmanager
def _quiet_export() -> Iterator[None]:
    """Hides the saver's notes on Keras functions that nobody calls after loading."""
    verbosity, level = logging.get_verbosity(), tf.get_logger().level
    try:
        logging.set_verbosity(logging.ERROR)
        tf.get_logger().setLevel("ERROR")
        yield
    finally:
        logging.set_verbosity(verbosity)
        tf.get_logger().setLevel(level)


def export_saved_model(
    student: Student, vocabulary: StudentVocabulary, folder: pathlib.Path
) -> pathlib.Path:
    """Writes a SavedModel whose `serving_default` maps input_ids and attention_mask to logits.

    The ids are those of the tokenizer in the student folder: the map to the student's own
    vocabulary is inside the graph.

    Args:
      student: the trained student.
      vocabulary: its vocabulary.
      folder: e.g. export/1; replaced as a whole.

    Returns:
      The folder.
    """
    module = _IdsModule(student, vocabulary)
    with atomic_folder(folder) as temporary, _quiet_export():
        tf.saved_model.save(
            module, str(temporary),
            signatures={"serving_default": module.tag_ids, "input_ids": module.tag_ids},
        )
    return folder
