"""Any number of lines through a student in constant memory, in their order."""

import json
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from xtremedistil_tf.data.labels import number_text
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.answerer import TextAnswerer
from xtremedistil_tf.inference.classifier import TextClassifier, TextModel
from xtremedistil_tf.inference.entities import join_entities, rounded
from xtremedistil_tf.inference.tagger import TaggedWord

# Lines are gathered, sorted by length and tagged together up to these bounds.
_LINES, _CHARACTERS = 2048, 1 << 20
# Names of a pair's texts, as in the SavedModel's signature.
PAIR_KEYS = ("text", "text_pair")
# Names of a question and the text that it is asked of.
QUESTION_KEYS = ("question", "context")


class TaggedLine(NamedTuple):
    """A line's result.

    Attributes:
      text: the line.
      words: ((word, begin, end), tag, probability) a word; empty if it could not be tagged.
      error: why it could not be tagged; None if it was.
    """

    text: str
    words: List[TaggedWord]
    error: Optional[str] = None


class ClassifiedLine(NamedTuple):
    """A line's result.

    Attributes:
      text: the line.
      found: label, score, scores and perhaps cut (see `classifier.TextClassifier`); None if it
        could not be classified.
      error: why it could not be; None if it was.
      pair: the two texts of the line, where it has two.
    """

    text: str
    found: Optional[Dict[str, Any]]
    error: Optional[str] = None
    pair: Optional[Tuple[str, str]] = None


class AnsweredLine(NamedTuple):
    """A line's result.

    Attributes:
      text: the line.
      question: that stands in it.
      found: answer, score, start, end, null_odds (see `answerer.TextAnswerer`); None if the line
        could not be read.
      error: why it could not be; None if it was.
    """

    text: str
    question: str
    found: Optional[Dict[str, Any]]
    error: Optional[str] = None


Line = Union[TaggedLine, ClassifiedLine, AnsweredLine]


def decode_line(raw: bytes, first: bool) -> str:
    """A line's text without its end; a broken byte costs its own character only.

    Args:
      raw: the line with its end.
      first: whether it is a file's first, which may open with a byte order mark.
    """
    text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
    return text[1:] if first and text.startswith("\ufeff") else text


def line_record(line: Line) -> Dict[str, Any]:
    """A result as JSON values: text, what was found and, where nothing could be, error."""
    if isinstance(line, ClassifiedLine):
        return _classified_record(line)
    if isinstance(line, AnsweredLine):
        return _answered_record(line)
    words = [word for word, _, _ in line.words]
    entities = join_entities(line.text, words, [tag for _, tag, _ in line.words],
                             [score for _, _, score in line.words])
    record: Dict[str, Any] = {"text": line.text, "entities": rounded(entities)}
    if line.error:
        record["error"] = line.error
    return record


def _classified_record(line: ClassifiedLine) -> Dict[str, Any]:
    found = dict(line.found or {"label": None, "score": None, "scores": {}, "error": line.error})
    if line.found:
        # A probability; a number has the scale of its labels.
        found["score"] = round(found["score"], 4) if "label" in found \
            else float(number_text(found["score"]))
    if found.get("scores"):
        found["scores"] = {name: round(score, 4) for name, score in found["scores"].items()}
    texts = {"text": line.text}
    if line.pair is not None:
        texts = dict(zip(PAIR_KEYS, line.pair))
    return {**texts, **found}


def _answered_record(line: AnsweredLine) -> Dict[str, Any]:
    if line.found is None:
        return {"question": line.question, "answer": None, "error": line.error}
    return {"question": line.question, **{
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in line.found.items()}}


def split_pair(line: str, keys: Tuple[str, str] = PAIR_KEYS) -> Tuple[str, str]:
    """The two texts of a line: a tab between, or a JSON object with both.

    Args:
      line: its text.
      keys: the names of the two in a JSON object.

    Raises:
      UserError: if there are not two.
    """
    if line.lstrip().startswith("{"):
        try:
            row = json.loads(line)
        except ValueError:
            row = None  # A text that begins with a brace.
        if isinstance(row, dict) and all(isinstance(row.get(key), str) for key in keys):
            return row[keys[0]], row[keys[1]]
    columns = line.split("\t")
    if len(columns) != 2:
        raise UserError(f"{len(columns)} columns; needed are two texts with a tab between, or a "
                        f"JSON object with {' and '.join(keys)}")
    return columns[0], columns[1]


def _blocks(lines: Iterable[str]) -> Iterator[List[str]]:
    block: List[str] = []
    characters = 0
    for line in lines:
        block.append(line)
        characters += len(line)
        if len(block) == _LINES or characters >= _CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block


def _read(model: TextModel, block: Sequence[str]) -> List[Line]:
    if isinstance(model, TextAnswerer):
        asked = [split_pair(text, QUESTION_KEYS) for text in block]
        return [AnsweredLine(text, question, model.describe(found))
                for text, (question, _), found in zip(block, asked, model.answer(asked))]
    if isinstance(model, TextClassifier) and model.pairs:
        pairs = [split_pair(text) for text in block]
        return [ClassifiedLine(text, model.describe(found), pair=pair)
                for text, pair, found in zip(block, pairs, model.classify(pairs))]
    if isinstance(model, TextClassifier):
        return [ClassifiedLine(text, model.describe(found))
                for text, found in zip(block, model.classify(block))]
    return [TaggedLine(text, words) for text, words in zip(block, model.tag_text(block))]


def _read_one(model: TextModel, line: str) -> Line:
    try:
        return _read(model, [line])[0]
    except Exception as error:  # Whatever it is, it may cost this line only.
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        why = f"{kind}{error}".splitlines()[0]
        if isinstance(model, TextClassifier):
            return ClassifiedLine(line, None, why)
        if isinstance(model, TextAnswerer):
            return AnsweredLine(line, line, None, why)
        return TaggedLine(line, [], why)


def tag_lines(model: TextModel, lines: Iterable[str]) -> Iterator[Line]:
    """Tags, classifies or answers lines; one that cannot be read costs that line only.

    Args:
      model: any runtime's.
      lines: texts, read as they are needed.

    Yields:
      A result a line, in the order of the lines.
    """
    for block in _blocks(lines):
        try:
            read = _read(model, block)
        except Exception:
            yield from (_read_one(model, line) for line in block)
        else:
            yield from read
