"""A cascade: the student answers, and the teacher is asked where the student is unsure."""

from typing import Any, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.lines import Line
from xtremedistil_tf.inference.text_model import TextModel


class Cascade(TextModel):
    """A student and its teacher as one model, for lines of text and for a task's examples.

    Args:
      student: the model that is asked first.
      teacher: the model that is asked where the student is less sure than `below`.
      below: a probability. A sentence is as sure as its least sure word.

    Attributes:
      asked: number of lines or examples so far that the teacher answered.
      total: number of lines or examples so far.

    Raises:
      UserError: if the student has no probabilities, or both have other labels.
    """

    def __init__(self, student: TextModel, teacher: TextModel, below: float):
        if (student.kind, student.labels) != (teacher.kind, teacher.labels):
            raise UserError("student and teacher have different labels: "
                            f"{', '.join(student.labels)} and {', '.join(teacher.labels)}")
        self.student, self.teacher, self.below = student, teacher, below
        self.kind, self.labels, self.pairs = student.kind, student.labels, student.pairs
        self.asked = self.total = 0

    def _unsure(self, sure: Sequence[float]) -> List[int]:
        rows = [row for row, probability in enumerate(sure) if probability < self.below]
        self.asked, self.total = self.asked + len(rows), self.total + len(sure)
        return rows

    def read_lines(self, lines: Sequence[str]) -> List[Line]:
        """Answers lines of text; see the base class."""
        found = self.student.read_lines(lines)
        unsure = self._unsure([line.sure for line in found])
        if unsure:
            for row, line in zip(unsure, self.teacher.read_lines([lines[row] for row in unsure])):
                found[row] = line
        return found

    def failed_line(self, line: str, why: str) -> Line:
        """Returns the result of a line that could not be read."""
        return self.student.failed_line(line, why)

    def predict_scored(self, examples: Sequence[Any]) -> Tuple[List[Any], List[Any]]:
        """Predicts a task's examples, with probabilities; see the base class.

        Raises:
          UserError: if the student has no probabilities.
        """
        answers, probabilities = self.student.predict_scored(examples)
        if probabilities is None:
            raise UserError(f"a student for {self.kind} has no probabilities, which say where to "
                            "ask the teacher")
        unsure = self._unsure(list(sureness(probabilities)))
        if unsure:
            better, sure = self.teacher.predict_scored([examples[row] for row in unsure])
            for place, row in enumerate(unsure):
                answers[row] = better[place]
                probabilities[row] = probabilities[row] if sure is None else sure[place]
        return answers, probabilities

    def predict(self, examples: Sequence[Any]) -> List[Any]:
        """Predicts a task's examples; see the base class."""
        return self.predict_scored(examples)[0]


def sureness(probabilities: Sequence[Any]) -> np.ndarray:
    """The least probability of each row's units; 1 for rows without units."""
    return np.array([float(np.min(own)) if len(own) else 1.0 for own in probabilities])
