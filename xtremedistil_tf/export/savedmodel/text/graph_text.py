"""Word splitting and WordPiece inside a TensorFlow graph, with the results of Python's code.

All code works on flat vectors of the characters, words or subword tokens of a whole batch. A second
vector holds the index of the text or word that each belongs to. No operation loops over texts.
"""

from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from xtremedistil_tf.data.words import CJK, PUNCTUATION, SPACE
from xtremedistil_tf.export.savedmodel.text.characters import (
    ALONE,
    REMOVED,
    PieceTables,
    SpecialIds,
    paged,
    word_classes,
)
from xtremedistil_tf.inference.runtimes.text_ops import load_text_ops
from xtremedistil_tf.keras2 import tf


class Words(NamedTuple):
    """The words of a batch of texts, flat.

    Attributes:
      row: int32 [words], index of each word's text.
      begin, end: int32 [words], character offsets in the text.
      text: string [words], UTF-8.
      chars: int32 [characters], code points of all words.
      char_word: int32 [characters], index of each character's word.
    """

    row: Any
    begin: Any
    end: Any
    text: Any
    chars: Any
    char_word: Any


class Lookup(tf.Module):
    """A table over all Unicode characters, stored in pages."""

    def __init__(self, table: np.ndarray):
        super().__init__()
        index, pages = paged(table)
        self._index, self._pages = tf.constant(index), tf.constant(pages.astype(np.int32))

    def __call__(self, chars: Any) -> Any:
        """Looks up int32 code points; returns int32 of the same shape."""
        page = tf.gather(self._index, tf.bitwise.right_shift(chars, 8))
        return tf.gather(self._pages, page * 256 + tf.bitwise.bitwise_and(chars, 255))


def differs(values: Any) -> Any:
    """Returns a bool vector: True where a value differs from the one before, and at the start."""
    return tf.concat([tf.ones_like(values[:1], tf.bool), values[1:] != values[:-1]], 0)


def number_runs(begins: Any) -> Any:
    """Numbers runs, given a bool vector of their first positions."""
    return tf.cumsum(tf.cast(begins, tf.int32)) - 1


def utf8_sizes(chars: Any) -> Any:
    """Returns the number of bytes of each of int32 code points in UTF-8."""
    return 1 + sum(tf.cast(chars >= least, tf.int32) for least in (0x80, 0x800, 0x10000))


def find_keys(keys: Any, wanted: Any) -> Tuple[Any, Any]:
    """Looks up int64 `wanted` in sorted keys: (a place among the keys, True where it is there)."""
    at = tf.minimum(tf.searchsorted(keys, wanted), len(keys) - 1)
    return at, tf.gather(keys, at) == wanted


def _lasts(begins: Any) -> Any:
    """Returns a bool vector of the last positions of runs, given their first positions."""
    return tf.concat([begins[1:], begins[:1]], 0)  # Position 0 always begins a run.


class WordSplitter(tf.Module):
    """`data.words.split_words` for a batch of texts.

    Args:
      keep_whole: split at white space only.
      classes: uint8 [characters], class of each character; default: `characters.word_classes()`.
    """

    def __init__(self, keep_whole: bool, *, classes: Optional[np.ndarray] = None):
        super().__init__()
        self._keep_whole = keep_whole
        self._classes = Lookup(word_classes() if classes is None else classes)

    def __call__(self, texts: Any) -> Words:
        """Splits string [batch]; bytes that are not UTF-8 become U+FFFD."""
        decoded = tf.strings.unicode_decode(texts, "UTF-8")
        chars = decoded.flat_values
        rows = tf.cast(decoded.value_rowids(), tf.int32)
        places = tf.range(tf.size(chars)) - tf.gather(
            tf.cast(decoded.row_starts(), tf.int32), rows)
        classes = self._classes(chars)
        # White space is dropped; gaps in the character positions mark where it was.
        kept = tf.cast(tf.where(classes != SPACE)[:, 0], tf.int32)
        chars, rows, places, classes = (
            tf.gather(values, kept) for values in (chars, rows, places, classes))
        begins = differs(kept - tf.range(tf.size(kept))) | differs(rows)
        if not self._keep_whole:
            begins = self._set_apart(classes, begins)
        word = number_runs(begins)
        text = tf.strings.unicode_encode(
            tf.RaggedTensor.from_value_rowids(chars, word, validate=False), "UTF-8")
        return Words(
            tf.boolean_mask(rows, begins), tf.boolean_mask(places, begins),
            tf.boolean_mask(places, _lasts(begins)) + 1, text, chars, word)

    @staticmethod
    def _set_apart(classes: Any, begins: Any) -> Any:
        """Adds word boundaries at outer punctuation and CJK characters to those at white space."""
        chunk = number_runs(begins)
        inner = classes != PUNCTUATION
        count = tf.cumsum(tf.cast(inner, tf.int32))
        before = tf.boolean_mask(count - tf.cast(inner, tf.int32), begins)
        whole = tf.boolean_mask(count, _lasts(begins))
        leading = count == tf.gather(before, chunk)
        trailing = ~inner & (count == tf.gather(whole, chunk))
        alone = leading | trailing | (classes == CJK)
        # The character after such a character begins a word, too. Rolling sets position 0, which
        # begins a word anyway.
        return begins | alone | tf.roll(alone, 1, 0)


def given_words(words: Any, present: Any) -> Words:
    """Returns words that the client has split.

    Args:
      words: string [batch, words].
      present: bool [batch, words], False for filler.
    """
    at = tf.cast(tf.where(present), tf.int32)
    text = tf.boolean_mask(words, present)
    decoded = tf.strings.unicode_decode(text, "UTF-8")
    zeros = tf.zeros_like(at[:, 0])
    return Words(at[:, 0], zeros, zeros, text, decoded.flat_values,
                 tf.cast(decoded.value_rowids(), tf.int32))


class Replacer(tf.Module):
    """Replaces, expands and deletes characters.

    Args:
      change: int32 [CODES]; 0 if the character stays, else an index into `replacements`.
      replacements: int32 code points that replace a character; index 0 is unused.
    """

    def __init__(self, change: np.ndarray, replacements: List[np.ndarray]):
        super().__init__()
        self.change = Lookup(change)
        lengths = np.array([len(row) for row in replacements], np.int32)
        lengths[0] = 1  # Index 0: the character stays.
        self._lengths = tf.constant(lengths)
        self._starts = tf.constant(
            np.concatenate([[0, 0], np.cumsum(lengths[1:])[:-1]]).astype(np.int32)[: len(lengths)])
        # One more element, since the last replacement may be empty.
        self._replacements = tf.constant(
            np.concatenate([*replacements, [0]]).astype(np.int32))

    def __call__(self, chars: Any, owner: Any) -> Tuple[Any, Any]:
        """Replaces int32 [characters]; returns characters and their words."""
        return self.apply(chars, owner, self.change(chars))

    def apply(
        self, chars: Any, owner: Any, change: Any, *, kept: Any = True
    ) -> Tuple[Any, Any]:
        """Replaces characters by given replacements, and deletes those that are not `kept`."""
        lengths = tf.where(kept, tf.gather(self._lengths, change), 0)
        source = tf.repeat(tf.range(tf.size(chars)), lengths)
        offset = tf.range(tf.size(source)) - tf.gather(tf.cumsum(lengths, exclusive=True), source)
        change = tf.gather(change, source)
        replaced = tf.gather(self._replacements, tf.gather(self._starts, change) + offset)
        return (tf.where(change == 0, tf.gather(chars, source), replaced),
                tf.gather(owner, source))


class GraphTokenizer(tf.Module):
    """Splits words into subword tokens as a tokenizer does.

    Args:
      special: the tokenizer's special tokens.
    """

    def __init__(self, special: SpecialIds):
        super().__init__()
        self.special = special

    def __call__(self, words: Words) -> Tuple[Any, Any]:
        """Splits words into subword tokens.

        Returns:
          (int32 [tokens] ids of the tokenizer, int32 [tokens] index of each token's word).
        """
        raise NotImplementedError


class Pieces(GraphTokenizer):
    """Splits words into subword tokens with WordPiece.

    Args:
      tables: tables of the tokenizer.
      vocabulary_file: file with one subword token a line; it becomes an asset of the SavedModel.
    """

    def __init__(self, tables: PieceTables, vocabulary_file: str):
        super().__init__(tables.special)
        self._replace = Replacer(tables.change, tables.replacements)
        self._treatment = Lookup(tables.treatment)
        self._unknown, self._longest = tables.unknown, tables.longest_word
        initializer = tf.lookup.TextFileInitializer(
            vocabulary_file, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER)
        self._table = tf.lookup.StaticHashTable(
            initializer, tables.vocabulary.index(tables.unknown))

    def __call__(self, words: Words) -> Tuple[Any, Any]:
        """Splits words into subword tokens; see the base class."""
        chars, owner = self._replace(words.chars, words.char_word)
        treatment = self._treatment(chars)
        kept = tf.cast(tf.where(treatment != REMOVED)[:, 0], tf.int32)
        chars, owner, treatment = (
            tf.gather(values, kept) for values in (chars, owner, treatment))
        alone = treatment == ALONE
        begins = (differs(kept - tf.range(tf.size(kept))) | differs(owner)
                  | alone | tf.roll(alone, 1, 0))
        tokens = tf.RaggedTensor.from_value_rowids(chars, number_runs(begins), validate=False)
        texts = tf.where(tokens.row_lengths() > self._longest, self._unknown,
                         tf.strings.unicode_encode(tokens, "UTF-8"))
        pieces = load_text_ops().wordpiece_tokenize_with_offsets(
            input_values=texts, vocab_lookup_table=self._table.resource_handle,
            suffix_indicator="##", use_unknown_token=True, max_bytes_per_word=4 * self._longest,
            max_chars_per_token=0, unknown_token=self._unknown, split_unknown_characters=False,
            output_row_partition_type="row_splits")
        token = tf.RaggedTensor.from_row_splits(
            pieces.output_values, pieces.output_row_lengths, validate=False).value_rowids()
        ids = tf.cast(self._table.lookup(pieces.output_values), tf.int32)
        return ids, tf.gather(tf.boolean_mask(owner, begins), token)
