"""Results of lines of text, one class a kind of result, with their output formats."""

import json
import re
from typing import Any, Dict, List, NamedTuple, Optional, Protocol, Tuple

from xtremedistil_tf.data.json_rows import whole_characters
from xtremedistil_tf.data.labels import number_text
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.entities import TaggedWord, columns, join_entities, rounded

__all__ = ["AnsweredLine", "ClassifiedLine", "Line", "TaggedLine", "TaggedWord", "split_pair"]
# Names of a pair's texts, as in the SavedModel's signature.
PAIR_KEYS = ("text", "text_pair")
# Names of a question and its text.
QUESTION_KEYS = ("question", "context")


class Line(Protocol):
    """A line's result."""

    @property
    def text(self) -> str:
        """Text of the line."""

    @property
    def error(self) -> Optional[str]:
        """Reason why the line could not be read; None if it was read."""

    @property
    def cut(self) -> bool:
        """True if the line was longer than the student reads, so that its end was cut."""

    @property
    def sure(self) -> float:
        """Probability of the result, of its least sure word or label; 1 without probabilities."""

    def record(self) -> Dict[str, Any]:
        """Returns the result as JSON values, with "error" if the line could not be read."""

    def row(self, form: str) -> str:
        """Returns the result in an output format other than json, without the line end."""


class TaggedLine(NamedTuple):
    """A line's result.

    Attributes:
      text: the line.
      words: ((word, begin, end), tag, probability) for each word; empty after an error.
      error: reason why the line could not be tagged; None if it was tagged.
      alone: True if tags have no scheme, so that each word stands alone.
    """

    text: str
    words: List[TaggedWord]
    error: Optional[str] = None
    alone: bool = False

    @property
    def cut(self) -> bool:
        """False: sentences are read whole."""
        return False

    @property
    def sure(self) -> float:
        """Probability of the least sure word; 1 without words."""
        return min((score for _, _, score in self.words), default=1.0)

    def record(self) -> Dict[str, Any]:
        """Returns text, entities and, after an error, error."""
        entities = join_entities(self.text, *columns(self.words), alone=self.alone)
        record: Dict[str, Any] = {"text": self.text, "entities": rounded(entities)}
        return {**record, "error": self.error} if self.error else record

    def row(self, form: str) -> str:
        """Returns `words<TAB>tags` for tsv, or one word and tag a line for conll."""
        split, tags, _ = columns(self.words)
        words = [word for word, _, _ in split]
        if form == "tsv":
            return " ".join(words) + "\t" + " ".join(tags)
        return "\n".join(f"{word}\t{tag}" for word, tag in zip(words, tags)) + "\n"


class ClassifiedLine(NamedTuple):
    """A line's result.

    Attributes:
      text: the line.
      found: label, score, scores and perhaps cut (see `classifier.TextClassifier`); None after an
        error.
      error: reason why the line could not be classified; None if it was classified.
      pair: the two texts of the line; None for single texts.
    """

    text: str
    found: Optional[Dict[str, Any]]
    error: Optional[str] = None
    pair: Optional[Tuple[str, str]] = None

    @property
    def cut(self) -> bool:
        """True if the text was longer than the student's longest sequence."""
        return "cut" in (self.found or {})

    @property
    def sure(self) -> float:
        """Probability of the label; of several labels, of the least sure yes or no."""
        found = self.found or {}
        if "labels" in found:
            return min(max(score, 1.0 - score) for score in found["scores"].values())
        return found["score"] if "label" in found else 1.0

    def record(self) -> Dict[str, Any]:
        """Returns the texts with their result or, after an error, error."""
        found = dict(self.found or {"label": None, "score": None, "scores": {},
                                    "error": self.error})
        if self.found and "score" in found:
            # Probabilities get four digits; a regression's number is rounded like its labels.
            found["score"] = round(found["score"], 4) if "label" in found \
                else float(number_text(found["score"]))
        if found.get("scores"):
            found["scores"] = {name: round(score, 4) for name, score in found["scores"].items()}
        texts = {"text": self.text} if self.pair is None else dict(zip(PAIR_KEYS, self.pair))
        return {**texts, **found}

    def row(self, form: str) -> str:
        """Returns `text<TAB>label`, with the number for regression and both texts for pairs."""
        found = self.found or {"label": ""}
        if "labels" in found:
            answer = ",".join(found["labels"])
        else:
            answer = (found["label"] or "") if "label" in found else number_text(found["score"])
        texts = self.pair or (self.text,)
        # Texts from JSON may contain line ends.
        return "\t".join([*(re.sub(r"[\t\r\n]", " ", text) for text in texts), answer])


class AnsweredLine(NamedTuple):
    """A line's result.

    Attributes:
      text: the line.
      question: the question in the line.
      found: answer, score, start, end, null_odds, see `answerer.TextAnswerer`; None after an error.
      error: reason why the line could not be read; None if it was read.
    """

    text: str
    question: str
    found: Optional[Dict[str, Any]]
    error: Optional[str] = None

    @property
    def cut(self) -> bool:
        """False: long texts are read in windows."""
        return False

    @property
    def sure(self) -> float:
        """Probability of the answer."""
        return (self.found or {"score": 1.0})["score"]

    def record(self) -> Dict[str, Any]:
        """Returns the question with its answer or, after an error, error."""
        if self.found is None:
            return {"question": self.question, "answer": None, "error": self.error}
        return {"question": self.question, **{
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in self.found.items()}}

    def row(self, form: str) -> str:
        """Returns `question<TAB>answer`."""
        found = self.found or {"answer": ""}
        # Contexts may contain line ends.
        return "\t".join(" ".join(text.split()) for text in (self.question, found["answer"]))


def split_pair(line: str, *, keys: Tuple[str, str] = PAIR_KEYS) -> Tuple[str, str]:
    """Splits a line into its two texts, separated by a tab or given as a JSON object.

    Args:
      line: the line.
      keys: keys of both texts in a JSON object.

    Raises:
      UserError: if the line has not two texts, or one holds half a character.
    """
    if line.lstrip().startswith("{"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None  # The text only begins with a brace.
        if isinstance(row, dict) and all(isinstance(row.get(key), str) for key in keys):
            return whole_characters(row[keys[0]]), whole_characters(row[keys[1]])
    columns = line.split("\t")
    if len(columns) != 2:
        raise UserError(f"{len(columns)} columns; needed are two texts with a tab between, or a "
                        f"JSON object with {' and '.join(keys)}")
    return columns[0], columns[1]
