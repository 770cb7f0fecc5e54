"""Results of lines of text: one class for each shape of result, with its output formats."""

import json
import re
from typing import Any, Dict, List, NamedTuple, Optional, Protocol, Tuple

from xtremedistil_tf.data.labels import number_text
from xtremedistil_tf.data.words import Word
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.entities import join_entities, rounded

TaggedWord = Tuple[Word, str, float]
# Names of a pair's texts, as in the SavedModel's signature.
PAIR_KEYS = ("text", "text_pair")
# Names of a question and the text that it is asked of.
QUESTION_KEYS = ("question", "context")


class Line(Protocol):
    """A line's result."""

    @property
    def text(self) -> str:
        """The line."""

    @property
    def error(self) -> Optional[str]:
        """Why it could not be read; None if it was."""

    @property
    def cut(self) -> bool:
        """True if the line was longer than the student reads, so that its end was cut."""

    def record(self) -> Dict[str, Any]:
        """The result as JSON values, with "error" if the line could not be read."""

    def row(self, form: str) -> str:
        """The result in an output format of its kind of task but json, without the line end."""


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

    @property
    def cut(self) -> bool:
        """False: sentences are read whole."""
        return False

    def record(self) -> Dict[str, Any]:
        """Text and entities and, where nothing could be tagged, error."""
        words = [word for word, _, _ in self.words]
        entities = join_entities(self.text, words, [tag for _, tag, _ in self.words],
                                 [score for _, _, score in self.words])
        record: Dict[str, Any] = {"text": self.text, "entities": rounded(entities)}
        return {**record, "error": self.error} if self.error else record

    def row(self, form: str) -> str:
        """`words<TAB>tags` as tsv, or a word and its tag a line as conll."""
        words = [word for (word, _, _), _, _ in self.words]
        tags = [tag for _, tag, _ in self.words]
        if form == "tsv":
            return " ".join(words) + "\t" + " ".join(tags)
        return "\n".join(f"{word}\t{tag}" for word, tag in zip(words, tags)) + "\n"


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

    @property
    def cut(self) -> bool:
        """Whether the text was longer than the student reads."""
        return "cut" in (self.found or {})

    def record(self) -> Dict[str, Any]:
        """The texts and what was found or, where nothing could be, error."""
        found = dict(self.found or {"label": None, "score": None, "scores": {},
                                    "error": self.error})
        if self.found:
            # A probability; a number has the scale of its labels.
            found["score"] = round(found["score"], 4) if "label" in found \
                else float(number_text(found["score"]))
        if found.get("scores"):
            found["scores"] = {name: round(score, 4) for name, score in found["scores"].items()}
        texts = {"text": self.text} if self.pair is None else dict(zip(PAIR_KEYS, self.pair))
        return {**texts, **found}

    def row(self, form: str) -> str:
        """`text<TAB>label`, with a number where there is no label, and both texts of a pair."""
        found = self.found or {"label": ""}
        answer = found["label"] if "label" in found else number_text(found["score"])
        texts = self.pair or (self.text,)
        # Texts out of JSON may hold line ends.
        return "\t".join([*(re.sub(r"[\t\r\n]", " ", text) for text in texts), answer])


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

    @property
    def cut(self) -> bool:
        """False: long texts are read in windows."""
        return False

    def record(self) -> Dict[str, Any]:
        """The question and what was found or, where nothing could be, error."""
        if self.found is None:
            return {"question": self.question, "answer": None, "error": self.error}
        return {"question": self.question, **{
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in self.found.items()}}

    def row(self, form: str) -> str:
        """`question<TAB>answer`."""
        found = self.found or {"answer": ""}
        # Contexts may hold line ends.
        return "\t".join(" ".join(text.split()) for text in (self.question, found["answer"]))


def split_pair(line: str, *, keys: Tuple[str, str] = PAIR_KEYS) -> Tuple[str, str]:
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
        except (ValueError, RecursionError):
            row = None  # A text that begins with a brace.
        if isinstance(row, dict) and all(isinstance(row.get(key), str) for key in keys):
            return row[keys[0]], row[keys[1]]
    columns = line.split("\t")
    if len(columns) != 2:
        raise UserError(f"{len(columns)} columns; needed are two texts with a tab between, or a "
                        f"JSON object with {' and '.join(keys)}")
    return columns[0], columns[1]
