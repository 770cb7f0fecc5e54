"""A fine-tuned teacher as a tagger, for comparison with its student."""

import pathlib
from typing import Any, Dict

import numpy as np

from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.inference.assets import Assets, labels_of
from xtremedistil_tf.inference.tagger import Tagger
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.pretrained_encoders import most_positions
from xtremedistil_tf.models.teacher import Teacher, load_teacher, read_record


def load_teacher_tagger(folder: pathlib.Path, *, keep_whole: bool = False) -> Tagger:
    """Loads a fine-tuned teacher as a tagger. It splits words and decodes tags as a student does.

    Texts longer than the teacher's longest sequence are read in overlapping windows.

    Args:
      folder: a folder written by `models.teacher.save_teacher`.
      keep_whole: split running text at white space only.

    Raises:
      UserError: if the teacher is missing or incomplete.
    """
    return teacher_tagger(load_teacher(folder, 0), read_record(folder), keep_whole=keep_whole)


def teacher_tagger(
    teacher: Teacher, record: Dict[str, Any], *, keep_whole: bool = False
) -> Tagger:
    """Returns a tagger over a teacher in memory.

    Args:
      teacher: a teacher for tagging.
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

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)] * 2, autograph=False)
    def run(input_ids, attention_mask):
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        return teacher.model(inputs, training=False)["logits"]

    def logits(ids: np.ndarray) -> np.ndarray:
        mask = (ids > 0).astype(np.int32)
        return run(tf.constant(vocabulary.teacher_ids[ids]), tf.constant(mask)).numpy()

    assets = Assets(vocabulary, tokenizer, labels_of(record), record)
    return Tagger(assets, logits, keep_whole=keep_whole,
                  seq_len_limit=most_positions(teacher.encoder.config))
