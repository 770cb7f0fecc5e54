"""The batches of a task-agnostic distillation, part by part, and its loss on held-out text."""

import dataclasses
import functools
from typing import Any, Dict, List, Tuple

import numpy as np

from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.data.pipelines.batches import labelled_batches
from xtremedistil_tf.data.pipelines.buckets import bucket_numbers, count_steps
from xtremedistil_tf.data.tokenization.alignment import Features, own_targets
from xtremedistil_tf.distribution import replicas, spread
from xtremedistil_tf.files.fingerprints import derive_seed
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.pretraining.student import Encoder
from xtremedistil_tf.pretraining.text import RawText
from xtremedistil_tf.shares import Share
from xtremedistil_tf.training.stage_feed import StageFeed
from xtremedistil_tf.training.stages import Stage

# The stage's measure: its loss on held-out text.
MEASURE = "loss"


@dataclasses.dataclass(frozen=True)
class Parts:
    """A text in parts of equally many steps; to the trainer a part is an epoch.

    So a killed run loses one part, not a pass over the text. Each part has the same number of
    sequences of each length bucket. If that number does not divide a bucket, some of its sequences
    come again in the last part.

    Attributes:
      lengths: int64 [rows], length of each sequence.
      seed: seed of the order.
      count: number of parts of a pass.
    """

    lengths: np.ndarray
    seed: int
    count: int

    @classmethod
    def of_steps(cls, lengths: np.ndarray, size: BatchSize, steps: int, seed: int) -> "Parts":
        """Divides a text into parts of about `steps` steps."""
        all_steps = count_steps(lengths, size, replicas=replicas())
        return cls(lengths, seed, max(1, round(all_steps / steps)))

    @functools.cached_property
    def _buckets(self) -> List[Tuple[np.ndarray, int]]:
        """(rows of a bucket, how many of them are in a part)."""
        numbers = bucket_numbers(self.lengths)
        members = [np.flatnonzero(numbers == number) for number in np.unique(numbers)]
        return [(rows, -(-len(rows) // self.count)) for rows in members]

    def rows(self, part: int) -> np.ndarray:
        """Row numbers of a part; parts are numbered over all passes, from 0."""
        passed, at = divmod(part, self.count)
        generator = np.random.default_rng(derive_seed(self.seed, "pass", passed))
        return np.concatenate([
            np.roll(generator.permutation(rows), -at * quota)[:quota]
            for rows, quota in self._buckets])

    def steps(self, size: BatchSize) -> int:
        """Steps of a part."""
        return count_steps(self.lengths[self.rows(0)], size, replicas=replicas())


def text_feed(
    student: Encoder, text: RawText, parts: Parts, size: BatchSize, fingerprint: str
) -> StageFeed:
    """Returns the batches and the measure of the stage.

    Args:
      student: the student to train.
      text: the text.
      parts: the parts of its `trained` sequences.
      size: batch size.
      fingerprint: fingerprint of all inputs.
    """
    model, trained, held = student.model, text.trained, own_targets(text.ids, text.held_out)

    def spread_out(features: Features, seed: int) -> tf.data.Dataset:
        def of_share(share: Share) -> tf.data.Dataset:
            return labelled_batches(features, size, seed, pad_id=text.tokenizer.pad_token_id,
                                    share=share)

        return spread(of_share)

    def batches(stage: Stage, seed: int) -> tf.data.Dataset:
        # The optimizer's steps tell the part, also when a run resumes.
        part = int(model.optimizer.iterations.numpy()) // parts.steps(size)
        return spread_out(own_targets(text.ids, trained[parts.rows(part)]), seed)

    def score() -> Dict[str, Any]:
        steps = count_steps(held.input_ids.lengths, size, replicas=replicas())
        return {MEASURE: float(model.evaluate(spread_out(held, 0), steps=steps, verbose=0,
                                              return_dict=True)["loss"])}

    return StageFeed(batches, lambda stage: parts.steps(size), lambda stage: score()[MEASURE],
                     score, fingerprint, measured=MEASURE)
