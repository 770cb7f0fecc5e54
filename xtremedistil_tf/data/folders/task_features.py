"""Tokenises a task's examples into the sequences that models read."""

from typing import Any, Dict, Sequence

from xtremedistil_tf.config import DataConfig, SquadConfig
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization.alignment import Features, align
from xtremedistil_tf.data.tokenization.windows import window_features
from xtremedistil_tf.tasks import task_kind


def aligned(
    tokenizer: Any, examples: Sequence[Example], labels: Labels, config: DataConfig
) -> Features:
    """One sequence for each sentence or text; see `align`."""
    return align(tokenizer, examples, config.seq_len, labels)


def windowed(
    tokenizer: Any, questions: Sequence[Question], labels: Labels, config: DataConfig
) -> Features:
    """One sequence for each window of a question's context; see `window_features`."""
    return window_features(tokenizer, questions, config.seq_len, config.squad or SquadConfig())


def features_of(
    task: Task, split: str, tokenizer: Any, config: DataConfig
) -> Features:
    """Tokenises a labelled split as its kind of task requires.

    Args:
      task: the task.
      split: one of its splits.
      tokenizer: a fast Hugging Face tokenizer.
      config: the configuration that read the task; its seq_len limits the sequences.
    """
    return task_kind(task.labels.kind).features(
        tokenizer, task.examples[split], task.labels, config)


def align_task(task: Task, tokenizer: Any, config: DataConfig) -> Dict[str, Features]:
    """Tokenises all labelled splits; see `features_of`."""
    return {split: features_of(task, split, tokenizer, config) for split in task.examples}
