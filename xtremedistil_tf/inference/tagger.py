"""Tagging over the forward pass of any runtime; imports no TensorFlow."""

from itertools import chain, islice
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union, cast, overload

import numpy as np

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.pipelines.layout import lay_out
from xtremedistil_tf.data.pipelines.length_batches import TOKENS_PER_BATCH
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.ragged import Ragged, lengths_of
from xtremedistil_tf.data.tokenization.word_pieces import WordPieces
from xtremedistil_tf.data.words import split_words
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.inference.entities import columns, join_entities, without_unsure
from xtremedistil_tf.inference.lines import Line, TaggedLine, TaggedWord
from xtremedistil_tf.inference.streaming import in_blocks
from xtremedistil_tf.inference.text_model import TextModel, texts_of
from xtremedistil_tf.metrics.decoding import by_sentence, decode_words
from xtremedistil_tf.metrics.uncertainty.temperature import tempered
from xtremedistil_tf.tasks import task_kind

# Longer sentences are read in overlapping windows of this many subword tokens. Each word's logits
# come from the window where it has CONTEXT tokens or more on both sides, if the text has them.
LONGEST = 512
CONTEXT = 64

# str is itself Sequence[str]; here it means one text.
Texts = Union[List[str], Tuple[str, ...]]


def window_sizes(seq_len_limit: Optional[int] = None) -> Tuple[int, int]:
    """Returns the size of a window and of its context on each side, in subword tokens.

    Special tokens do not count.

    Args:
      seq_len_limit: see `windows`.
    """
    seq_len = min(seq_len_limit or LONGEST, LONGEST)
    return seq_len - 2, min(CONTEXT, seq_len // 8)


def windows(
    pieces: int, *, seq_len_limit: Optional[int] = None
) -> List[Tuple[int, int, int, int]]:
    """Splits a text into overlapping windows of subword tokens.

    Args:
      pieces: number of subword tokens of the text, without special tokens.
      seq_len_limit: longest sequence of the model, special tokens included; None without a limit.
        Below LONGEST, the context is smaller, too.

    Returns:
      (begin, end, first, last) for each window: its tokens, and those whose results it gives.
    """
    longest, context = window_sizes(seq_len_limit)
    if pieces <= longest:
        return [(0, pieces, 0, pieces)]
    step = longest - 2 * context
    return [
        (max(0, at - context), min(pieces, at + step + context), at, min(pieces, at + step))
        for at in range(0, pieces, step)
    ]


def check_words(sentences: Sequence[Sequence[str]]) -> None:
    """Refuses a text where a list of words belongs: its letters would be the words.

    Raises:
      UserError: for the first one.
    """
    wrong = [sentences] if isinstance(sentences, str) else [
        words for words in sentences if isinstance(words, str)]
    if wrong:
        raise UserError("tag_words takes a list of words for each sentence, not the text "
                        f"{wrong[0]!r:.60}; call the tagger itself with texts")


class TextTagger(TextModel):
    """A student for tagging; call it with a text to get entities.

    Subclasses, one a runtime, define `tag_words` and `tag_text`.
    """

    kind = "tagging"

    def tag_words(
        self, sentences: Sequence[Sequence[str]]
    ) -> List[Tuple[List[str], np.ndarray]]:
        """Tags sentences that are split into words already.

        Args:
          sentences: words of each sentence.

        Returns:
          For each sentence its tags and their probabilities, float32 [words].
        """
        raise NotImplementedError

    def tag_text(self, texts: Sequence[str]) -> List[List[TaggedWord]]:
        """Splits texts into words and tags them.

        Returns:
          For each text a list of ((word, begin, end), tag, probability).
        """
        raise NotImplementedError

    def read_lines(self, lines: Sequence[str]) -> List[Line]:
        """Tags lines; see the base class."""
        return [TaggedLine(text, words, alone=self._alone)
                for text, words in zip(lines, self._said(lines))]

    def _said(self, texts: Sequence[str]) -> List[List[TaggedWord]]:
        """Tags texts; entities that are less sure than `least` are O."""
        found = self.tag_text(texts)
        if not self.least:
            return found
        return [without_unsure(words, self.least_of, alone=self._alone) for words in found]

    @property
    def _alone(self) -> bool:
        return not task_kind(self.kind).entities

    def failed_line(self, line: str, why: str) -> Line:
        """Returns a line without words; see the base class."""
        return TaggedLine(line, [], why)

    def predict(self, examples: Sequence[Example]) -> List[List[str]]:
        """Tags a task's examples; see the base class."""
        return [tags for tags, _ in self.tag_words([row.words for row in examples])]

    def predict_scored(self, examples: Sequence[Example]) -> Tuple[List[Any], List[np.ndarray]]:
        """Tags a task's examples, with probabilities; see the base class."""
        found = self.tag_words([row.words for row in examples])
        return [tags for tags, _ in found], [scores for _, scores in found]

    @overload
    def __call__(self, text: str) -> List[Dict[str, Any]]: ...

    @overload
    def __call__(self, text: Texts) -> List[List[Dict[str, Any]]]: ...

    def __call__(
        self, text: Union[str, Texts]
    ) -> Union[List[Dict[str, Any]], List[List[Dict[str, Any]]]]:
        """Finds the entities of one text or several.

        Args:
          text: a string or a list of strings.

        Returns:
          A list of dicts with entity_group, score, word, start and end for a string; a list of
          such lists for a list.
        """
        texts = texts_of(text)
        found: List[List[Dict[str, Any]]] = []
        for one, tagged in zip(texts, in_blocks(self, self._said, texts)):
            words, tags, scores = columns(tagged)
            found.append(join_entities(one, words, tags, scores, alone=self._alone))
        return found[0] if isinstance(text, str) else found


class Tagger(TextTagger):
    """A tagger over a forward pass from ids to logits.

    It tags whole sentences, long ones in overlapping windows. A BiLSTM has no limit of positions,
    so its windows are longer than the training's seq_len; a Transformer's are seq_len long.

    Args:
      assets: tokenizer, vocabulary and labels.
      logits: forward pass from the student's ids, int32 [batch, time], padded with 0 on the right,
        to float logits [batch, time, classes]. Its attribute `threads`, if it has one, is that of
        `TextModel`; `batch_tokens` is the number of positions of its batches.
      keep_whole: split running text at white space only.
      seq_len_limit: length of the longest sequence that the forward pass takes, if it is below
        LONGEST.
      cut_at: length of the sequences beyond which nothing is read; None reads all.

    Attributes:
      logits: the forward pass.
      labels: the tags.
    """

    def __init__(
        self, assets: Assets, logits: Callable[[np.ndarray], np.ndarray], *,
        keep_whole: bool = False, seq_len_limit: Optional[int] = None,
        cut_at: Optional[int] = None,
    ):
        self._assets, self._labels = assets, cast(LabelSet, assets.labels)
        self.logits, self.labels, self.kind = logits, self._labels.tags, self._labels.kind
        self.threads = getattr(logits, "threads", 1)
        self._batch_tokens = getattr(logits, "batch_tokens", TOKENS_PER_BATCH)
        self._keep_whole, self._temperature = keep_whole, assets.temperature
        self._seq_len_limit, self._cut_at = seq_len_limit, cut_at
        self._pieces = WordPieces(assets.tokenizer, assets.vocabulary)

    def cut_at_seq_len(self) -> "Tagger":
        """Returns a tagger for which words beyond the training's seq_len are O."""
        return Tagger(self._assets, self.logits, keep_whole=self._keep_whole,
                      seq_len_limit=self._seq_len_limit,
                      cut_at=int(self._assets.record["seq_len"]))

    def tag_words(
        self, sentences: Sequence[Sequence[str]]
    ) -> List[Tuple[List[str], np.ndarray]]:
        """Tags sentences that are split into words already; see the base class."""
        check_words(sentences)
        lengths = lengths_of(sentences)
        return by_sentence(*self._tag(list(chain.from_iterable(sentences)), lengths), lengths,
                           self._labels)

    def tag_text(self, texts: Sequence[str]) -> List[List[TaggedWord]]:
        """Splits texts into words and tags them; see the base class."""
        segmentation = self._assets.segmentation
        split = [split_words(text, keep_whole=self._keep_whole, segmentation=segmentation)
                 for text in texts]
        words = list(chain.from_iterable(split))
        path, scores = self._tag([word for word, _, _ in words], lengths_of(split))
        tagged = zip(words, map(self._labels.tags.__getitem__, path.tolist()), scores.tolist())
        return [list(islice(tagged, len(sentence))) for sentence in split]

    def _tag(self, words: List[str], lengths: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Tags the words of all sentences, one after another; see `decode_words`."""
        pieces = self._pieces(words)
        ends = pieces.starts[np.cumsum(lengths)]
        logits, read = self._word_logits(pieces, self._windows(ends))
        return decode_words(tempered(logits, self._temperature), read, lengths, self._labels)

    def _windows(self, ends: np.ndarray) -> np.ndarray:
        """Windows of all sentences, int64 [windows, 4], as `windows` gives them for one.

        Args:
          ends: int64 [sentences], where each sentence's subword tokens end.
        """
        if len(ends) == 1:  # A single text, as servers get it.
            count = int(ends[0])
            count = min(count, self._cut_at - 2) if self._cut_at else count
            return np.array(windows(count, seq_len_limit=self._seq_len_limit))
        begins = np.concatenate([[0], ends])[:-1]
        if self._cut_at:
            ends = np.minimum(ends, begins + self._cut_at - 2)
        if (ends - begins).max(initial=0) <= window_sizes(self._seq_len_limit)[0]:
            return np.stack([begins, ends, begins, ends], axis=1)
        return np.array([
            np.add(begin, window) for begin, pieces in zip(begins, (ends - begins).tolist())
            for window in windows(pieces, seq_len_limit=self._seq_len_limit)])

    def _word_logits(self, pieces: Ragged, rows: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Runs windows in batches of similar length.

        Args:
          pieces: the student's ids of each word.
          rows: the windows, see `_windows`.

        Returns:
          (logits of each word's first subword token, float32 [words, classes]; bool [words], False
          for words without one).
        """
        laid = lay_out(pieces, rows, self._pieces.ends, tokens=self._batch_tokens)
        logits = np.zeros((len(pieces), self._labels.size), np.float32)
        read = np.zeros(len(pieces), bool)
        for ids, words, at in laid:
            outputs = self.logits(ids)
            logits[words] = outputs.reshape(-1, outputs.shape[-1])[at]
            read[words] = True
        return logits, read


def make_tagger(
    assets: Assets, logits: Callable[[np.ndarray], np.ndarray], keep_whole: bool
) -> Tagger:
    """Returns a Tagger with the sequence limit of its student."""
    return Tagger(assets, logits, keep_whole=keep_whole, seq_len_limit=assets.seq_len_limit)
