"""From words to pieces: batched tokenisation with labels on first pieces."""

import collections
import dataclasses
import itertools
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.labels import Labels, LabelSet
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.ragged import Ragged

# Rows handed to the tokenizer at a time: its threads are busy and memory stays flat.
_CHUNK = 8192


@dataclasses.dataclass(frozen=True)
class Contexts:
    """What answers are cut out of, where rows are windows of texts.

    Attributes:
      texts: the contexts, one a question.
      owners: int32 [rows], number of the question that a row belongs to.
      begins, ends: for each piece of a row the characters of the context at which it begins and
        ends; -1 for pieces of the question, and markers.
      longest: pieces of the longest answer.
    """

    texts: Sequence[str]
    owners: np.ndarray
    begins: Ragged
    ends: Ragged
    longest: int


@dataclasses.dataclass(frozen=True)
class Features:
    """Tokenised rows.

    Attributes:
      input_ids: piece ids of the teacher's tokenizer, markers included, at most seq_len a row.
      label_ids: a class for each piece, or a class or number a row, or the positions of an answer's
        first and last piece; none where a row has no label.
      word_starts: for each word the position of its first piece in the row, -1 where the word
        was cut off by seq_len or yields no piece.
      languages: one a row.
      tags: gold tags, one tuple a row (all words, cut ones too); where rows are windows, the
        accepted answers, one tuple a question.
      counts: what tokenising did: sentences, words, pieces, cut_words, cut_sentences,
        empty_words (no piece), unknown_pieces.
      pooled: whether a row has labels of its own instead of one a piece.
      contexts: what answers are cut out of; None where rows are no windows.
    """

    input_ids: Ragged
    label_ids: Ragged
    word_starts: Ragged
    languages: List[str]
    tags: List[tuple]
    counts: Dict[str, int]
    pooled: bool = False
    contexts: Optional[Contexts] = None

    def __len__(self) -> int:
        return len(self.input_ids)


def first_pieces(word_ids: Sequence[Optional[int]], words: int) -> List[int]:
    """Position of each word's first piece, -1 for words without one.

    Args:
      word_ids: for each piece the number of its word, None for markers.
      words: number of words.
    """
    starts = [-1] * words
    for position, word in enumerate(word_ids):
        if word is not None and starts[word] < 0:
            starts[word] = position
    return starts


def piece_labels(
    word_ids: Sequence[Optional[int]], starts: Sequence[int], tag_ids: Sequence[int],
    labels: LabelSet,
) -> List[int]:
    """Classes of a row's pieces: the tag on first pieces, X on the others, the two markers.

    Source: paper section 6, "NER Tags".
    """
    classes = []
    for position, word in enumerate(word_ids):
        if word is None:
            classes.append(labels.cls_id if position == 0 else labels.sep_id)
        else:
            classes.append(tag_ids[word] if starts[word] == position else labels.x_id)
    return classes


def _missing_words(
    encoding: Any, word_ids: Sequence[Optional[int]], example: Example
) -> Tuple[int, int]:
    """Words without a piece: (cut off by seq_len, empty)."""
    cut = missing = 0
    for number, words in enumerate(example.texts):
        # Words are counted anew in the second text of a pair.
        own = word_ids if not example.second else [
            word for word, text in zip(word_ids, encoding.sequence_ids) if text == number]
        seen = {word for word in own if word is not None}
        missing += len(words) - len(seen)
        # Truncation cuts at the end; a word without pieces before that is an empty one.
        if encoding.overflowing and len(seen) < len(words):
            cut += len(words) - 1 - max(seen, default=-1)
    return cut, missing - cut


@dataclasses.dataclass(frozen=True)
class _Chunk:
    """Some tokenised rows: pieces, first pieces of words, classes where there are labels."""

    input_ids: Ragged
    word_starts: Ragged
    label_ids: Ragged
    counts: Dict[str, int]


def encode_words(tokenizer: Any, chunk: Sequence[Example], seq_len: int) -> Any:
    """The transformers encoding of rows that are split into words, cut at seq_len pieces.

    Of a pair the longer text is cut, until both are as long.
    """
    return tokenizer(
        [list(example.words) for example in chunk],
        [list(example.second) for example in chunk] if chunk[0].second else None,
        is_split_into_words=True,
        truncation="longest_first",
        max_length=seq_len,
        return_attention_mask=False,
        return_token_type_ids=False,
    )


def _align_chunk(
    tokenizer: Any, chunk: Sequence[Example], seq_len: int, labels: Optional[Any]
) -> _Chunk:
    encoded = encode_words(tokenizer, chunk, seq_len)
    counts: Dict[str, int] = collections.Counter(
        sentences=len(chunk), words=sum(len(words) for row in chunk for words in row.texts)
    )
    cut_words = cut_sentences = empty_words = 0
    starts: List[List[int]] = []
    classes: List[Any] = []
    for encoding, example in zip(encoded.encodings, chunk):
        word_ids = encoding.word_ids
        cut, empty = _missing_words(encoding, word_ids, example)
        cut_words, cut_sentences = cut_words + cut, cut_sentences + (cut > 0)
        empty_words += empty
        # Unlabelled text is large, and nobody asks where its words begin.
        if labels is None:
            continue
        if labels.pooled:
            starts.append([])
            classes.append(labels.encode(example.tags))
        else:
            row_starts = first_pieces(word_ids, len(example.words))
            starts.append(row_starts)
            tag_ids = labels.encode(example.tags)
            classes.append(piece_labels(word_ids, row_starts, tag_ids, labels))
    input_ids = Ragged.of(encoded["input_ids"])
    counts.update(pieces=len(input_ids.values), cut_words=cut_words,
                  cut_sentences=cut_sentences, empty_words=empty_words,
                  unknown_pieces=int((input_ids.values == tokenizer.unk_token_id).sum()))
    dtype = np.int32 if labels is None else labels.dtype
    return _Chunk(input_ids, Ragged.of(starts), Ragged.of(classes, dtype), counts)


def chunked(examples: Iterable[Example]) -> Iterator[List[Example]]:
    """Rows in lists of a size that keeps the tokenizer's threads busy and memory flat."""
    rows = iter(examples)
    while chunk := list(itertools.islice(rows, _CHUNK)):
        yield chunk


def _chunks(
    tokenizer: Any, examples: Iterable[Example], seq_len: int, labels: Optional[Labels]
) -> Iterator[_Chunk]:
    for chunk in chunked(examples):
        yield _align_chunk(tokenizer, chunk, seq_len, labels)


def align(
    tokenizer: Any, examples: Sequence[Example], seq_len: int, labels: Labels
) -> Features:
    """Tokenises the words of labelled sentences into pieces, once, in batches.

    Args:
      tokenizer: a fast Hugging Face tokenizer.
      examples: the sentences.
      seq_len: longest row in pieces, markers included; what lies beyond is cut.
      labels: the label set of their tags, or of the texts.

    Returns:
      The features, in the order of `examples`.
    """
    # Packed chunk by chunk: numbers as Python objects would take ten times the memory.
    chunks = list(_chunks(tokenizer, examples, seq_len, labels))
    counts: Dict[str, int] = collections.Counter()
    for chunk in chunks:
        counts.update(chunk.counts)
    return Features(
        Ragged.join([chunk.input_ids for chunk in chunks]),
        Ragged.join([chunk.label_ids for chunk in chunks]),
        Ragged.join([chunk.word_starts for chunk in chunks]),
        [example.language for example in examples],
        [example.tags for example in examples],
        dict(counts), labels.pooled,
    )


def pieces_of(
    tokenizer: Any, texts: Iterable[Example], seq_len: int
) -> Iterator[Tuple[Ragged, Dict[str, int]]]:
    """Tokenises unlabelled sentences chunk by chunk, in constant memory.

    Yields:
      The rows of a chunk and what was counted in it (see `Features.counts`).
    """
    for chunk in _chunks(tokenizer, texts, seq_len, None):
        yield chunk.input_ids, chunk.counts
