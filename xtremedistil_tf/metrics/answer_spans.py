"""Extracts answers from the logits of subword tokens: the best spans over all windows."""

import dataclasses
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.tokenization.alignment import Contexts

# Number of spans kept for each window, and of answers for each question.
MOST = 20


class Span(NamedTuple):
    """A candidate answer in a context.

    Attributes:
      text: text of the span, as in the context.
      score: logit of its begin plus logit of its end.
      begin, end: character offsets.
    """

    text: str
    score: float
    begin: int
    end: int


@dataclasses.dataclass(frozen=True)
class Answer:
    """Answers to a question.

    Attributes:
      spans: spans with different texts, the best first. At least one; it is empty if there are no
        candidates.
      null: score of "no answer": the minimum over windows.
    """

    spans: Tuple[Span, ...]
    null: float

    @property
    def null_odds(self) -> float:
        """Score of "no answer" minus the score of the best span, in logits."""
        return self.null - self.spans[0].score

    @property
    def text(self) -> str:
        """The best answer; empty if "no answer" scores higher."""
        return "" if self.null_odds > 0 else self.spans[0].text


def pack_answers(answers: Sequence[Answer]) -> List[Dict[str, Any]]:
    """Returns answers as JSON values."""
    return [{"null": one.null, "spans": [list(span) for span in one.spans]} for one in answers]


def unpack_answers(packed: Sequence[Mapping[str, Any]]) -> List[Answer]:
    """Returns the answers that `pack_answers` packed."""
    return [Answer(tuple(Span(*span) for span in one["spans"]), one["null"]) for one in packed]


def best_spans(
    starts: np.ndarray, ends: np.ndarray, allowed: np.ndarray, longest: int, *, most: int = MOST
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best spans of each sequence, by exhaustive comparison.

    Args:
      starts, ends: float32 [batch, time], logits.
      allowed: bool [batch, time], True if a span may begin and end there.
      longest: maximum length of a span in positions.
      most: number of spans to return.

    Returns:
      (first, last, scores): positions int [batch, n] and scores float32 [batch, n], the best first;
      scores are -inf for missing spans.
    """
    batch, time = starts.shape
    starts, ends = (np.where(allowed, logits, -np.inf) for logits in (starts, ends))
    width = min(longest, time)
    scores = np.full([batch, width, time], -np.inf, np.float32)
    for behind in range(width):
        scores[:, behind, : time - behind] = starts[:, : time - behind] + ends[:, behind:]
    flat = scores.reshape(batch, -1)
    most = min(most, flat.shape[1])
    chosen = np.argpartition(-flat, most - 1, axis=1)[:, :most]
    order = np.argsort(-np.take_along_axis(flat, chosen, 1), axis=1, kind="stable")
    chosen = np.take_along_axis(chosen, order, 1)
    more, first = np.divmod(chosen, time)
    return first, first + more, np.take_along_axis(flat, chosen, 1)


def _spaces(text: str) -> int:
    """Number of leading white space characters."""
    return len(text) - len(text.lstrip())


def _answer(context: str, found: Sequence[Tuple[float, int, int]], null: float) -> Answer:
    """Builds an answer from (score, begin, end) of all windows; keeps the best of equal texts."""
    spans: Dict[str, Span] = {}
    for score, begin, end in sorted(found, key=lambda span: -span[0]):
        # Some tokenizers include the space before a token in its offsets.
        text, begin = context[begin:end].strip(), begin + _spaces(context[begin:end])
        if text and text not in spans and len(spans) < MOST:
            spans[text] = Span(text, score, begin, begin + len(text))
    return Answer(tuple(spans.values()) or (Span("", null, 0, 0),), null)


def find_answers(
    contexts: Contexts, batches: Iterable[Tuple[np.ndarray, np.ndarray]]
) -> List[Answer]:
    """Combines a model's logits over the windows of each context.

    Args:
      contexts: see `alignment.Contexts`.
      batches: (sequence indices, float logits [batch, time, 2]) of all windows, in any order.

    Returns:
      One answer for each question.

    Source: Devlin et al. (2019), section 4.3; their released code for several windows.
    """
    found: List[List[Tuple[float, int, int]]] = [[] for _ in contexts.texts]
    nulls = np.full(len(found), np.inf)
    for rows, logits in batches:
        begins, ends = (part.padded(rows, -1) for part in (contexts.begins, contexts.ends))
        first, last, scores = best_spans(
            logits[:, :, 0], logits[:, :, 1], begins >= 0, contexts.longest)
        for at, row in enumerate(rows):
            owner = int(contexts.owners[row])
            nulls[owner] = min(nulls[owner], float(logits[at, 0].sum()))
            found[owner] += [
                (float(score), int(begins[at, one]), int(ends[at, two]))
                for one, two, score in zip(first[at], last[at], scores[at]) if np.isfinite(score)]
    return [_answer(*one) for one in zip(contexts.texts, found, map(float, nulls))]
