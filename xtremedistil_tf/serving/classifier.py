"""Classifying text with any runtime's forward pass; imports no TensorFlow."""

from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple, Union, overload

import numpy as np

from xtremedistil_tf.config import CLASSIFICATION, REGRESSION
from xtremedistil_tf.inputs.alignment import Ragged
from xtremedistil_tf.inputs.labels import number_text
from xtremedistil_tf.inputs.lengths import length_batches
from xtremedistil_tf.inputs.vocabulary import PAD_ID
from xtremedistil_tf.serving.assets import Assets
from xtremedistil_tf.serving.tagger import Tagger, Texts, TextTagger

TextModel = Union[TextTagger, "TextClassifier"]


class Classified(NamedTuple):
    """What was found for a text.

    Attributes:
      scores: float32 [classes], probabilities; float32 [1], the number, of a regression.
      cut: whether the text was longer than the student reads; its end then had no say.
    """

    scores: np.ndarray
    cut: bool = False


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of float logits [batch, classes]."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


class TextClassifier:
    """What every runtime offers: called on text it gives the label, or the number.

    Subclasses say how texts get their scores, and `labels`.

    Attributes:
      kind: CLASSIFICATION or REGRESSION.
      labels: the classes, or what the number is called.
    """

    kind = CLASSIFICATION
    labels: Tuple[str, ...]

    def classify(self, texts: Sequence[str]) -> List[Classified]:
        """Scores texts, in their order."""
        raise NotImplementedError

    def describe(self, found: Classified) -> Dict[str, Any]:
        """A text's result as JSON values: label, score, scores by label, and cut where it was.

        Of a regression only score, the number, and cut.
        """
        best = int(found.scores.argmax())
        described: Dict[str, Any] = {"score": float(found.scores[best])}
        if self.kind == CLASSIFICATION:
            described = {"label": self.labels[best], **described,
                         "scores": dict(zip(self.labels, map(float, found.scores)))}
        return {**described, "cut": True} if found.cut else described

    def answer(self, found: Classified) -> str:
        """A text's label, or its number, as it stands in files of predictions."""
        if self.kind == REGRESSION:
            return number_text(found.scores[0])
        return self.labels[int(found.scores.argmax())]

    @overload
    def __call__(self, text: str) -> Dict[str, Any]: ...

    @overload
    def __call__(self, text: Texts) -> List[Dict[str, Any]]: ...

    def __call__(
        self, text: Union[str, Texts]
    ) -> Union[Dict[str, Any], List[Dict[str, Any]]]:
        """Finds the label of a text or of several.

        Args:
          text: a string, or a list of strings.

        Returns:
          A dict with label, score (its probability), scores (of all labels) and, where the text was
          longer than the student reads, cut; of a regression score is the number, and there is no
          other. A list of such dicts for a list.
        """
        texts = [text] if isinstance(text, str) else list(text)
        found = [self.describe(one) for one in self.classify(texts)]
        return found[0] if isinstance(text, str) else found


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

    def classify(self, texts: Sequence[str]) -> List[Classified]:
        """Scores texts; see the base class."""
        # As files are read: only the plain space parts words, and a tab is one.
        words = [[word for word in text.replace("\t", " ").split(" ") if word] for text in texts]
        encoded = self._assets.tokenizer.encode_batch(words, is_pretokenized=True)
        rows = [encoding.ids if len(encoding.ids) <= self._seq_len
                else [*encoding.ids[: self._seq_len - 1], encoding.ids[-1]] for encoding in encoded]
        pieces = Ragged.of(rows)
        # Mapped before padding: only what fills up short rows becomes padding.
        mapped = Ragged(self._assets.vocabulary.table[pieces.values], pieces.starts)
        scores = np.zeros((len(texts), len(self.labels)), np.float32)
        for batch in length_batches(mapped.lengths):
            logits = self.logits(mapped.padded(batch, PAD_ID))
            scores[batch] = logits if self.kind == REGRESSION else softmax(logits)
        return [Classified(own, len(encoding.ids) > self._seq_len)
                for own, encoding in zip(scores, encoded)]


def text_model(
    assets: Assets, logits: Callable[[np.ndarray], np.ndarray], keep_whole: bool = False
) -> Union[Tagger, Classifier]:
    """A Tagger or Classifier over a forward pass, by the kind of task.

    Args:
      assets: tokenizer, vocabulary and labels.
      logits: see `Tagger` and `Classifier`.
      keep_whole: split running text at white space only; of no meaning for a Classifier.
    """
    return Classifier(assets, logits) if assets.labels.pooled else Tagger(
        assets, logits, keep_whole, assets.longest)
