"""The interface of students on text, for all kinds of task and runtimes."""

import numbers
from typing import Any, Callable, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.json_rows import mend
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.inference.lines import Line
from xtremedistil_tf.tasks import task_kind


class TextModel:
    """A student; call it with one text or several.

    Attributes:
      kind: name of the kind of task.
      labels: its labels.
      pairs: True if it takes pairs of texts.
      least: least probability of what it says, by label or entity type, and under "" for all
        others; what is less sure is not said. Set by `say_from`.
      threads: number of threads that read blocks of texts at once, see `streaming`.
    """

    kind: str
    labels: Tuple[str, ...] = ()
    pairs = False
    least: Mapping[str, float] = {}
    threads = 1

    def say_from(self, least: Mapping[str, float]) -> None:
        """Sets `least`: a tagger leaves out less sure entities, others give no label or answer.

        Raises:
          UserError: if a name is none of the labels or entity types, a value is no number from 0
            to 1, or the kind has no probabilities.
        """
        kind = task_kind(self.kind)
        if least and not (kind.classes or kind.competing):
            raise UserError(f"a student for {self.kind} has no probabilities, so no thresholds")
        names = set(kind.types_of(self.labels))
        for name, value in least.items():
            if not isinstance(value, numbers.Real) or not 0 <= value <= 1:
                raise UserError(f"a threshold is {value!r}; allowed: a number from 0 to 1")
            if name and name not in names:
                raise UserError(f"a threshold is of {name!r}; allowed: {', '.join(sorted(names))}")
        self.least = dict(least)

    def least_of(self, name: str) -> float:
        """Returns the least probability of a label or entity type; 0 without one."""
        return self.least.get(name, self.least.get("", 0.0))

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

    def predict_scored(self, examples: Sequence[Any]) -> Tuple[List[Any], Optional[List[Any]]]:
        """Predicts a task's examples, with probabilities.

        Returns:
          (answers as `predict` returns them, for each answer the probabilities of its words or its
          one probability, float32 [units]; None if the kind of task has no probabilities).
        """
        return self.predict(examples), None

    def cut_at_seq_len(self) -> Optional["TextModel"]:
        """Returns this model limited to the sequences of its training; None if it reads no more."""
        return None


def _items(given: Any, single: type) -> List[Any]:
    """The items that a caller gave: one of the type `single`, or several."""
    listed = not isinstance(given, (single, str, bytes, Mapping)) and isinstance(given, Iterable)
    try:
        return list(given) if listed else [given]
    except TypeError:  # An array without a dimension.
        return [given]


def pairs_of(given: Any, allowed: str) -> List[Tuple[str, str]]:
    """Returns the pairs of texts that a caller gave: one tuple, or several; see `texts_of`.

    Args:
      given: what came.
      allowed: what the student takes, for the message.

    Raises:
      UserError: for anything else.
    """
    items = _items(given, tuple)
    for item in items:
        if not (isinstance(item, (tuple, list)) and len(item) == 2
                and all(isinstance(text, str) for text in item)):
            raise UserError(f"this student {allowed}, not {item!r:.80}")
    return [(mend(first), mend(second)) for first, second in items]


def texts_of(given: Any) -> List[str]:
    """Returns the texts that a caller gave: one string, or several.

    Half a character, which no text file can hold, becomes U+FFFD. Offsets stay.

    Raises:
      UserError: for anything else.
    """
    items = _items(given, str)
    for place, item in enumerate(items):
        if not isinstance(item, str):
            raise UserError("this student takes texts; allowed: a string or a list of strings, not "
                            f"{item!r:.60} (item {place})")
    return list(map(mend, items))


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
