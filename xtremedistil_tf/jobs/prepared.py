"""The inputs of a student's training."""

import dataclasses
import pathlib
from typing import Any, Dict, NamedTuple, Optional

from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.targets.writer import TargetStore


class Stores(NamedTuple):
    """The teacher's outputs on the transfer text and on dev."""

    transfer: TargetStore
    dev: TargetStore


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What the stages train on.

    Attributes:
      task, features, vocabulary: the data; the transfer rows are in their store only.
      transfer, dev: the teacher's outputs; None in a run without a teacher.
      fingerprint: of all of it.
      counts: by split, what tokenising counted.
      teacher_features: the rows in the teacher's pieces; `features` where the student reads them,
        too.
      tokenizer: the student's.
      separator: the student's id of what parts the texts of a pair; None where a row has one.
      answers: file of what the teacher predicts on the held-out splits, once it did.
    """

    task: Task
    features: Dict[str, Features]
    vocabulary: StudentVocabulary
    transfer: Optional[TargetStore]
    dev: Optional[TargetStore]
    fingerprint: str
    counts: Dict[str, Dict[str, int]]
    teacher_features: Dict[str, Features]
    tokenizer: Any
    separator: Optional[int] = None
    answers: Optional[pathlib.Path] = None

    @property
    def stores(self) -> "Stores":
        """The teacher's outputs on the transfer text and on dev, where there is a teacher."""
        assert self.transfer is not None and self.dev is not None, "no step reads them without one"
        return Stores(self.transfer, self.dev)
