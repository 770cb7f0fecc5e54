"""The parts of an evaluation for question answering."""

import json
import pathlib
import types
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.compat import squad_scores
from xtremedistil_tf.data.labels import Spans
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.kinds.prediction_rows import read_rows, value_of
from xtremedistil_tf.metrics.answer_spans import Answer, Span
from xtremedistil_tf.metrics.uncertainty.resampling import Resampled


def _row_scores(gold: Sequence[Sequence[str]], found: Sequence[Answer]) -> np.ndarray:
    """Exact match and F1 of each question, float [questions, 2], 0 to 1."""
    examples = [types.SimpleNamespace(qas_id=at, answers=[{"text": text} for text in texts])
                for at, texts in enumerate(gold)]
    exact, f1 = squad_scores()(examples, {at: one.text for at, one in enumerate(found)})
    return np.array([[exact[at], f1[at]] for at in range(len(examples))], float)


def resampled(
    gold: Sequence[Sequence[str]], answers: Sequence[Sequence[Answer]], languages: Sequence[str],
    labels: Spans,
) -> Resampled:
    """Exact match and F1 of all models under weights of the questions."""
    each = np.stack([_row_scores(gold, found) for found in answers], axis=1)

    def scores(weights: np.ndarray) -> Dict[str, np.ndarray]:
        means = 100.0 * np.tensordot(weights, each, 1) / weights.sum(axis=1)[:, None, None]
        return {"exact": means[..., 0], "f1": means[..., 1]}

    return scores


def unit_right(gold: Sequence[str], answer: Answer) -> np.ndarray:
    """True if the answer matches an accepted one exactly."""
    return _row_scores([gold], [answer])[0, :1] == 1


def error_size(gold: Sequence[str], answer: Answer) -> float:
    """1 - F1 of the question."""
    return 1.0 - float(_row_scores([gold], [answer])[0, 1])


def show_gold(row: Question) -> str:
    """The accepted answers, each once."""
    return " / ".join(dict.fromkeys(row.tags)) or "(no answer)"


def show_answer(row: Question, answer: Answer) -> str:
    """The predicted answer."""
    return answer.text or "(no answer)"


def _answer(text: str) -> Answer:
    return Answer((Span(text, 0.0, 0, len(text)),), -1.0 if text else 1.0)


def read_predictions(
    path: pathlib.Path, rows: Sequence[Question], labels: Spans
) -> Tuple[List[Answer], None]:
    """Reads SQuAD's predictions.json (answers by question id), or "answer" in lines of JSON.

    Raises:
      UserError: for an unreadable file, or one that lacks a question.
    """
    whole: Any = None
    try:
        whole = json.loads(pathlib.Path(path).read_text("utf-8"))
    except (ValueError, RecursionError):
        pass  # Lines of JSON are no JSON document.
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if not isinstance(whole, dict) or set(whole) >= {"question", "answer"}:
        found = read_rows(path, rows)
        texts: List[Any] = [value_of(row, "answer") for row in found]
    else:
        missing = [row.id for row in rows if row.id not in whole]
        if missing:
            raise UserError(f"{path} has no answer to {len(missing)} of {len(rows)} questions; "
                            f"the first: {missing[0]}")
        texts = [whole[row.id] for row in rows]
    if not all(isinstance(text, str) for text in texts):
        raise UserError(f"{path}: answers must be texts, \"\" for none")
    return [_answer(text) for text in texts], None
