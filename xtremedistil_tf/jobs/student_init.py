"""The student before its first stage: initial weights from a teacher, a file or a checkpoint."""

import logging
import pathlib
from typing import Any, Optional

import numpy as np

from xtremedistil_tf.config import RunConfig, require
from xtremedistil_tf.files.fingerprints import derive_seed
from xtremedistil_tf.jobs.obtain_teacher import fresh_teacher
from xtremedistil_tf.jobs.prepared import Prepared
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.layers.embeddings import reduce_embeddings
from xtremedistil_tf.models.layers.layer_matching import Matching
from xtremedistil_tf.models.layers.word_vectors import read_word_vectors
from xtremedistil_tf.models.student import Student, build_student
from xtremedistil_tf.models.student_from_checkpoint import copy_layers, load_student_encoder
from xtremedistil_tf.models.teacher import Teacher
from xtremedistil_tf.models.tokenizers import definition
from xtremedistil_tf.teachers.base import Teaches
from xtremedistil_tf.teachers.student_tokenizer import teacher_ids

log = logging.getLogger("absl")


def _start_embeddings(
    config: RunConfig, prepared: Prepared, teacher: Optional[Teaches], encoder: Optional[Any]
) -> np.ndarray:
    """Returns the initial word embedding, float32 [vocabulary, E]; see `models.layers.embeddings`.

    Args:
      config, prepared, teacher: the run.
      encoder: encoder of the student's checkpoint; None without one.
    """
    student, vocabulary = config.student, prepared.vocabulary
    if encoder is not None and student.own_vocabulary:
        return encoder.get_input_embeddings().weight.numpy()[vocabulary.teacher_ids]
    assert teacher is not None, "without a teacher, a checkpoint gives the embedding"
    seed = derive_seed(config.seed, "embeddings")
    if student.word_embedding == "file":
        assert student.word_emb_file is not None, "StudentConfig checks it"
        pieces = prepared.tokenizer.convert_ids_to_tokens(vocabulary.teacher_ids.tolist())
        rows, found = read_word_vectors(
            pathlib.Path(student.word_emb_file), pieces, student.word_emb_dim, seed)
        log.info("%s: vectors for %d of %d rows of the student's embedding (%.1f %%)",
                 student.word_emb_file, found["found"], found["rows"],
                 100 * found["found"] / found["rows"])
        return rows
    pretrained = student.word_embedding == "svd_pretrained"
    source = _pretrained(config, prepared, teacher) if pretrained else teacher
    table = source.word_embeddings()
    if table is None:
        if student.word_embedding != "random":
            log.warning("the teacher has no word embedding; the student's starts at random "
                        "instead of by %s", student.word_embedding)
        table, method = np.zeros((source.vocabulary, student.word_emb_dim), np.float32), "random"
    else:
        method = student.word_embedding
    rows = teacher_ids(prepared.tokenizer, teacher, vocabulary.teacher_ids)
    return reduce_embeddings(table, rows, width=student.word_emb_dim, method=method, seed=seed,
                             components=student.ppa_components)


def _pretrained(config: RunConfig, prepared: Prepared, teacher: Teaches) -> Teacher:
    """Returns the teacher before fine-tuning.

    Raises:
      UserError: if --pt_teacher_checkpoint is another encoder, so that its word embedding has rows
        for other subword tokens.
    """
    fresh = fresh_teacher(config, prepared.task)
    require(definition(fresh.tokenizer) == definition(teacher.tokenizer),
            f"--word_embedding=svd_pretrained reads the word embedding of "
            f"--pt_teacher_checkpoint {config.teacher.checkpoint}, whose tokenizer is not the "
            "teacher's; name the checkpoint from which the teacher was fine-tuned")
    return fresh


def start_student(
    config: RunConfig, prepared: Prepared, teacher: Optional[Teaches]
) -> Student:
    """Builds the student and sets its initial weights.

    Args:
      config, prepared: the run.
      teacher: gives the projection's width and the number of matched layers. None if a checkpoint
        is only fine-tuned: the projection then has the student's hidden width.

    Raises:
      UserError: if the word vectors or the checkpoint cannot be used.
    """
    named = config.student.pt_student_checkpoint is not None
    encoder = load_student_encoder(config.student) if named else None
    embeddings = _start_embeddings(config, prepared, teacher, encoder)
    # A seed of its own: initial weights must not depend on whether the teacher was loaded or
    # fine-tuned in this process.
    tf.keras.utils.set_random_seed(derive_seed(config.seed, "student"))
    width: Optional[int] = None
    if teacher is not None:
        width = teacher.width
    elif config.student.projects:
        width = config.student.hidden_size
    labels, matched = prepared.task.labels, 0 if teacher is None else teacher.matched
    shape = Shape(len(prepared.vocabulary), labels.pooled, config.data.seq_len,
                  matching=Matching(matched, config.distil.attention) if matched else None,
                  separator=prepared.separator)
    student = build_student(config.student, shape, width, labels.size, embeddings=embeddings,
                            competing=labels.competing)
    if encoder is not None:
        copy_layers(encoder, student.model.get_layer("encoder"))
        log.info("student: starts from %s", config.student.pt_student_checkpoint)
    return student
