"""A fine-tuned teacher as a text model, for comparison with its student."""

import dataclasses
import pathlib
from typing import Any, Dict, Optional

import numpy as np

from xtremedistil_tf.config import SquadConfig
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.inference.assets import Assets, labels_of
from xtremedistil_tf.inference.text_model import TextModel, text_model
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.pretrained_encoders import most_positions
from xtremedistil_tf.models.teacher import Teacher, load_teacher
from xtremedistil_tf.validation.run_files import read_config, read_teacher_record

# Longest sequence of a teacher whose encoder has no limit and whose record names none.
_SEQ_LEN = 512


@dataclasses.dataclass(frozen=True)
class TeacherAssets(Assets):
    """Tokenizer, vocabulary, labels and record of a teacher.

    Attributes:
      positions: the encoder's longest sequence; None if nothing limits it.
    """

    positions: Optional[int] = None

    @property
    def seq_len_limit(self) -> Optional[int]:
        """Length of the longest sequence that the teacher takes; None if nothing limits it."""
        return self.positions


def load_teacher_model(folder: pathlib.Path, *, keep_whole: bool = False) -> TextModel:
    """Loads a fine-tuned teacher. It reads text and decodes outputs as a student does.

    Args:
      folder: a folder written by `models.teacher.save_teacher`.
      keep_whole: split running text at white space only.

    Raises:
      UserError: if the teacher is missing or incomplete.
    """
    folder = pathlib.Path(folder)
    teacher = load_teacher(folder, 0)
    record = {**_run_settings(folder), **read_teacher_record(folder)}
    return teacher_model(teacher, record, keep_whole=keep_whole)


def _run_settings(folder: pathlib.Path) -> Dict[str, Any]:
    """Returns seq_len and squad of the run around a teacher; records before 0.2 name neither."""
    run = folder.resolve().parent
    if not (run / "config.json").is_file():
        return {}
    data = read_config(run)["config"].get("data", {})
    return {name: data[name] for name in ("seq_len", "squad") if data.get(name)}


def teacher_model(
    teacher: Teacher, record: Dict[str, Any], *, keep_whole: bool = False
) -> Any:
    """Returns a text model over a teacher in memory.

    Args:
      teacher: the teacher.
      record: its record.
      keep_whole: split running text at white space only.
    """
    tokenizer = teacher.tokenizer.backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    # All subword tokens in the layout of a student's vocabulary: id 0 is padding only.
    size = len(teacher.tokenizer)
    vocabulary = StudentVocabulary.from_seen(
        [np.arange(size)], teacher.tokenizer.pad_token_id, teacher.tokenizer.unk_token_id, size)
    labels, pooled = labels_of(record), teacher.pooled

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)] * 2, autograph=False)
    def run(input_ids, attention_mask):
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        found = teacher.model(inputs, training=False)["logits"]
        return found[:, 0] if pooled else found

    def logits(ids: np.ndarray) -> np.ndarray:
        mask = (ids > 0).astype(np.int32)
        return run(tf.constant(vocabulary.teacher_ids[ids]), tf.constant(mask)).numpy()

    positions = most_positions(teacher.encoder.config)
    own = {"seq_len": positions or _SEQ_LEN, "squad": dataclasses.asdict(SquadConfig()),
           **{name: value for name, value in record.items() if value is not None}}
    if teacher.pairs:
        own["separator"] = int(vocabulary.table[teacher.tokenizer.sep_token_id])
    assets = TeacherAssets(vocabulary, tokenizer, labels, own, positions)
    return text_model(assets, logits, keep_whole=keep_whole)
