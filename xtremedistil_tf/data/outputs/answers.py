"""A file of answers that a teacher gave elsewhere, and the targets in windows that follow of it."""

import dataclasses
import functools
import pathlib
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.outputs.objects import Problems, read_objects
from xtremedistil_tf.data.outputs.rows import HARD
from xtremedistil_tf.data.outputs.spans import parts_word
from xtremedistil_tf.data.outputs.values import bad_row, probability
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, ReadReport, TextFile
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization.windows import (
    CHUNK,
    WindowCutter,
    answer_place,
    pack_windows,
)
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.fingerprints import stamp_of

NAMES = ("start", "end")
# Least probability of a position; a certain answer would have infinite logits.
_LEAST = 1e-6


@dataclasses.dataclass(frozen=True)
class Candidate:
    """An answer and its probability.

    Attributes:
      start, end: character offsets in the context; both -1 for "no answer".
      probability: 0 to 1.
    """

    start: int
    end: int
    probability: float


@dataclasses.dataclass(frozen=True)
class AnswersFile:
    """A file of a teacher's answers.

    Attributes:
      path: the file.
      examples: the questions, each once.
      candidates: for each its answers; empty where nothing is said.
    """

    path: pathlib.Path
    examples: List[Question]
    candidates: List[Tuple[Candidate, ...]]
    names = NAMES
    # No vectors of subword tokens: a file outside does not know the student's tokens.
    width = 0


def _text(row: Any, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise bad_row("form", f"{name!r} is {value!r:.40}; needed is a text")
    return value


def _first(row: Any, names: Sequence[str], default: Any) -> Any:
    """The first of some fields that is there."""
    return next((row[name] for name in names if row.get(name) is not None), default)


def _place_of(answer: str, context: str) -> int:
    """Where an answer stands first, if it can as whole words; -1 if it does not stand there."""
    at = first = context.find(answer)
    while at >= 0 and (parts_word(context, at) or parts_word(context, at + len(answer))):
        at = context.find(answer, at + 1)
    return first if at < 0 else at


def _candidate(row: Any, context: str) -> Candidate:
    """Parses one answer: its text, perhaps where it starts, and how sure it is."""
    if isinstance(row, str):
        row = {"answer": row}
    if not isinstance(row, dict):
        raise bad_row("form", f"an answer is {row!r:.40}; needed is a text or an object")
    text = next((row[name] for name in ("answer", "text") if name in row), None)
    if not isinstance(text, str):
        raise bad_row("form", f"an answer is {row!r:.60}; needed is its text in 'answer', \"\" for "
                      "none")
    score = probability(_first(row, ("score", "probability"), HARD))
    if not text.strip():
        return Candidate(-1, -1, score)
    bare = text.strip()
    start = _first(row, ("start", "answer_start"), None)
    if start is None:
        start = _place_of(bare, context)
        if start < 0:
            raise bad_row("alignment", f"the answer {bare!r:.60} does not stand in the context")
        return Candidate(start, start + len(bare), score)
    if isinstance(start, bool) or not isinstance(start, (int, float)) or start < 0 or start % 1:
        raise bad_row("form", f"'start' is {start!r:.40}; needed is a whole number of characters, "
                      "0 or more")
    start = int(start) + len(text) - len(text.lstrip())
    there = context[start:start + len(bare)]
    if there != bare:
        raise bad_row("alignment", f"at {start} the context has {there!r:.60}, not {bare!r:.60}")
    return Candidate(start, start + len(bare), score)


def parse_answers(row: Any) -> Tuple[Question, Tuple[Candidate, ...]]:
    """Parses a row of a teacher's answers.

    Args:
      row: an object with `question`, `context` and `answer` (a text, "" for none, perhaps with
        `start` and `score` beside it) or `answers` (a list of such objects or texts; empty for no
        answer). Null, or neither, says nothing. Further key: `language`.

    Raises:
      RowError: for a row in another form.
    """
    if isinstance(row, RowError):
        raise row
    if not isinstance(row, dict):
        raise bad_row("form", f"the row is {row!r:.40}; needed is an object")
    language = row.get("language") or DEFAULT_LANGUAGE
    if not isinstance(language, str):
        raise bad_row("form", f"'language' is {language!r:.40}; needed is a code")
    context = _text(row, "context")
    question = Question("", _text(row, "question"), context, language=language)
    several = row.get("answers")
    if several is None:
        own = () if row.get("answer") is None else (_candidate(row, context),)
        return question, own
    if not isinstance(several, list):
        raise bad_row("form", f"'answers' are {several!r:.40}; needed is a list")
    return question, tuple(_candidate(one, context) for one in several) or (
        Candidate(-1, -1, HARD),)


def read_answers(path: pathlib.Path) -> AnswersFile:
    """Reads a file of a teacher's answers and checks all of it.

    Args:
      path: JSON lines (.jsonl) or Parquet; see `parse_answers`.

    Raises:
      UserError: with file, line and problem of every unusable row.
    """
    return _read(pathlib.Path(path), stamp_of(pathlib.Path(path)))


@functools.lru_cache(maxsize=4)
def _read(path: pathlib.Path, stamp: Tuple[int, int]) -> AnswersFile:
    problems, found = Problems(path), AnswersFile(path, [], [])
    kept: Dict[Tuple[str, str], int] = {}
    for number, row in read_objects(path):
        try:
            question, candidates = parse_answers(row)
            at = kept.setdefault((question.text, question.context), len(found.examples))
            if at == len(found.examples):
                found.examples.append(question)
                found.candidates.append(candidates)
            elif found.candidates[at] != candidates:
                raise bad_row("repeated", "repeats a question with other answers; several answers "
                              "stand in one row's `answers`, several teachers in files of their "
                              "own")
        except RowError as error:
            problems.add(number, error)
    problems.check()
    if not found.examples:
        raise UserError(f"{path}: no row in it")
    return found


class AnswersText(TextFile):
    """The questions of a file of a teacher's answers, as a transfer set."""

    def read(self, report: ReadReport) -> Iterator[Any]:
        """Yields the questions, each once.

        Raises:
          UserError: for an unusable row, or no row.
        """
        for question in read_answers(self.path).examples:
            report.counts["rows"] += 1
            yield question


def _probabilities(
    begins: np.ndarray, ends: np.ndarray, candidates: Sequence[Candidate]
) -> np.ndarray:
    """Probabilities of the positions of a window, float64 [tokens, 2], as begin and as end.

    An answer that the window does not hold whole counts as "no answer" ([CLS]), as in labels. What
    the answers leave of 1 is shared by the tokens of the context.
    """
    found = np.zeros((len(begins), 2))
    total = sum(one.probability for one in candidates)
    scale = HARD / total if total > HARD else 1.0
    for one in candidates:
        first, last = (0, 0) if one.start < 0 else answer_place(begins, ends, one.start, one.end)
        found[first, 0] += scale * one.probability
        found[last, 1] += scale * one.probability
    inside = begins >= 0
    found[inside if inside.any() else slice(None)] += (1.0 - scale * total) / max(
        1, int(inside.sum()))
    return found


def window_logits(
    files: Sequence[AnswersFile], weights: Sequence[float], cutter: WindowCutter
) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Yields (token ids, logits float32 [tokens, 2]) of each window of which something is said.

    Args:
      files: one teacher's answers, or those of several.
      weights: for each its weight; probabilities are averaged.
      cutter: cuts questions with their contexts into windows.
    """
    said: Dict[Tuple[str, str], List[Tuple[float, Tuple[Candidate, ...]]]] = {}
    for file, weight in zip(files, weights):
        for question, candidates in zip(file.examples, file.candidates):
            if candidates:
                said.setdefault((question.text, question.context), []).append((weight, candidates))
    pairs = list(said)
    for at in range(0, len(pairs), CHUNK):
        packed = pack_windows(cutter(pairs[at:at + CHUNK]), first=at)
        for row, owner in enumerate(packed.owners):
            given = said[pairs[owner]]
            parts = [weight * _probabilities(packed.begins[row], packed.ends[row], candidates)
                     for weight, candidates in given]
            mean = np.sum(parts, axis=0) / sum(weight for weight, _ in given)
            yield packed.ids[row], np.log(np.maximum(mean, _LEAST)).astype(np.float32)
