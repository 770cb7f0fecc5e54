"""From a task's examples to the rows that models read."""

from typing import Any, Dict, List, Optional

from xtremedistil_tf.config import SquadConfig
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.tokenization.alignment import Features, align
from xtremedistil_tf.data.tokenization.windows import window_features


def align_task(
    task: Task, tokenizer: Any, seq_len: int, squad: Optional[SquadConfig] = None
) -> Dict[str, Features]:
    """Tokenises the labelled splits.

    Args:
      task: what was read.
      tokenizer: a fast Hugging Face tokenizer.
      seq_len: longest row in pieces, markers included.
      squad: how questions become rows, where the task has questions.
    """
    def rows_of(examples: List[Any]) -> Features:
        if squad is not None:
            return window_features(tokenizer, examples, seq_len, squad)
        return align(tokenizer, examples, seq_len, task.labels)

    return {split: rows_of(examples) for split, examples in task.examples.items()}
