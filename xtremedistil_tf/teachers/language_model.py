"""Masked language modelling of a teacher on the transfer text, before it is fine-tuned."""

import logging
import pathlib
from typing import Any, Dict, Optional

import numpy as np

from xtremedistil_tf.config import BatchSize, RunConfig, require
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.pipelines.batches import Batch, PieceMasking, labelled_batches
from xtremedistil_tf.data.pipelines.buckets import count_steps
from xtremedistil_tf.data.tokenization.alignment import Features, own_targets
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.distribution import replicas, spread
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.teacher import Teacher
from xtremedistil_tf.shares import Share
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.masked_lm import build_masked_lm, load_own_head
from xtremedistil_tf.training.stage_feed import StageFeed
from xtremedistil_tf.training.stages import LossTerm, Schedule, Stage
from xtremedistil_tf.training.trainer import Trainer

log = logging.getLogger("absl")

MEASURE = "masked_accuracy"
# Fraction of subword tokens that are masked, as in BERT.
_RATE = 0.15
_HELD_OUT, _MOST_HELD_OUT = 0.05, 500


class _Text:
    """The transfer text as masked batches.

    Args:
      ids: its sequences.
      tokenizer: the teacher's tokenizer.
    """

    def __init__(self, ids: Ragged, tokenizer: Any):
        rows = np.random.default_rng(len(ids)).permutation(len(ids))
        size = min(_MOST_HELD_OUT, max(1, round(_HELD_OUT * len(ids))))
        require(len(ids) > 1, f"--teacher_lm_epochs needs two sentences of text; there is "
                f"{len(ids)}")
        self.held, self.train = own_targets(ids, rows[:size]), own_targets(ids, rows[size:])
        self._pad_id, self._mask_id = tokenizer.pad_token_id, tokenizer.mask_token_id

    def batches(self, features: Features, size: BatchSize, seed: int, share: Any) -> Any:
        """One epoch of masked sequences; their labels are those of the masked tokens alone."""
        def only_masked(inputs: Dict[str, Any], targets: Dict[str, Any]) -> Batch:
            masked = inputs["input_ids"] == self._mask_id
            return inputs, {name: tf.boolean_mask(target, masked)
                            for name, target in targets.items()}

        return labelled_batches(features, size, seed, pad_id=self._pad_id, share=share,
                                masking=PieceMasking(_RATE, self._mask_id)).map(only_masked)


def adapt_to_text(
    teacher: Teacher, config: RunConfig, task: Task, folder: pathlib.Path, fingerprint: str,
    *, tensorboard: Optional[pathlib.Path] = None,
) -> Dict[str, Any]:
    """Trains a teacher's encoder to predict masked subword tokens of the transfer text.

    It starts with the checkpoint's own head if there is one, else with a new one. The head is not
    kept.

    Args:
      teacher: the teacher before fine-tuning; its encoder is trained.
      config: `teacher.lm_epochs`, batch size, rate.
      task: the data, with the transfer text.
      folder: folder of the stage.
      fingerprint: fingerprint of all inputs.
      tensorboard: folder for curves, or None.

    Returns:
      The record of the stage.

    Raises:
      UserError: without transfer text, or a tokenizer without a mask token.

    Source: the authors' v1 code, and the paper's section 6 on its teacher.
    """
    require(task.transfer is not None, "--teacher_lm_epochs reads the transfer text; give "
            "--transfer_file")
    require(teacher.tokenizer.mask_token_id is not None, "--teacher_lm_epochs masks tokens, and "
            f"{type(teacher.tokenizer).__name__} has no mask token")
    assert task.transfer is not None and config.teacher.lm_epochs, "checked above"
    pieces = task_kind(task.labels.kind).transfer.pieces
    ids = Ragged.join([chunk for chunk, _ in pieces(
        teacher.tokenizer, task.transfer, config.data)])
    text = _Text(ids, teacher.tokenizer)
    model, registry = build_masked_lm(teacher.encoder, only=teacher.tokenizer.mask_token_id)
    if config.teacher.config_file is None:
        own = load_own_head(model, config.teacher.checkpoint)
        log.info("teacher: masked language modelling with %s head",
                 "the checkpoint's own" if own else "a new")
    size = BatchSize(config.teacher.batch_size)

    def score() -> Dict[str, Any]:
        right = total = 0.0
        for inputs, targets in text.batches(text.held, size, 0, Share()):
            best = tf.argmax(model(inputs, training=False)["logits"], -1, tf.int32)
            same = tf.cast(best == targets["labels"], tf.float32)
            right += float(tf.reduce_sum(same * targets["mask"]))
            total += float(tf.reduce_sum(targets["mask"]))
        return {MEASURE: 100.0 * right / total if total else 0.0}

    feed = StageFeed(
        batches=lambda stage, seed: spread(
            lambda share: text.batches(text.train, stage.batch, seed, share)),
        steps=lambda stage: count_steps(text.train.input_ids.lengths, stage.batch,
                                        replicas=replicas()),
        measure=lambda stage: score()[MEASURE], score=score, fingerprint=fingerprint)
    schedule = Schedule("warmup", config.teacher.learning_rate, 0.0, warmup=config.teacher.warmup)
    stage = Stage("teacher_00_text", "transfer", (LossTerm("logits", "labels", "cross_entropy"),),
                  registry.names, schedule, epochs=config.teacher.lm_epochs,
                  patience=config.teacher.patience, batch=size, monitor=MEASURE)
    return Trainer(model, registry, feed, folder, config.seed,
                   tensorboard=tensorboard).run_plan([stage])[0]
