"""Tagging over the forward pass of any runtime; imports no TensorFlow."""

import dataclasses
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union, cast, overload

import numpy as np
from tokenizers import Tokenizer

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.pipelines.length_batches import length_batches
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import first_pieces
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.vocabulary import PAD_ID
from xtremedistil_tf.data.words import split_words
from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.inference.entities import join_entities, without_unsure
from xtremedistil_tf.inference.lines import Line, TaggedLine, TaggedWord
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.metrics.decoding import decode
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
        if not self.least or self._alone:
            return found
        return [without_unsure(words, self.least_of) for words in found]

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
        texts = [text] if isinstance(text, str) else list(text)
        found = []
        for one, tagged in zip(texts, self._said(texts)):
            words = [word for word, _, _ in tagged]
            found.append(join_entities(one, words, [tag for _, tag, _ in tagged],
                                       [score for _, _, score in tagged], alone=self._alone))
        return found[0] if isinstance(text, str) else found


class Tagger(TextTagger):
    """A tagger over a forward pass from ids to logits.

    It tags whole sentences, long ones in overlapping windows. A BiLSTM has no limit of positions,
    so its windows are longer than the training's seq_len; a Transformer's are seq_len long.

    Args:
      assets: tokenizer, vocabulary and labels.
      logits: forward pass from the student's ids, int32 [batch, time], padded with 0 on the right,
        to float logits [batch, time, classes].
      keep_whole: split running text at white space only.
      seq_len_limit: length of the longest sequence that the forward pass takes, if it is below
        LONGEST.

    Attributes:
      logits: the forward pass.
      labels: the tags.
    """

    def __init__(
        self, assets: Assets, logits: Callable[[np.ndarray], np.ndarray], *,
        keep_whole: bool = False, seq_len_limit: Optional[int] = None,
    ):
        self._assets, self._labels = assets, cast(LabelSet, assets.labels)
        self.logits, self.labels, self.kind = logits, self._labels.tags, self._labels.kind
        self._keep_whole, self._temperature = keep_whole, assets.temperature
        self._seq_len_limit = seq_len_limit

    def cut_at_seq_len(self) -> "Tagger":
        """Returns a tagger for which words beyond the training's seq_len are O."""
        tokenizer = Tokenizer.from_str(self._assets.tokenizer.to_str())
        tokenizer.encode_special_tokens = True
        tokenizer.enable_truncation(int(self._assets.record["seq_len"]))
        return Tagger(dataclasses.replace(self._assets, tokenizer=tokenizer), self.logits,
                      keep_whole=self._keep_whole, seq_len_limit=self._seq_len_limit)

    def tag_words(
        self, sentences: Sequence[Sequence[str]]
    ) -> List[Tuple[List[str], np.ndarray]]:
        """Tags sentences that are split into words already; see the base class."""
        if len(sentences) == 1:
            return [self._tag_one(list(sentences[0]))]
        return self._tag_encoded(sentences, self._assets.tokenizer.encode_batch(
            [list(words) for words in sentences], is_pretokenized=True))

    def _tag_one(self, words: List[str]) -> Tuple[List[str], np.ndarray]:
        """Tags one sentence with little overhead."""
        encoding = self._assets.tokenizer.encode(words, is_pretokenized=True)
        if len(encoding) > min(self._seq_len_limit or LONGEST, LONGEST) or not words:
            return self._tag_encoded([words], [encoding])[0]
        ids = self._assets.vocabulary.table[np.array(encoding.ids)]
        starts = np.array(first_pieces(encoding.word_ids, len(words)), np.int32)
        return decode(tempered(self.logits(ids[None]), self._temperature), [starts],
                      self._labels)[0]

    def _tag_encoded(
        self, sentences: Sequence[Sequence[str]], encodings: Sequence[Any]
    ) -> List[Tuple[List[str], np.ndarray]]:
        """Runs all windows in batches of similar length and decodes their logits."""
        rows: List[Any] = []
        owners: List[Tuple[int, int, int, int]] = []
        for sentence, encoding in enumerate(encodings):
            ids = encoding.ids
            for begin, end, first, last in windows(
                    len(ids) - 2, seq_len_limit=self._seq_len_limit):
                rows.append([ids[0], *ids[1 + begin : 1 + end], ids[-1]])
                # Positions in a window are shifted by one for [CLS].
                owners.append((sentence, 1 - begin, first, last))
        starts = [
            np.array(first_pieces(encoding.word_ids, len(words)), np.int32) - 1
            for words, encoding in zip(sentences, encodings)
        ]
        classes = self._labels.size
        logits = [np.zeros((len(words), classes), np.float32) for words in sentences]
        # Words with subword tokens, in order: those of a window are neighbours.
        with_piece = [np.flatnonzero(at >= 0) for at in starts]
        sorted_starts = [at[there] for at, there in zip(starts, with_piece)]
        pieces = Ragged.of(rows)
        # Mapped before padding, so that id 0 is padding only.
        mapped = Ragged(self._assets.vocabulary.table[pieces.values], pieces.starts)
        for batch in length_batches(mapped.lengths):
            outputs = self.logits(mapped.padded(batch, PAD_ID))
            for position, row in enumerate(batch):
                sentence, shift, first, last = owners[row]
                begin, end = np.searchsorted(sorted_starts[sentence], [first, last])
                logits[sentence][with_piece[sentence][begin:end]] = \
                    outputs[position][sorted_starts[sentence][begin:end] + shift]
        return self._decode(logits, starts)

    def _decode(
        self, logits: List[np.ndarray], starts: List[np.ndarray]
    ) -> List[Tuple[List[str], np.ndarray]]:
        """Decodes the logits of words, in batches of sentences of similar length."""
        results: List[Any] = [None] * len(logits)
        for rows in length_batches(np.array([len(row) for row in logits])):
            longest = max(1, max(len(logits[row]) for row in rows))
            padded = np.zeros((len(rows), longest, self._labels.size), np.float32)
            for position, row in enumerate(rows):
                padded[position, : len(logits[row])] = logits[row]
            # A word without a subword token keeps -1 and gets O.
            at = [np.where(starts[row] >= 0, np.arange(len(starts[row])), -1) for row in rows]
            for row, result in zip(rows, decode(
                    tempered(padded, self._temperature), at, self._labels)):
                results[row] = result
        return results

    def tag_text(self, texts: Sequence[str]) -> List[List[TaggedWord]]:
        """Splits texts into words and tags them; see the base class."""
        segmentation = self._assets.segmentation
        split = [split_words(text, keep_whole=self._keep_whole, segmentation=segmentation)
                 for text in texts]
        tagged = self.tag_words([[word for word, _, _ in words] for words in split])
        return [
            [(word, tag, float(score)) for word, tag, score in zip(words, tags, scores)]
            for words, (tags, scores) in zip(split, tagged)
        ]


def make_tagger(
    assets: Assets, logits: Callable[[np.ndarray], np.ndarray], keep_whole: bool
) -> Tagger:
    """Returns a Tagger with the sequence limit of its student."""
    return Tagger(assets, logits, keep_whole=keep_whole, seq_len_limit=assets.seq_len_limit)
