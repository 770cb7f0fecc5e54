"""The interface of students on text, for all kinds of task and runtimes."""

from typing import Any, Callable, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.inference.lines import Line
from xtremedistil_tf.tasks import task_kind


class TextModel:
    """A student; call it with one text or several.

    Attributes:
      kind: name of the kind of task.
      labels: its labels.
      pairs: True if it takes pairs of texts.
    """

    kind: str
    labels: Tuple[str, ...] = ()
    pairs = False

    def __call__(self, text: Any) -> Any:
        """Returns the result of a text, or a list of results for a list of texts."""
        raise NotImplementedError

    def read_lines(self, lines: Sequence[str]) -> List[Line]:
        """Returns the results of lines of text, in order.

        Raises:
          UserError: if a line cannot be read.
        """
        raise NotImplementedError

    def failed_line(self, line: str, why: str) -> Line:
        """Returns the result of a line that could not be read."""
        raise NotImplementedError

    def predict(self, examples: Sequence[Any]) -> List[Any]:
        """Predicts a task's examples, in the format that its kind of task scores."""
        raise NotImplementedError


def text_model(
    assets: Assets, logits: Callable[[np.ndarray], np.ndarray], *, keep_whole: bool = False
) -> Any:
    """Builds the text model of a student's kind of task over a forward pass.

    Args:
      assets: tokenizer, vocabulary and labels.
      logits: forward pass from the student's ids, int32 [batch, time], padded with 0 on the right,
        to float logits [batch, time, classes], or [batch, classes] if the kind of task pools.
      keep_whole: split running text at white space only; for taggers.
    """
    return task_kind(assets.labels.kind).text_model(assets, logits, keep_whole)
