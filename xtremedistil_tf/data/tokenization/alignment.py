"""Tokenises words into subword tokens, in batches, with labels on each word's first token."""

import collections
import dataclasses
import itertools
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.labels import Labels, LabelSet
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.ragged import Ragged

# Sequences for each call of the tokenizer: its threads are busy, and memory use stays constant.
_CHUNK = 8192


@dataclasses.dataclass(frozen=True)
class Contexts:
    """Contexts of questions, for cutting answers out of them.

    Attributes:
      texts: the contexts, one for each question.
      owners: int32 [sequences], number of the question of each window.
      begins, ends: for each subword token, the character offsets in the context at which it begins
        and ends; -1 for tokens of the question and special tokens.
      longest: maximum length of an answer in subword tokens.
      languages: language of each question.
    """

    texts: Sequence[str]
    owners: np.ndarray
    begins: Ragged
    ends: Ragged
    longest: int
    languages: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Features:
    """Tokenised sequences.

    Attributes:
      input_ids: subword token ids of the teacher's tokenizer with special tokens, at most seq_len
        for each sequence.
      label_ids: a class for each subword token; or one class or number for the sequence; or the
        positions of an answer's first and last token. Empty for unlabelled sequences.
      word_starts: for each word the position of its first subword token, -1 if seq_len cut the word
        off or the word has no token.
      languages: language of each sequence.
      tags: gold tags of all words, cut ones included, one tuple for each sequence; for windows, the
        accepted answers, one tuple for each question.
      counts: counts of tokenisation: `sentences`, `words`, `pieces`, `cut_words`, `cut_sentences`,
        `empty_words` (without a token), `unknown_pieces`.
      pooled: True if a sequence has one target, False if each token has one.
      contexts: contexts of the questions; None if the sequences are not windows.
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

    @property
    def row_languages(self) -> Sequence[str]:
        """Language of each row: of a question, which may have several sequences, or a sequence."""
        return self.languages if self.contexts is None else self.contexts.languages


def own_targets(ids: Ragged, rows: np.ndarray) -> Features:
    """Returns some sequences whose labels are their own tokens, as for a language model.

    Args:
      ids: the sequences.
      rows: int [sequences], their places among `ids`.
    """
    chosen = Ragged.of([ids[row] for row in rows])
    return Features(chosen, chosen, chosen, [], [], {})


def first_pieces(word_ids: Sequence[Optional[int]], words: int) -> List[int]:
    """Position of each word's first subword token, -1 for words without one.

    Args:
      word_ids: for each subword token the number of its word, None for special tokens.
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
    """Classes of subword tokens: the tag for first tokens, X for later ones, two special classes.

    Args:
      word_ids: for each subword token the index of its word; None for special tokens.
      starts: for each word the position of its first subword token.
      tag_ids: for each word the class of its tag.
      labels: the label set.

    Returns:
      A class for each subword token.

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
    """Numbers of words without a subword token: (cut off by seq_len, empty)."""
    cut = missing = 0
    for number, words in enumerate(example.texts):
        # Word numbers start again in the second text of a pair.
        own = word_ids if not example.second else [
            word for word, text in zip(word_ids, encoding.sequence_ids) if text == number]
        seen = {word for word in own if word is not None}
        missing += len(words) - len(seen)
        # Truncation cuts at the end, so an earlier word without tokens is an empty word.
        if encoding.overflowing and len(seen) < len(words):
            cut += len(words) - 1 - max(seen, default=-1)
    return cut, missing - cut


@dataclasses.dataclass(frozen=True)
class _Chunk:
    """Some tokenised sequences: token ids, first tokens of words, and classes if labelled."""

    input_ids: Ragged
    word_starts: Ragged
    label_ids: Ragged
    counts: Dict[str, int]


def encode_words(tokenizer: Any, chunk: Sequence[Example], seq_len: int) -> Any:
    """Encodes rows of words with a transformers tokenizer, truncated to seq_len subword tokens.

    In a pair the longer text is truncated first, until both have the same length.

    Args:
      tokenizer: a fast tokenizer of transformers.
      chunk: the rows, all of one text or all of two.
      seq_len: maximum length, special tokens included.

    Returns:
      The tokenizer's BatchEncoding: `input_ids`, and `encodings` with the word of each token.
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
        # The transfer set is large, and its word starts are not used.
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
    return _Chunk(input_ids, Ragged.of(starts), Ragged.of(classes, dtype=dtype), counts)


def chunked(examples: Iterable[Example]) -> Iterator[List[Example]]:
    """Groups rows into lists that keep the tokenizer's threads busy and memory use constant."""
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
    """Tokenises labelled examples into subword tokens, in batches.

    Args:
      tokenizer: a fast Hugging Face tokenizer.
      examples: the sentences or texts.
      seq_len: maximum length in subword tokens, special tokens included; longer ones are truncated.
      labels: the label set of the examples.

    Returns:
      The features, in the order of `examples`.
    """
    # Packed chunk by chunk: Python integers would need ten times the memory.
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
      (token ids of a chunk, its counts; see `Features.counts`).
    """
    for chunk in _chunks(tokenizer, texts, seq_len, None):
        yield chunk.input_ids, chunk.counts
