"""Times a few steps of teacher and student, on random batches of the run's own shapes.

The models are thrown away afterwards. Steps are traced as the trainer traces them.
"""

import dataclasses
import functools
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from xtremedistil_tf.compat import create_slots
from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.data.pipelines.buckets import bucket_bounds, bucket_of
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import StageModel, traced_for_cpu
from xtremedistil_tf.models.registry import LayerRegistry
from xtremedistil_tf.training.addons import build_optimizer
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.sparse_adam import UsedRows
from xtremedistil_tf.training.stages import Stage

# Timed steps of each shape, after one that is not; the fastest counts, since other programs only
# make steps slower.
_REPEATS = 2
# Sequences of a timed forward pass.
_FORWARD_ROWS = 256


@dataclasses.dataclass(frozen=True)
class StepTimes:
    """Measured seconds of a stage's steps.

    Attributes:
      start: seconds before the first step: tracing.
      bounds: lengths of the measured batches, ascending.
      seconds: seconds of a full batch of each length.
    """

    start: float
    bounds: Tuple[int, ...]
    seconds: Tuple[float, ...]

    def epoch(self, lengths: np.ndarray, size: BatchSize) -> float:
        """Seconds of an epoch over sequences of these lengths, in batches of similar length."""
        bounds = bucket_bounds(int(lengths.max()))
        counts = np.bincount(bucket_of(lengths, bounds), minlength=len(bounds))
        per_step = np.interp(bounds, self.bounds, self.seconds)
        return float(sum(count / size.of(bound) * seconds
                         for bound, count, seconds in zip(bounds, counts, per_step)))


@dataclasses.dataclass(frozen=True)
class Subject:
    """A model to time.

    Attributes:
      model, registry: the model and its layers.
      ids: number of its input ids.
      labels: (rows, length) -> labels of a batch.
      masked: True if it takes an attention mask.
      separator: id of the separator token of pairs; None without pairs.
      used: rows of the word embedding that its text reads; None for all.
    """

    model: StageModel
    registry: LayerRegistry
    ids: int
    labels: Callable[[int, int], np.ndarray]
    masked: bool
    separator: Optional[int] = None
    used: Optional[UsedRows] = None

    def inputs(self, rows: int, length: int) -> Dict[str, tf.Tensor]:
        """Random ids of a full batch."""
        random = np.random.default_rng(length)
        ids = random.integers(1, self.ids, (rows, length), dtype=np.int32) if self.used is None \
            else random.choice(self.used.rows, (rows, length))
        if self.separator is not None:
            ids[:, length // 2] = self.separator
        found = {"input_ids": tf.constant(ids)}
        if self.masked:
            found["attention_mask"] = tf.ones_like(found["input_ids"])
        return found

    def batch(self, stage: Stage, length: int) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """A full batch of a stage: random ids, and zeros for the outputs of the teacher."""
        rows = stage.batch.of(length)
        if stage.labelled_batch is not None:
            rows += stage.labelled_batch.of(length)
        inputs = self.inputs(rows, length)
        outputs = self.model(inputs, training=False)
        targets = {term.target: tf.constant(self.labels(rows, length)) if term.target == "labels"
                   else tf.zeros_like(outputs[term.output]) for term in stage.terms}
        masks = {"mask": tf.ones(tf.shape(outputs[stage.terms[0].output])[:2])}
        if "labels" in targets:
            masks["labels_mask"] = tf.ones(tf.shape(targets["labels"]))
        return inputs, {**targets, **masks}


def _lengths_to_time(lengths: np.ndarray) -> List[int]:
    """Batch lengths to time: a common short one, and the longest, which needs most memory."""
    bounds = np.array(bucket_bounds(int(lengths.max())))
    used = bounds[bucket_of(lengths, list(bounds))]
    return sorted({int(np.percentile(used, 25)), int(used.max())})


def time_stage(subject: Subject, stage: Stage, lengths: np.ndarray, optimizer: str) -> StepTimes:
    """Times training steps of a stage.

    Args:
      subject: the model.
      stage: the stage.
      lengths: lengths of the sequences that it reads.
      optimizer: "adam" or "lazy_adam".
    """
    model, began = subject.model, time.monotonic()
    subject.registry.set_trainable(stage.trainable)
    model.set_loss_terms(stage.terms, LOSSES)
    model.compile(optimizer=build_optimizer(optimizer, 1e-6, used=subject.used))
    create_slots(model.optimizer, model.trainable_variables)
    step, seconds, start = None, [], 0.0
    bounds = _lengths_to_time(lengths)
    with traced_for_cpu(model):
        for bound in bounds:
            inputs, targets = subject.batch(stage, bound)
            if step is None:
                step = _step_of(model, inputs, targets)
                step(inputs, targets)
                start = time.monotonic() - began
            step(inputs, targets)
            seconds.append(_fastest(functools.partial(step, inputs, targets)))
    model.clear_loss_terms()
    return StepTimes(start, tuple(bounds), tuple(seconds))


def _step_of(model: StageModel, inputs: Dict[str, Any], targets: Dict[str, Any]) -> Callable:
    def spec(value: tf.Tensor) -> tf.TensorSpec:
        return tf.TensorSpec([None, None, *value.shape[2:]], value.dtype)

    @tf.function(autograph=False, input_signature=[
        {name: spec(value) for name, value in inputs.items()},
        {name: spec(value) for name, value in targets.items()}])
    def step(some_inputs: Dict[str, tf.Tensor], some_targets: Dict[str, tf.Tensor]) -> tf.Tensor:
        return model.train_step((some_inputs, some_targets))["loss"]

    return step


def _fastest(run: Callable[[], Any]) -> float:
    found = []
    for _ in range(_REPEATS):
        began = time.monotonic()
        run()
        found.append(time.monotonic() - began)
    return min(found)


def time_forward(
    forward: Any, lengths: np.ndarray, ids: int
) -> Tuple[float, float]:
    """Times forward passes over a sample of sequences.

    Args:
      forward: the forward pass of teacher or student, see `models.inference.Forward`.
      lengths: lengths of all its sequences.
      ids: number of its input ids.

    Returns:
      (seconds of tracing, seconds for each subword token).
    """
    random = np.random.default_rng(0)
    chosen = random.choice(lengths, min(_FORWARD_ROWS, len(lengths)), replace=False)
    rows = Ragged.of([random.integers(1, ids, length, dtype=np.int32) for length in chosen])
    began = time.monotonic()
    one = Ragged.of([rows[0]])
    for _ in forward.batches(one):
        pass
    start = time.monotonic() - began
    took = _fastest(lambda: [None for _ in forward.batches(rows)])
    return start, took / max(1, int(chosen.sum()))
