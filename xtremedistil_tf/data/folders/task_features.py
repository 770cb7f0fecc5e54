"""Tokenises a task's examples into the sequences that models read."""

from typing import Any, Dict, Iterable, Iterator, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import DataConfig, SquadConfig
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization.alignment import Features, align, pieces_of
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import realigned_of
from xtremedistil_tf.data.tokenization.realign_windows import realigned_windows
from xtremedistil_tf.data.tokenization.windows import window_features, window_pieces
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


# Sequences of a chunk of unlabelled rows, and counts of their tokenization.
Pieces = Tuple[Ragged, Dict[str, int]]
# The same for a student with its own tokenizer, with `places` between; see `realigned_of`.
RealignedPieces = Tuple[Ragged, Ragged, Dict[str, int]]


def text_pieces(
    tokenizer: Any, rows: Iterable[Example], config: DataConfig
) -> Iterator[Pieces]:
    """One sequence for each unlabelled sentence or text; see `pieces_of`."""
    return pieces_of(tokenizer, rows, config.seq_len)


def question_pieces(
    tokenizer: Any, rows: Iterable[Question], config: DataConfig
) -> Iterator[Pieces]:
    """One sequence for each window of an unlabelled question's context; see `window_pieces`."""
    return window_pieces(tokenizer, rows, config.seq_len, config.squad or SquadConfig())


def text_realigned(
    teacher: Any, student: Any, rows: Iterable[Example], config: DataConfig,
    own_ids: Optional[np.ndarray],
) -> Iterator[RealignedPieces]:
    """Sentences in a student's own subword tokens; see `realigned_of`."""
    return realigned_of(teacher, student, rows, config.seq_len, own_ids=own_ids)


def question_realigned(
    teacher: Any, student: Any, rows: Iterable[Question], config: DataConfig,
    own_ids: Optional[np.ndarray],
) -> Iterator[RealignedPieces]:
    """Windows in a student's own subword tokens; see `realigned_windows`."""
    del own_ids  # Characters align them, whatever the tokens are called.
    return realigned_windows(teacher, student, rows, config.seq_len,
                             config.squad or SquadConfig())


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
