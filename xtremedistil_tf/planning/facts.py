"""The sizes of a run: lengths of its sequences, its vocabulary, the student before training."""

import collections
import dataclasses
import itertools
import pathlib
from typing import Any, Counter, Dict, Iterator, List, Sequence

import numpy as np

from xtremedistil_tf.config import Resources, RunConfig
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.folders.task_features import features_of
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.cut import count_pieces
from xtremedistil_tf.jobs.obtain_teacher import fresh_teacher
from xtremedistil_tf.jobs.run_folder import places_of, targets_folder
from xtremedistil_tf.jobs.student_inputs import kinds_of_run
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.layers.layer_matching import Matching
from xtremedistil_tf.models.student import Student, build_student
from xtremedistil_tf.models.teacher import separator_of
from xtremedistil_tf.runtime import precision
from xtremedistil_tf.targets.manifest import is_finished
from xtremedistil_tf.targets.spec import StoreSpec
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers import Sizes, Teaches, load_ready
from xtremedistil_tf.teachers.places import ready_kinds, teachers_fingerprint, wanted_of
from xtremedistil_tf.teachers.student_tokenizer import fitted_text, student_text, transfer_of


@dataclasses.dataclass(frozen=True)
class Facts:
    """Sizes that a plan shows and a forecast needs.

    Attributes:
      teacher: the teacher, a `models.teacher.Teacher` if it is not ready.
      tuned: True if it is ready, False if it must be fine-tuned first.
      student: the student with random weights.
      vocabulary: rows of its embedding.
      features: labelled splits as the teacher reads them.
      transfer: lengths of the transfer sequences.
      counts: counts of their tokenization, for warnings.
      bytes: bytes of the teacher's outputs on disk.
      stored: True if these outputs are there already.
    """

    teacher: Teaches
    tuned: bool
    student: Student
    vocabulary: int
    features: Dict[str, Features]
    transfer: np.ndarray
    counts: Dict[str, int]
    bytes: int
    stored: bool = False


def gather_facts(
    config: RunConfig, task: Task, model_dir: pathlib.Path, found: Sizes, *,
    resources: Resources, anew: bool = False,
) -> Facts:
    """Reads the teacher, tokenizes all data and builds the student; trains and writes nothing.

    Args:
      config, task, model_dir: the run.
      found: the teacher's sizes.
      resources: where the teacher's outputs are kept.
      anew: True if a teacher in the run folder is about to be removed.
    """
    kinds = ready_kinds(config.teacher, model_dir, anew=anew)
    tuned = all(kinds.values())
    with precision(config.teacher_policy):
        teacher: Any = load_ready(tuple(kinds), wanted_of(config, task)) if tuned \
            else fresh_teacher(config, task)
    features = {split: features_of(task, split, teacher.tokenizer, config.data)
                for split in task.examples}
    lengths: List[np.ndarray] = []
    counts: Counter[str] = collections.Counter()

    def transfer() -> Iterator[np.ndarray]:
        pieces = task_kind(task.labels.kind).transfer.pieces
        for chunk, found_in in pieces(teacher.tokenizer, transfer_of(task), config.data):
            lengths.append(chunk.lengths)
            counts.update(found_in)
            yield chunk.values

    train = [features["train"].input_ids.values] if task.labelled else []
    seen = count_pieces(itertools.chain(train, transfer()), teacher.vocabulary)
    text = fitted_text(config, task, student_text(config, teacher), seen)
    vocabulary = len(text.vocabulary(seen))
    shape = Shape(
        vocabulary, task.labels.pooled, config.data.seq_len,
        matching=Matching(teacher.matched, config.distil.attention) if teacher.matched else None,
        # The number of parameters does not depend on the id.
        separator=1 if config.data.pairs else None)
    student = build_student(config.student, shape, teacher.width, task.labels.size,
                            competing=task.labels.competing)
    joined = np.concatenate(lengths)
    spec = StoreSpec(teacher.width, task.labels.size, config.distil.chunk_size,
                     pooled=task.labels.pooled, matched=teacher.matched)
    size = spec.size(kinds_of_run(config, task, found), rows=len(joined),
                     tokens=int(joined.sum()),
                     squares=int((joined.astype(np.int64)**2).sum()))
    stored = tuned and not anew and _are_stored(
        config, task, model_dir, resources, folders=tuple(kinds), layer=teacher.layer)
    return Facts(teacher, tuned, student, vocabulary, features, transfer=joined,
                 counts=dict(counts), bytes=size, stored=stored)


def _are_stored(
    config: RunConfig, task: Task, model_dir: pathlib.Path, resources: Resources, *,
    folders: Sequence[pathlib.Path], layer: int,
) -> bool:
    """True if the outputs of a teacher in these folders lie whole where the run looks for them."""
    if not targets_folder(model_dir, resources).exists():
        return False  # Saves reading a large teacher's weights for its fingerprint.
    teacher_print = teachers_fingerprint(folders, wanted_of(config, task))
    place = places_of(config, task, teacher_print=teacher_print, layer=layer,
                      model_dir=model_dir, resources=resources)["transfer"]
    return is_finished(place.folder, place.fingerprint)


def teacher_separator(facts: Facts) -> int:
    """Id of the teacher's separator token ([SEP])."""
    return separator_of(facts.teacher.tokenizer)
