"""Reads SQuAD's JSON: questions, their contexts, and the answers in these."""

import dataclasses
import pathlib
from typing import Any, Dict, Iterator, List, Set, Tuple

from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, ReadReport
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.runs import read_json


@dataclasses.dataclass(frozen=True)
class Question:
    """A question with its context.

    Attributes:
      id: SQuAD's id.
      text: the question.
      context: the text that holds the answer.
      tags: the accepted answers, copied from the context; empty for an unanswerable question.
      start: character offset of the first answer in the context; -1 without an answer.
      language: language of the question.
    """

    id: str
    text: str
    context: str
    tags: Tuple[str, ...] = ()
    start: int = -1
    language: str = DEFAULT_LANGUAGE


def _field(record: Any, name: str, kind: type, kind_name: str) -> Any:
    """A field of a JSON object.

    Raises:
      UserError: if it is missing or of another type.
    """
    if not isinstance(record, dict):
        raise UserError(f"is {type(record).__name__}; needed is an object with {name!r}")
    value = record.get(name)
    # In Python, True is also an int.
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        found = "is missing" if name not in record else f"is {value!r:.40}"
        raise UserError(f"{name!r} {found}; needed is {kind_name}")
    return value


def _answer(answer: Any, context: str) -> Tuple[str, int]:
    """(text, start) of an answer, without surrounding spaces."""
    text, start = _field(answer, "text", str, "a text"), _field(
        answer, "answer_start", int, "a number")
    there = context[start : start + len(text)] if start >= 0 else ""
    if there != text:
        raise UserError(f"'answer_start' is {start}, where the context has {there!r:.80}, not "
                        f"{text!r:.80}")
    if not text.strip():
        raise UserError(f"the answer is {text!r}; needed is a text with more than spaces, or "
                        "'is_impossible'")
    return text.strip(), start + len(text) - len(text.lstrip())


def _question(record: Any, context: str) -> Question:
    name = _field(record, "id", str, "a text")
    text = _field(record, "question", str, "a text")
    answers = _field(record, "answers", list, "a list")
    # Version 1.1 lacks this field: all its questions have answers.
    told = "is_impossible" in record
    impossible = told and _field(record, "is_impossible", bool, "true or false")
    if impossible and answers:
        raise UserError(f"'is_impossible' is true, and there are {len(answers)} 'answers'; "
                        "allowed: one of the two")
    if not impossible and not answers:
        raise UserError("there are no 'answers'; needed is one, or 'is_impossible': true")
    found = []
    for at, answer in enumerate(answers):
        try:
            found.append(_answer(answer, context))
        except UserError as error:
            raise UserError(f"answers[{at}]: {error}") from None
    # Not in SQuAD; xtremedistil-prepare writes it where files or folders name languages.
    language = _field(record, "language", str, "a text") if "language" in record \
        else DEFAULT_LANGUAGE
    return Question(name, text, context, tuple(text for text, _ in found),
                    found[0][1] if found else -1, language)


def _paragraphs(path: pathlib.Path) -> Iterator[Tuple[str, str, List[Any]]]:
    """Yields (JSON path, context, records of questions) for every paragraph.

    Raises:
      UserError: for a file of another layout.
    """
    place = ""
    try:
        for at, article in enumerate(_field(read_json(path), "data", list, "a list")):
            place = f"data[{at}]"
            for number, paragraph in enumerate(_field(article, "paragraphs", list, "a list")):
                place = f"data[{at}].paragraphs[{number}]"
                context = _field(paragraph, "context", str, "a text")
                yield place, context, _field(paragraph, "qas", list, "a list")
    except UserError as error:
        if str(path) in str(error):  # The error is about the file: missing, or not JSON.
            raise
        raise UserError(f"{path}: {place + ': ' if place else ''}{error}") from None


def read_squad(
    path: pathlib.Path, *, on_bad_row: str = "error"
) -> Tuple[List[Question], ReadReport]:
    """Reads a file of SQuAD 2.0, or 1.1.

    Args:
      path: the JSON file.
      on_bad_row: "error", or "skip" to leave out unusable questions.

    Returns:
      (questions in file order, read report).

    Raises:
      UserError: with file, JSON path and the question's id, for an unusable question (unless
        skipped), a missing file, or a file without a usable question.
    """
    questions: List[Question] = []
    seen: Set[str] = set()
    report = ReadReport(path)
    for place, context, records in _paragraphs(path):
        for at, record in enumerate(records):
            try:
                question = _question(record, context)
                if question.id in seen:
                    raise UserError("its id is another question's, too")
            except UserError as error:
                report.take_bad(f"{place}.qas[{at}]{_name(record)}", error, on_bad_row)
                continue
            seen.add(question.id)
            questions.append(question)
    report.counts["rows"] = len(questions)
    if not questions:
        raise UserError(f"{path}: no usable question in it")
    return questions, report


def _name(record: Any) -> str:
    """The question's id in the form that messages use; empty without an id."""
    found: Dict[str, Any] = record if isinstance(record, dict) else {}
    return f" (id {found['id']})" if "id" in found else ""
