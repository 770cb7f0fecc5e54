"""The inputs of a student's training."""

import dataclasses
import functools
import pathlib
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.folders.trouble import splits_trouble, weak_languages
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.targets.store import TargetStore
from xtremedistil_tf.tasks import task_kind


class Stores(NamedTuple):
    """The targets of the transfer set and of dev."""

    transfer: TargetStore
    dev: TargetStore


@dataclasses.dataclass(frozen=True)
class Prepared:
    """The inputs of the stages.

    Attributes:
      task, features, vocabulary: the data. The transfer set is in its target store only.
      transfer, dev: the targets; None in a run without a teacher.
      fingerprint: fingerprint of all inputs.
      counts: by split, the counts of tokenization.
      teacher_features: examples as the teacher's subword tokens; equal to `features` if the student
        uses the same tokenizer.
      tokenizer: the student's tokenizer.
      separator: the student's id of the separator token ([SEP]); None without pairs of texts.
      answers: file of the teacher's predictions on the held-out splits; written once.
      start_segmentation: segmentation of the student that a run starts from; None without one.
      seq_len: longest sequence.
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
    start_segmentation: Optional[str] = None
    seq_len: int = 512

    @property
    def segmentation(self) -> Optional[str]:
        """The student's rule for scripts without spaces: the data's, else that of its start."""
        return self.task.segmentation or self.start_segmentation

    @functools.cached_property
    def _text_trouble(self) -> List[str]:
        return splits_trouble(self.features, self.task.examples, self.tokenizer, self.seq_len)

    def trouble(self, dev: Mapping[str, Any], measure: str) -> List[str]:
        """Warns of languages that the tokenizer or the teacher does not know.

        Args:
          dev: the teacher's scores on dev.
          measure: the run's measure.
        """
        key, name = task_kind(self.task.labels.kind).language_score or (measure, measure)
        return [*self._text_trouble, *weak_languages(dev, key, name)]

    @property
    def stores(self) -> "Stores":
        """The targets of transfer set and dev; only for runs with a teacher."""
        assert self.transfer is not None and self.dev is not None, "without a teacher, no targets"
        return Stores(self.transfer, self.dev)
