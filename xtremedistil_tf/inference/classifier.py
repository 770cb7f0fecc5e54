"""Classifying text with any runtime's forward pass; imports no TensorFlow."""

from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    NamedTuple,
    Sequence,
    Tuple,
    Union,
    overload,
)

import numpy as np
from tokenizers import Tokenizer

from xtremedistil_tf.data.labels import number_text
from xtremedistil_tf.data.pipelines.length_batches import length_batches
from xtremedistil_tf.data.readers.rows import Example, split_spaces
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.vocabulary import PAD_ID
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.inference.lines import ClassifiedLine, Line, split_pair
from xtremedistil_tf.inference.tagger import Texts
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import task_kind

# What is classified: a text, or two.
Item = Union[str, Tuple[str, str]]


class Classified(NamedTuple):
    """What was found for a text.

    Attributes:
      scores: float32 [classes], probabilities; float32 [1], the number, of a regression.
      cut: True if the text was longer than the student reads, so that its end was cut.
    """

    scores: np.ndarray
    cut: bool = False


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of float logits [batch, classes]."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def check_pairs(items: Sequence[Any]) -> None:
    """Refuses what is no pair of texts.

    Raises:
      UserError: for the first such item.
    """
    for item in items:
        if not (isinstance(item, (tuple, list)) and len(item) == 2
                and all(isinstance(text, str) for text in item)):
            raise UserError("this student takes pairs of texts; allowed: (text, text), not "
                            f"{item!r}")


def check_texts(items: Sequence[Any]) -> None:
    """Refuses what is no text.

    Raises:
      UserError: for the first such item.
    """
    for place, item in enumerate(items):
        if not isinstance(item, str):
            raise UserError("this student takes texts; allowed: a string or a list of strings, not "
                            f"{item!r} (item {place})")


class TextClassifier(TextModel):
    """What every runtime offers: called on text it gives the label, or the number.

    Subclasses say how texts get their scores, and `labels`.

    Attributes:
      kind: name of a kind of task of whole texts.
      labels: the classes, or what the number is called.
      pairs: whether it takes pairs of texts, tuples, instead of texts.
    """

    kind = "classification"

    @property
    def has_classes(self) -> bool:
        """True if scores are probabilities of classes; else there is one, the number."""
        return task_kind(self.kind).classes

    def classify(self, texts: Sequence[Any]) -> List[Classified]:
        """Scores texts, or pairs of texts, in their order."""
        raise NotImplementedError

    def describe(self, found: Classified) -> Dict[str, Any]:
        """A text's result as JSON values: label, score, scores by label, and cut where it was.

        Of a regression only score, the number, and cut.
        """
        best = int(found.scores.argmax())
        described: Dict[str, Any] = {"score": float(found.scores[best])}
        if self.has_classes:
            described = {"label": self.labels[best], **described,
                         "scores": dict(zip(self.labels, map(float, found.scores)))}
        return {**described, "cut": True} if found.cut else described

    def answer(self, found: Classified) -> str:
        """A text's label, or its number, as it stands in files of predictions."""
        if not self.has_classes:
            return number_text(found.scores[0])
        return self.labels[int(found.scores.argmax())]

    def read_lines(self, lines: Sequence[str]) -> List[Line]:
        """The labels of lines; see the base class."""
        if not self.pairs:
            return [ClassifiedLine(line, self.describe(found))
                    for line, found in zip(lines, self.classify(lines))]
        pairs = [split_pair(line) for line in lines]
        return [ClassifiedLine(line, self.describe(found), pair=pair)
                for line, pair, found in zip(lines, pairs, self.classify(pairs))]

    def failed_line(self, line: str, why: str) -> Line:
        """A line without a label; see the base class."""
        return ClassifiedLine(line, None, why)

    def predict(self, examples: Sequence[Example]) -> List[Any]:
        """The labels of a task's texts; see the base class."""
        texts = [tuple(example.text.split("\t")) if self.pairs else example.text
                 for example in examples]
        return [[self.answer(found)] for found in self.classify(texts)]

    @overload
    def __call__(self, text: Item) -> Dict[str, Any]: ...

    @overload
    def __call__(self, text: List[Any]) -> List[Dict[str, Any]]: ...

    def __call__(
        self, text: Union[Item, Texts, List[Any]]
    ) -> Union[Dict[str, Any], List[Dict[str, Any]]]:
        """Finds the label of a text or of several; of a pair, where it takes pairs, or of several.

        Args:
          text: a string, or a list of strings; of pairs a tuple of two, or a list of such tuples.

        Returns:
          A dict with label, score (its probability), scores (of all labels) and, where the text was
          longer than the student reads, cut; of a regression score is the number, and there is no
          other. A list of such dicts for a list.
        """
        alone = isinstance(text, tuple if self.pairs else str)
        listed = not isinstance(text, (dict, bytes)) and isinstance(text, Iterable)
        texts = list(text) if listed and not alone else [text]
        (check_pairs if self.pairs else check_texts)(texts)
        found = [self.describe(one) for one in self.classify(texts)]
        return found[0] if alone else found


def _words(text: str) -> List[str]:
    """The words of a text as files are read; a tab is a space."""
    return list(split_spaces(text.replace("\t", " ")))


class Classifier(TextClassifier):
    """A student behind a forward pass that takes ids.

    Texts are cut where those of the training were, since a representation of the whole text was
    learnt from what stood before.

    Args:
      assets: tokenizer, vocabulary and labels.
      logits: maps the student's ids, int32 [batch, time] padded with 0 on the right, to float
        logits [batch, classes].

    Attributes:
      logits: the forward pass.
      labels: the classes.
    """

    def __init__(self, assets: Assets, logits: Callable[[np.ndarray], np.ndarray]):
        self._assets = assets
        self.logits = logits
        self.labels, self.kind = assets.labels.tags, assets.labels.kind
        self._seq_len = int(assets.record["seq_len"])
        self.pairs = assets.separator is not None
        # Texts as long as one likes are cut as those of the training were: of two the longer first.
        self._tokenizer = Tokenizer.from_str(assets.tokenizer.to_str())
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.enable_truncation(self._seq_len, strategy="longest_first")

    def classify(self, texts: Sequence[Any]) -> List[Classified]:
        """Scores texts; see the base class."""
        words = [tuple(map(_words, text)) if self.pairs else _words(text) for text in texts]
        encoded = self._tokenizer.encode_batch(words, is_pretokenized=True)
        pieces = Ragged.of([encoding.ids for encoding in encoded])
        # Mapped before padding: only what fills up short rows becomes padding.
        mapped = Ragged(self._assets.vocabulary.table[pieces.values], pieces.starts)
        scores = np.zeros((len(texts), len(self.labels)), np.float32)
        for batch in length_batches(mapped.lengths):
            logits = self.logits(mapped.padded(batch, PAD_ID))
            scores[batch] = softmax(logits) if self.has_classes else logits
        return [Classified(own, bool(encoding.overflowing))
                for own, encoding in zip(scores, encoded)]


def make_classifier(
    assets: Assets, logits: Callable[[np.ndarray], np.ndarray], keep_whole: bool
) -> Classifier:
    """A Classifier; words of its texts are split at spaces whatever `keep_whole` says."""
    return Classifier(assets, logits)
