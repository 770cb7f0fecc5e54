"""Training batches and dev measures of a student's stages."""

import logging
from typing import Any, Dict, Optional, Sequence

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.data.pipelines.balance import LanguageBalance
from xtremedistil_tf.data.pipelines.batches import labelled_batches
from xtremedistil_tf.data.pipelines.buckets import bucket_numbers, count_steps
from xtremedistil_tf.data.pipelines.joint import joint_batches
from xtremedistil_tf.distribution import by_chief, replicas, spread
from xtremedistil_tf.files.fingerprints import derive_seed
from xtremedistil_tf.jobs.prepared import Prepared
from xtremedistil_tf.jobs.student_inputs import needed_kinds
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.inference import Forward
from xtremedistil_tf.models.student import Student
from xtremedistil_tf.shares import Share
from xtremedistil_tf.targets.dataset import transfer_batches
from xtremedistil_tf.targets.spec import KINDS, MATCHED_KINDS
from xtremedistil_tf.targets.store import TargetStore
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.agreement import Answers
from xtremedistil_tf.training.stage_feed import StageFeed
from xtremedistil_tf.training.stages import Stage

log = logging.getLogger("absl")


def _drop_representations(stores: Sequence[TargetStore]) -> None:
    """Deletes the stored representations, about 90 % of the targets' bytes, when unused."""
    for store in stores:
        for kind in (*KINDS[1:], *MATCHED_KINDS):
            store.drop(kind)
    log.info("stored representations are dropped: no stage that is left reads them")


class _Batches:
    """Training batches of each stage: labelled rows, rows of the transfer set, or both.

    Args:
      prepared: data and targets.
      language_exponent: see `DistilConfig`.
    """

    def __init__(self, prepared: Prepared, language_exponent: float) -> None:
        self._prepared, self._table = prepared, prepared.vocabulary.table
        self._train = train = prepared.features.get("train")
        if train is not None:
            self._balance = LanguageBalance(
                train.languages, bucket_numbers(train.input_ids.lengths), language_exponent)
            # Lengths in one epoch. All epochs have the same number of sequences of each length.
            self._lengths = train.input_ids.lengths[self._balance.draw(0)]

    def __call__(self, stage: Stage, seed: int) -> tf.data.Dataset:
        """Returns one shuffled epoch."""
        if stage.data == "train":
            return spread(lambda share: self._labelled(stage.batch, seed, share))
        rows = self._joint if stage.data == "both" else self._transfer
        return spread(lambda share: rows(stage, seed, share))

    def steps(self, stage: Stage) -> int:
        """Returns the number of steps of an epoch."""
        rows = (self._lengths if stage.data == "train" else
                self._prepared.stores.transfer.lengths)
        return count_steps(rows, stage.batch, replicas=replicas())

    def _labelled(self, size: BatchSize, seed: int, share: Share) -> tf.data.Dataset:
        assert self._train is not None, "without labels, no stage reads them"
        rows = self._balance.draw(derive_seed(seed, "languages"))
        return labelled_batches(
            self._train, size, seed, table=self._table, share=share, rows=rows)

    def _transfer(self, stage: Stage, seed: int, share: Share) -> tf.data.Dataset:
        return transfer_batches(self._prepared.stores.transfer, stage.batch, seed, self._table,
                                needed_kinds([stage]), share=share)

    def _joint(self, stage: Stage, seed: int, share: Share) -> tf.data.Dataset:
        rows = stage.labelled_batch
        assert rows is not None, 'a stage with data "both" has it'
        epochs = -(-self.steps(stage) // count_steps(self._lengths, rows, replicas=replicas()))
        return joint_batches(
            self._transfer(stage, seed, share),
            lambda number: self._labelled(rows, derive_seed(seed, "labelled", number), share),
            epochs)


def student_feed(
    prepared: Prepared, student: Student, *, language_exponent: float = 1.0,
    keep_representation: bool = True, asked: Optional[Answers] = None,
) -> StageFeed:
    """Returns the batches and dev measures of each stage.

    Args:
      prepared: data and targets.
      student: the student to train.
      language_exponent: see `DistilConfig`.
      keep_representation: keep stored representations after the last stage that reads them.
      asked: the teacher's answers on held-out text, for runs without dev labels.
    """
    table, dev = prepared.vocabulary.table, prepared.features["dev"]
    batches = _Batches(prepared, language_exponent)
    forward = Forward(student.model, table=table)

    def score() -> Dict[str, Any]:
        labels = prepared.task.labels
        if asked is not None:
            return asked.compare(forward, dev)[0]
        return dict(task_kind(labels.kind).evaluate(forward, dev, labels))

    def measure(stage: Stage) -> float:
        if stage.monitor != "representation":
            return score()[stage.monitor]
        held_out = spread(
            lambda share: transfer_batches(
                prepared.stores.dev, stage.batch, 0, table, needed_kinds([stage]), share=share)
        )
        steps = count_steps(prepared.stores.dev.lengths, stage.batch, replicas=replicas())
        measured = student.trained.evaluate(held_out, steps=steps, verbose=0, return_dict=True)
        return float(measured["loss"])

    def done(left: Sequence[Stage]) -> None:
        if not keep_representation and "representation" not in needed_kinds(left):
            by_chief(lambda: _drop_representations(prepared.stores))

    return StageFeed(batches, batches.steps, measure, score, prepared.fingerprint, done)
