"""Reads SQuAD's JSON: questions, their contexts, and the answers in these."""

import dataclasses
import pathlib
from typing import Any, Callable, Dict, Iterator, List, Set, Tuple

from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, ReadReport, TextFile
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json


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

    @property
    def words(self) -> Tuple[str, ...]:
        """Words of the question, at white space."""
        return tuple(self.text.split())

    @property
    def second(self) -> Tuple[str, ...]:
        """Words of the context."""
        return tuple(self.context.split())

    @property
    def texts(self) -> Tuple[Tuple[str, ...], ...]:
        """Words of question and context, as the two texts of a pair."""
        return self.words, self.second


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


def _language(record: Any) -> str:
    # Not in SQuAD; xtremedistil-prepare writes it where files or folders name languages.
    return _field(record, "language", str, "a text") if "language" in record else DEFAULT_LANGUAGE


def _unanswered(record: Any, context: str) -> Question:
    """A question of a transfer file: its answers, if any, and its id are not looked at."""
    text = _field(record, "question", str, "a text")
    if not (text.strip() and context.strip()):
        raise UserError("the question or its context is empty")
    return Question("", text, context, language=_language(record))


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
    return Question(name, text, context, tuple(text for text, _ in found),
                    found[0][1] if found else -1, _language(record))


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


def _parsed(
    report: ReadReport, parse: Callable[[Any, str], Question], on_bad_row: str, *, own_ids: bool
) -> Iterator[Question]:
    """Yields the usable questions of the report's file; counts the others in the report.

    Args:
      report: the file's report.
      parse: (record, context) -> question.
      on_bad_row: "error" or "skip".
      own_ids: True to refuse ids that are another question's, too.
    """
    seen: Set[str] = set()
    for place, context, records in _paragraphs(report.path):
        for at, record in enumerate(records):
            try:
                question = parse(record, context)
                if own_ids and question.id in seen:
                    raise UserError("its id is another question's, too")
            except UserError as error:
                report.take_bad(f"{place}.qas[{at}]{_name(record)}", error, on_bad_row)
                continue
            seen.add(question.id)
            report.counts["rows"] += 1
            yield question
    if not report.counts["rows"]:
        raise UserError(f"{report.path}: no usable question in it")


class QuestionFile(TextFile):
    """The questions of a transfer file in SQuAD's JSON, without their answers.

    Args:
      path: the JSON file; `answers` may be missing.
      on_bad_row: "error", or "skip" to leave out unusable questions.
    """

    def __init__(self, path: pathlib.Path, *, on_bad_row: str = "error"):
        super().__init__(path, on_bad_row=on_bad_row)

    def read(self, report: ReadReport) -> Iterator[Any]:
        """Yields the questions; see the base class."""
        return _parsed(report, _unanswered, self.on_bad_row, own_ids=False)


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
    report = ReadReport(path)
    return list(_parsed(report, _question, on_bad_row, own_ids=True)), report


def _name(record: Any) -> str:
    """The question's id in the form that messages use; empty without an id."""
    found: Dict[str, Any] = record if isinstance(record, dict) else {}
    return f" (id {found['id']})" if "id" in found else ""
