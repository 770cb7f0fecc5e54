"""What every student offers on text, whatever its kind of task and runtime."""

from typing import Any, Callable, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.inference.lines import Line
from xtremedistil_tf.tasks import task_kind


class TextModel:
    """A student, called on a text or several.

    Attributes:
      kind: name of the kind of task.
      labels: names of what it finds.
      pairs: True if it takes two texts at a time.
    """

    kind: str
    labels: Tuple[str, ...] = ()
    pairs = False

    def __call__(self, text: Any) -> Any:
        """What is found in a text, or a list of it for a list of texts."""
        raise NotImplementedError

    def read_lines(self, lines: Sequence[str]) -> List[Line]:
        """The results of lines of text, in their order.

        Raises:
          UserError: if a line cannot be read.
        """
        raise NotImplementedError

    def failed_line(self, line: str, why: str) -> Line:
        """The result of a line that could not be read."""
        raise NotImplementedError

    def predict(self, examples: Sequence[Any]) -> List[Any]:
        """Answers to a task's rows, in the form that its kind scores."""
        raise NotImplementedError


def text_model(
    assets: Assets, logits: Callable[[np.ndarray], np.ndarray], *, keep_whole: bool = False
) -> Any:
    """The text model of a student's kind of task over a forward pass.

    Args:
      assets: tokenizer, vocabulary and labels.
      logits: maps the student's ids, int32 [batch, time] padded with 0 on the right, to float
        logits [batch, time, classes], or [batch, classes] where the kind pools.
      keep_whole: split running text at white space only, for kinds that split it into words.
    """
    return task_kind(assets.labels.kind).text_model(assets, logits, keep_whole)
