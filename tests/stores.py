"""Target stores of tests."""

import pathlib
from typing import Any, Tuple

from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.targets.spec import Place
from xtremedistil_tf.targets.store import TargetStore
from xtremedistil_tf.targets.writer import TeacherInput, write_targets


def write_store(
    teacher: Any, input_ids: Ragged, folder: pathlib.Path, made: str, shard_rows: int, **more: Any
) -> Tuple[TargetStore, int]:
    """Writes the outputs of a teacher that has logits for all positions; see `write_targets`."""
    return write_targets(teacher, TeacherInput(Realigned(input_ids)), Place(folder, made),
                         shard_rows, **more)
