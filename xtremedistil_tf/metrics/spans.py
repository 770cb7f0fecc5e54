"""From the scores of pieces to answers: the best spans over all windows of a context."""

import dataclasses
from typing import Dict, Iterable, List, NamedTuple, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.tokenization.alignment import Contexts

# As many spans of a window, and answers of a question, are kept.
MOST = 20


class Span(NamedTuple):
    """A part of a context that may answer a question.

    Attributes:
      text: of the context, as it stands there.
      score: logit of its beginning plus that of its end.
      begin, end: its characters.
    """

    text: str
    score: float
    begin: int
    end: int


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was found for a question.

    Attributes:
      spans: different texts, the best first; at least one, which is empty where there was nothing
        to choose from.
      null: the score of there being no answer: the least that a window gives it.
    """

    spans: Tuple[Span, ...]
    null: float

    @property
    def null_odds(self) -> float:
        """How much better no answer is than the best span, in logits."""
        return self.null - self.spans[0].score

    @property
    def text(self) -> str:
        """The answer; empty where none is the better one."""
        return "" if self.null_odds > 0 else self.spans[0].text


def best_spans(
    starts: np.ndarray, ends: np.ndarray, allowed: np.ndarray, longest: int, most: int = MOST
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best spans of each row, all of them compared.

    Args:
      starts, ends: float32 [batch, time], logits.
      allowed: bool [batch, time], where a span may begin and end.
      longest: most positions of a span.
      most: how many spans.

    Returns:
      First and last positions, int [batch, n], and scores, float32 [batch, n], the best first;
      -inf where there is no such span.
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
    """How many characters of white space it begins with."""
    return len(text) - len(text.lstrip())


def _answer(context: str, found: Sequence[Tuple[float, int, int]], null: float) -> Answer:
    """An answer of (score, begin, end) of all windows; of equal texts the best one stays."""
    spans: Dict[str, Span] = {}
    for score, begin, end in sorted(found, key=lambda span: -span[0]):
        # Some tokenizers count the space before a piece to it.
        text, begin = context[begin:end].strip(), begin + _spaces(context[begin:end])
        if text and text not in spans and len(spans) < MOST:
            spans[text] = Span(text, score, begin, begin + len(text))
    return Answer(tuple(spans.values()) or (Span("", null, 0, 0),), null)


def find_answers(
    contexts: Contexts, batches: Iterable[Tuple[np.ndarray, np.ndarray]]
) -> List[Answer]:
    """Joins what a model says of the windows of every context.

    Args:
      contexts: see `alignment.Contexts`.
      batches: (row numbers, float logits [batch, time, 2]) of all rows, in any order.

    Returns:
      An answer a question.

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
