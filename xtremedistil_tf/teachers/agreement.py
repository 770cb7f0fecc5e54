"""Agreement of a student with its teacher on held-out text, for runs without dev labels."""

import dataclasses
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import DataConfig, RunConfig
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.realign import HAS_STATES
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.metrics.decoding import log_softmax, word_scores
from xtremedistil_tf.metrics.measures import AGREEMENT
from xtremedistil_tf.tasks import task_kind


def chosen_by(config: RunConfig, task: Task) -> str:
    """Returns the dev measure that chooses epochs and stages."""
    return AGREEMENT if task.agreement else config.data.measure


class _Recorder:
    """A forward pass that keeps the probabilities that it returned.

    Attributes:
      found: for each sequence the log-probabilities of its words [words, tags] or of itself
        [1, classes]; words that were cut off have NaN. Empty for labels that are no classes.
      said: bool [sequences], True if something is said of the sequence.
    """

    def __init__(self, forward: Any, features: Features, labels: Any):
        self._forward, self._features, self._labels = forward, features, labels
        self.wants_starts = getattr(forward, "wants_starts", False)
        self.found: List[np.ndarray] = [np.zeros((0, 0))] * len(features)
        self.said = np.zeros(len(features), bool)
        self._classes = task_kind(labels.kind).classes

    def batches(self, input_ids: Any, **asked: Any) -> Iterator[Tuple[Any, Any, Dict[str, Any]]]:
        """Yields what the forward pass yields."""
        for rows, lengths, outputs in self._forward.batches(input_ids, **asked):
            for place, row in enumerate(rows):
                logits = outputs["logits"][place].astype(np.float32)
                if "known" in outputs:
                    logits[np.isin(outputs["known"][place], (0, HAS_STATES))] = np.nan
                self.said[row] = np.isfinite(logits).any()
                if self._classes:
                    with np.errstate(invalid="ignore"):
                        self.found[row] = self._of_row(row, logits)
            yield rows, lengths, outputs

    def _of_row(self, row: int, logits: np.ndarray) -> np.ndarray:
        if self._features.pooled:
            return log_softmax(logits[:1])
        starts = self._features.word_starts[row]
        scores = word_scores(logits[None], starts[None], self._labels)[0]
        return np.where(starts[:, None] >= 0, scores, np.nan)


@dataclasses.dataclass(frozen=True)
class Answers:
    """A teacher's answers on held-out text.

    Attributes:
      found: its log-probabilities; see `_Recorder`. Empty for labels that are no classes.
      labels: the label set.
      answers: its answers, as the kind of task predicts them.
    """

    found: List[np.ndarray]
    labels: Any
    answers: Sequence[Any]

    def compare(
        self, forward: Any, features: Features
    ) -> Tuple[Dict[str, Any], List[Any]]:
        """Compares a student with the teacher.

        Args:
          forward: the student's forward pass.
          features: the held-out text as the student's subword tokens, with the teacher's answers as
            labels.

        Returns:
          (measures, the student's answers). "agreement" is the kind's first measure with the
          teacher's answers as gold (for tagging the F1 of entities), 0 to 100. "accuracy" is the
          percentage of equal labels of words or texts. "kl" is the mean of KL(teacher || student)
          in nats. "languages" has the agreement by language.
        """
        kind = task_kind(self.labels.kind)
        recorder = _Recorder(forward, features, self.labels)
        answers = kind.predict(recorder if kind.classes else forward, features, self.labels)
        scores = kind.score(features.tags, answers, features.row_languages, self.labels.tags)
        key = kind.language_score[0] if kind.language_score else kind.measures[0]
        measures: Dict[str, Any] = {
            AGREEMENT: scores[kind.measures[0]],
            "languages": {code: {AGREEMENT: entry[key], "support": entry["support"]}
                          for code, entry in scores["languages"].items()}}
        if kind.classes:
            pairs = list(zip(features.tags, answers))
            same = [set(gold) == set(own) for gold, own in pairs] if kind.pooled else [
                one == other for gold, own in pairs for one, other in zip(gold, own)]
            measures["accuracy"] = 100.0 * float(np.mean(same)) if same else 0.0
        if kind.classes and not kind.several:  # With several labels, no softmax is one's answer.
            measures["kl"] = self._divergence(recorder.found)
        return measures, answers

    def _divergence(self, student: List[np.ndarray]) -> float:
        total, count = 0.0, 0
        for theirs, own in zip(self.found, student):
            if not len(own) or not len(theirs):
                continue
            each = (np.exp(theirs) * (theirs - own)).sum(axis=-1)
            known = np.isfinite(each)
            total, count = total + float(each[known].sum()), count + int(known.sum())
        return total / count if count else 0.0


def with_blank_labels(row: Example, labels: Any) -> Example:
    """Returns an unlabelled row with any labels: tokenization needs some."""
    kind = task_kind(labels.kind)
    blank = "0" if not kind.classes else labels.tags[labels.outside_id if kind.tags_words else 0]
    return dataclasses.replace(row, tags=(blank,) * (len(row.words) if kind.tags_words else 1))


def with_labels(row: Example, answer: Sequence[str]) -> Example:
    """Returns a row with a model's answer as its labels."""
    return dataclasses.replace(row, tags=tuple(answer))


def with_answers(
    task: Task, teacher: Any, config: DataConfig
) -> Tuple[Task, Optional[Answers]]:
    """Labels held-out text with the teacher's answers; shows a mixed teacher all labelled text.

    Args:
      task: the data.
      teacher: a `teachers.Teaches`.
      config: the configuration that read the task.

    Returns:
      (the task, with the held-out text as dev; the answers). The task itself and None if it has a
      dev split.

    Raises:
      UserError: if the teacher says nothing of the held-out text.
    """
    if hasattr(teacher, "remember"):
        teacher.remember([*(row for rows in task.examples.values() for row in rows), *task.held])
    if not task.agreement:
        return task, None
    kind = task_kind(task.labels.kind)
    rows = [kind.unlabelled(row, task.labels) for row in task.held]
    features = kind.features(teacher.tokenizer, rows, task.labels, config)
    forward = teacher.forward()
    recorder = _Recorder(forward, features, task.labels)
    answers = kind.predict(recorder, features, task.labels)
    dev = [kind.answered(row, answer) for row, answer in zip(rows, answers)]
    # A teacher that ran elsewhere may have said nothing of a sentence.
    rows_of = np.arange(len(dev)) if features.contexts is None else features.contexts.owners
    said = sorted(set(rows_of[recorder.said].tolist()))
    if not said:
        raise UserError("the teacher says nothing of the held-out part of the transfer set")
    return (dataclasses.replace(task, examples={**task.examples, "dev": [dev[at] for at in said]},
                                held=tuple(task.held[at] for at in said)),
            Answers([recorder.found[at] for at in said] if kind.classes else [], task.labels,
                    [answers[at] for at in said]))
