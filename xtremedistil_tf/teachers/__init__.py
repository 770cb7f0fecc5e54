"""Kinds of teacher: one record each, one table.

All give the same to `targets.writer`: logits and, where they have them, hidden states of each
position, and whether every token or only the first of each word has logits. Another package calls
`register_teacher`, or offers an entry point of the group `xtremedistil_tf.teachers`.
"""

import dataclasses
import pathlib
from typing import Any, Optional, Sequence

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.models.teacher_ensemble import load_teachers
from xtremedistil_tf.models.tokenizers import definition, load_tokenizer
from xtremedistil_tf.plugins import Registry
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.base import Sizes, TeacherKind, Teaches, Wanted
from xtremedistil_tf.teachers.fine_tuned import FINE_TUNED
from xtremedistil_tf.teachers.finished import FINISHED
from xtremedistil_tf.teachers.mixed import ALL_LANGUAGES, Member, MixedTeacher
from xtremedistil_tf.teachers.onnx import ONNX
from xtremedistil_tf.teachers.outputs import OUTPUTS, load_outputs

__all__ = ["TEACHERS", "Sizes", "TeacherKind", "Teaches", "Wanted", "load_ready",
           "register_teacher", "teacher_kind"]

TEACHERS: Registry[TeacherKind] = Registry("teacher", "xtremedistil_tf.teachers")


def register_teacher(record: TeacherKind) -> TeacherKind:
    """Adds a kind of teacher; returns the record.

    Args:
      record: the kind. It is asked before those that were registered earlier.

    Raises:
      UserError: if another kind has this name.

    Example:
      register_teacher(dataclasses.replace(TEACHERS["finished"], kind="mine", holds=my_check))
    """
    return TEACHERS.register(record.kind)(record)


for _record in (FINISHED, ONNX, OUTPUTS, FINE_TUNED):
    register_teacher(_record)


def teacher_kind(path: pathlib.Path) -> Optional[TeacherKind]:
    """Returns the kind of the teacher at a path; None if there is no teacher ready to be used."""
    return next((record for record in reversed(list(TEACHERS.values())) if record.holds(path)),
                None)


def load_ready(paths: Sequence[pathlib.Path], wanted: Wanted) -> Any:
    """Loads a teacher, or several as one.

    Args:
      paths: the teacher, or the teachers of an ensemble.
      wanted: the outputs that the run asks for.

    Returns:
      A `Teaches`.

    Raises:
      UserError: if a teacher cannot be loaded, or teachers cannot be averaged.
    """
    kinds = [teacher_kind(path) for path in paths]
    plain = not wanted.weights and not wanted.languages
    if all(kind is OUTPUTS for kind in kinds):
        return load_outputs(paths, wanted)
    if len(paths) == 1 or plain and all(kind is None or kind.tuned_here for kind in kinds) \
            and _same_tokenizer(paths):
        first = kinds[0] or FINE_TUNED
        return first.load(paths[0], wanted) if len(paths) == 1 else load_teachers(
            paths, wanted.layer, matched=wanted.matched)
    if task_kind(wanted.kind).windows:
        raise UserError("windows of contexts need one teacher, several that this package "
                        "fine-tuned, with one tokenizer and equal weights, or several files of "
                        "answers (--teacher_outputs); averaging others goes word by word")
    if wanted.matched:
        raise UserError("--distil_multi_hidden_states and --distil_attention need one teacher, or "
                        "several that this package fine-tuned, with one tokenizer and equal "
                        "weights")
    members = []
    for number, (path, kind) in enumerate(zip(paths, kinds)):
        # Only the logits of the others are used, so they may have fewer layers.
        asked = dataclasses.replace(wanted, layer=wanted.layer if not number else 0)
        languages = wanted.languages[number] if wanted.languages else ALL_LANGUAGES
        members.append(Member(
            (kind or FINE_TUNED).load(path, asked),
            wanted.weights[number] if wanted.weights else 1.0,
            () if languages == ALL_LANGUAGES else tuple(languages.split("+"))))
    return MixedTeacher(members, wanted.seq_len)


def _same_tokenizer(paths: Sequence[pathlib.Path]) -> bool:
    """Returns True if all teachers split text alike."""
    found = [definition(load_tokenizer(str(path))) for path in paths]
    return all(one == found[0] for one in found)
