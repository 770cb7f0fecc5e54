"""Text classification and regression over any runtime; imports no TensorFlow."""

import itertools
from typing import (
    Any,
    Callable,
    Dict,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
    overload,
)

import numpy as np
from tokenizers import Tokenizer

from xtremedistil_tf.data.labels import number_text
from xtremedistil_tf.data.pipelines.length_batches import TOKENS_PER_BATCH, length_batches
from xtremedistil_tf.data.readers.rows import Example, split_spaces
from xtremedistil_tf.data.tokenization.ragged import Ragged, lengths_of
from xtremedistil_tf.data.tokenization.vocabulary import PAD_ID
from xtremedistil_tf.data.tokenization.word_pieces import WordPieces
from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.inference.lines import ClassifiedLine, Line, split_pair
from xtremedistil_tf.inference.streaming import in_blocks
from xtremedistil_tf.inference.tagger import Texts
from xtremedistil_tf.inference.text_model import TextModel, pairs_of, texts_of
from xtremedistil_tf.metrics.several.scores import chosen_labels, sigmoid
from xtremedistil_tf.metrics.uncertainty.temperature import tempered, thresholds_of
from xtremedistil_tf.tasks import task_kind

# A text, or a pair of texts.
Item = Union[str, Tuple[str, str]]
# Inputs of a student of pairs, for messages.
_PAIRS = "takes pairs of texts; allowed: (text, text)"


class Classified(NamedTuple):
    """The result of a text.

    Attributes:
      scores: float32 [classes], probabilities; float32 [1], the number, for regression.
      cut: True if the text was longer than the student reads, so that its end was cut.
    """

    scores: np.ndarray
    cut: bool = False


def softmax(logits: np.ndarray) -> np.ndarray:
    """Computes probabilities over the last axis from float logits [..., classes]."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


class TextClassifier(TextModel):
    """A student for classification or regression; call it with a text.

    Subclasses, one a runtime, define `classify` and `labels`.

    Attributes:
      kind: name of the kind of task.
      labels: the classes; for regression the name of the number.
      pairs: True if it takes pairs of texts, as tuples.
      thresholds: least probability of each label, if a text may have several.
    """

    kind = "classification"
    thresholds: Sequence[float] = ()

    @property
    def several(self) -> bool:
        """True if a text may have several labels."""
        return task_kind(self.kind).several

    def chosen(self, found: Classified) -> List[str]:
        """Returns the labels of a result, of texts that may have several."""
        thresholds = self.thresholds if not self.least else [
            self.least.get(name, self.least.get("", own))
            for name, own in zip(self.labels, self.thresholds)]
        return chosen_labels(found.scores, self.labels, thresholds)

    @property
    def has_classes(self) -> bool:
        """True for classification, False for regression."""
        return task_kind(self.kind).classes

    def classify(self, texts: Sequence[Any]) -> List[Classified]:
        """Scores texts or pairs of texts, in order."""
        raise NotImplementedError

    def describe(self, found: Classified) -> Dict[str, Any]:
        """Returns a result as JSON values: label, score, scores by label, and cut if True.

        The label is None if it is less sure than `least`. A regression has only score (the number)
        and cut. If a text may have several labels, the result has labels and scores.
        """
        if self.several:
            own = {"labels": self.chosen(found),
                   "scores": dict(zip(self.labels, map(float, found.scores)))}
            return {**own, "cut": True} if found.cut else own
        best = int(found.scores.argmax())
        described: Dict[str, Any] = {"score": float(found.scores[best])}
        if self.has_classes:
            sure = described["score"] >= self.least_of(self.labels[best])
            described = {"label": self.labels[best] if sure else None, **described,
                         "scores": dict(zip(self.labels, map(float, found.scores)))}
        return {**described, "cut": True} if found.cut else described

    def answer(self, found: Classified) -> str:
        """Returns the label or number of a result; of several labels, those with commas between."""
        if self.several:
            return ",".join(self.chosen(found))
        if not self.has_classes:
            return number_text(found.scores[0])
        return self.labels[int(found.scores.argmax())]

    def read_lines(self, lines: Sequence[str]) -> List[Line]:
        """Classifies lines; see the base class."""
        if not self.pairs:
            return [ClassifiedLine(line, self.describe(found))
                    for line, found in zip(lines, self.classify(lines))]
        pairs = [split_pair(line) for line in lines]
        return [ClassifiedLine(line, self.describe(found), pair=pair)
                for line, pair, found in zip(lines, pairs, self.classify(pairs))]

    def failed_line(self, line: str, why: str) -> Line:
        """Returns a line without a label; see the base class."""
        return ClassifiedLine(line, None, why)

    def predict(self, examples: Sequence[Example]) -> List[Any]:
        """Classifies a task's examples; see the base class."""
        return [self._answers(found) for found in self._classify_rows(examples)]

    def predict_scored(
        self, examples: Sequence[Example]
    ) -> Tuple[List[Any], Optional[List[np.ndarray]]]:
        """Classifies a task's examples, with probabilities; see the base class."""
        rows = self._classify_rows(examples)
        answers = [self._answers(found) for found in rows]
        if not self.has_classes or self.several:
            return answers, None
        return answers, [np.array([found.scores.max()]) for found in rows]

    def _answers(self, found: Classified) -> List[str]:
        return self.chosen(found) if self.several else [self.answer(found)]

    def _classify_rows(self, examples: Sequence[Example]) -> List[Classified]:
        return self.classify([tuple(example.text.split("\t")) if self.pairs else example.text
                              for example in examples])

    @overload
    def __call__(self, text: Item) -> Dict[str, Any]: ...

    @overload
    def __call__(self, text: List[Any]) -> List[Dict[str, Any]]: ...

    def __call__(
        self, text: Union[Item, Texts, List[Any]]
    ) -> Union[Dict[str, Any], List[Dict[str, Any]]]:
        """Classifies one text or several; with `pairs`, one pair of texts or several.

        Args:
          text: a string or a list of strings; for pairs a tuple of two strings, or a list of such
            tuples.

        Returns:
          A dict with label, score (its probability), scores (of all labels) and, if the text was
          too long, cut. For regression: score (the number) and perhaps cut. Where a text may have
          several labels: labels and scores. For a list: a list of such dicts.
        """
        alone = isinstance(text, tuple if self.pairs else str)
        texts = pairs_of(text, _PAIRS) if self.pairs else texts_of(text)
        found = [self.describe(one) for one in in_blocks(self, self.classify, texts)]
        return found[0] if alone else found


def _words(text: str) -> List[str]:
    """Splits a text at spaces and tabs, as files are read."""
    return list(split_spaces(text.replace("\t", " ")))


class Classifier(TextClassifier):
    """A classifier over a forward pass from ids to logits.

    Texts are cut at the seq_len of the training, since the student has learnt representations of
    texts that were cut there.

    Args:
      assets: tokenizer, vocabulary and labels.
      logits: forward pass from the student's ids, int32 [batch, time], padded with 0 on the right,
        to float logits [batch, classes].

    Attributes:
      logits: the forward pass.
      labels: the classes.
    """

    def __init__(self, assets: Assets, logits: Callable[[np.ndarray], np.ndarray]):
        self._assets = assets
        self.logits, self.threads = logits, getattr(logits, "threads", 1)
        self._batch_tokens = getattr(logits, "batch_tokens", TOKENS_PER_BATCH)
        self.labels, self.kind = assets.labels.tags, assets.labels.kind
        self._seq_len = int(assets.record["seq_len"])
        self._temperature = assets.temperature
        self.thresholds = thresholds_of(assets.record, self.labels)
        self.pairs = assets.separator is not None
        self._pieces = WordPieces(assets.tokenizer, assets.vocabulary)
        if self.pairs:  # They are cut as in training: the longer text first.
            self._tokenizer = Tokenizer.from_str(assets.tokenizer.to_str())
            self._tokenizer.encode_special_tokens = True
            self._tokenizer.enable_truncation(self._seq_len, strategy="longest_first")

    def classify(self, texts: Sequence[Any]) -> List[Classified]:
        """Scores texts; see the base class."""
        ids, cut = self._pairs(texts) if self.pairs else self._singles(texts)
        scores = np.zeros((len(texts), len(self.labels)), np.float32)
        for batch in length_batches(ids.lengths, tokens=self._batch_tokens):
            logits = self.logits(ids.padded(batch, PAD_ID))
            scores[batch] = self._scores(tempered(logits, self._temperature))
        return list(map(Classified, scores, cut))

    def _pairs(self, pairs: Sequence[Tuple[str, str]]) -> Tuple[Ragged, List[bool]]:
        """Returns the student's ids of pairs, a row each, and which of them were cut."""
        words = [tuple(map(_words, pair)) for pair in pairs]
        encoded = self._tokenizer.encode_batch(words, is_pretokenized=True)
        pieces = Ragged.of([encoding.ids for encoding in encoded])
        # Mapped before padding, so that id 0 is padding only.
        return (Ragged(self._assets.vocabulary.table[pieces.values], pieces.starts),
                [bool(encoding.overflowing) for encoding in encoded])

    def _singles(self, texts: Sequence[str]) -> Tuple[Ragged, List[bool]]:
        """Returns the student's ids of texts, a row each, and which of them were cut."""
        words = list(map(_words, texts))
        pieces = self._pieces(itertools.chain.from_iterable(words))
        ends = pieces.starts[np.cumsum(lengths_of(words))].tolist()
        first, last = self._pieces.ends
        most, rows = self._seq_len - 2, []
        for begin, end in zip([0, *ends], ends):
            rows.append([first, *pieces.values[begin : min(end, begin + most)].tolist(), last])
        return Ragged.of(rows), (np.diff(ends, prepend=0) > most).tolist()

    def _scores(self, logits: np.ndarray) -> np.ndarray:
        if not self.has_classes:
            return logits
        return sigmoid(logits) if self.several else softmax(logits)


def make_classifier(
    assets: Assets, logits: Callable[[np.ndarray], np.ndarray], keep_whole: bool
) -> Classifier:
    """Returns a Classifier. `keep_whole` has no effect: it always splits words at spaces."""
    return Classifier(assets, logits)
