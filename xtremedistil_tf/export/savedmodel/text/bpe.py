"""Byte-pair encoding inside a TensorFlow graph, of SentencePiece models and of bytes (RoBERTa).

No operation of the server merges as the fast tokenizers do: of all pairs in a part the one that
comes first in the list of merges, and of equal ones the leftmost. So a loop does it, one merge in
every part at a time.
"""

from typing import Any, Dict, List, Mapping, Tuple, Union

import numpy as np
from tokenizers import Tokenizer, pre_tokenizers

from xtremedistil_tf.export.savedmodel.text.characters import (
    CODES,
    NotInGraph,
    special_ids,
)
from xtremedistil_tf.export.savedmodel.text.graph_text import (
    GraphTokenizer,
    Lookup,
    Words,
    differs,
    find_keys,
    number_runs,
    utf8_sizes,
)
from xtremedistil_tf.export.savedmodel.text.normalizer import normalizer_steps
from xtremedistil_tf.export.savedmodel.text.parts import BytePatternParts, make_parts
from xtremedistil_tf.keras2 import tf

_BITS = 32
_NEVER = np.iinfo(np.int32).max


def _check_model(model: Mapping[str, Any]) -> None:
    for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback",
                 "ignore_merges"):
        if model.get(name):
            raise NotInGraph(f"its BPE model has {name}={model[name]!r}")


def _byte_letters() -> List[str]:
    """Returns the characters that stand for bytes: 256 in the order of the bytes."""
    # Printable Latin-1 characters stand for themselves, the other bytes for 256 and on.
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {code: chr(code) for code in kept}
    others = [code for code in range(256) if code not in letters]
    letters.update({code: chr(256 + place) for place, code in enumerate(others)})
    assert set(letters.values()) == set(pre_tokenizers.ByteLevel.alphabet())
    return [letters[code] for code in range(256)]


def _merges(model: Mapping[str, Any]) -> Dict[int, Tuple[int, int]]:
    """Returns by pair of ids, as one number, its place in the list and the id of both together."""
    found, vocabulary = {}, model["vocab"]
    merges: List[Union[str, List[str]]] = model["merges"]
    for place, merge in enumerate(merges):
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        key = (vocabulary[left] << _BITS) + vocabulary[right]
        found[key] = (place, vocabulary[left + right])
    return found


class BpePieces(GraphTokenizer):
    """Splits words into subword tokens by merging pairs.

    Args:
      tokenizer: the tokenizer.
      parts: its definition in tokenizer.json.

    Raises:
      NotInGraph: if the tokenizer has a part that a graph cannot do.
    """

    def __init__(self, tokenizer: Tokenizer, parts: Mapping[str, Any]):
        super().__init__(special_ids(tokenizer))
        model = parts["model"]
        _check_model(model)
        self._parts = make_parts(parts["pre_tokenizer"])
        self._steps = normalizer_steps(parts["normalizer"])
        self._of_bytes = isinstance(self._parts, BytePatternParts)
        vocabulary, self._unknown = model["vocab"], -1
        if self._of_bytes:
            letters = _byte_letters()
            if not set(letters) <= set(vocabulary):
                raise NotInGraph("its vocabulary has not every byte")
            self._bytes = tf.constant([vocabulary[letter] for letter in letters], tf.int32)
        else:
            if model["unk_token"] not in vocabulary:
                raise NotInGraph("its BPE model has no unknown token")
            self._unknown, self._fused = vocabulary[model["unk_token"]], bool(model["fuse_unk"])
            ids = np.full(CODES, self._unknown, np.int32)
            for piece, place in vocabulary.items():
                if len(piece) == 1:
                    ids[ord(piece)] = place
            self._ids = Lookup(ids)
        merges = _merges(model)
        keys = sorted(merges) or [-1]
        self._keys = tf.constant(keys, tf.int64)
        found = [merges.get(key, (_NEVER, 0)) for key in keys]
        self._places = tf.constant([place for place, _ in found], tf.int32)
        self._merged = tf.constant([piece for _, piece in found], tf.int32)

    def __call__(self, words: Words) -> Tuple[Any, Any]:
        """Splits words into subword tokens; see the base class."""
        chars, owner = words.chars, words.char_word
        for step in self._steps:
            chars, owner = step(chars, owner)
        parts = self._parts(chars, owner)
        part = number_runs(parts.begins)
        ids, part = self._letters(parts.chars, part)
        ids, part, _, _ = tf.while_loop(
            lambda ids, part, places, merged: tf.reduce_any(places < _NEVER), self._merge_once,
            (ids, part, *self._pairs(ids, part)), shape_invariants=(tf.TensorShape([None]),) * 4)
        return ids, tf.gather(tf.boolean_mask(parts.owner, parts.begins), part)

    def _letters(self, chars: Any, part: Any) -> Tuple[Any, Any]:
        """Returns ids of characters or bytes, before any merge, and the part of each."""
        if not self._of_bytes:
            ids = self._ids(chars)
            kept = (ids != self._unknown) | differs(ids) | differs(part) if self._fused \
                else tf.ones_like(ids, tf.bool)
            return tf.boolean_mask(ids, kept), tf.boolean_mask(part, kept)
        sizes = utf8_sizes(chars)
        source = tf.repeat(tf.range(tf.size(chars)), sizes)
        left = (tf.gather(tf.cumsum(sizes), source) - 1) - tf.range(tf.size(source))
        chars, size = tf.gather(chars, source), tf.gather(sizes, source)
        first = tf.gather([0, 0, 0xC0, 0xE0, 0xF0], size)
        byte = tf.bitwise.right_shift(chars, 6 * left)
        byte = tf.where(left == size - 1, first + byte, 0x80 + tf.bitwise.bitwise_and(byte, 63))
        return tf.gather(self._bytes, byte), tf.gather(part, source)

    def _pairs(self, ids: Any, part: Any) -> Tuple[Any, Any]:
        """Returns for each token and its right neighbour the merge's place, and the merged id."""
        long = tf.cast(ids, tf.int64)
        key = tf.bitwise.left_shift(long, _BITS) + tf.roll(long, -1, 0)
        at, there = find_keys(self._keys, key)
        # The last token rolls round to the first; differs() is True there as for every new part.
        found = there & ~tf.roll(differs(part), -1, 0)
        return tf.where(found, tf.gather(self._places, at), _NEVER), tf.gather(self._merged, at)

    def _merge_once(self, ids: Any, part: Any, places: Any, merged: Any) -> Tuple[Any, ...]:
        """Merges the first pair of the list in every part.

        Args:
          ids, part: int32 [tokens], the tokens and the part of each.
          places, merged: their `_pairs`.

        Returns:
          The same of the tokens that are left.
        """
        number = number_runs(differs(part))
        best = tf.gather(tf.math.segment_min(places, number), number)
        here = tf.range(tf.size(ids))
        wanted = tf.where((places == best) & (places < _NEVER), here, _NEVER)
        chosen = here == tf.gather(tf.math.segment_min(wanted, number), number)
        # A chosen token is never the last of all, so that nothing rolls round.
        kept = ~tf.roll(chosen, 1, 0)
        ids = tf.boolean_mask(tf.where(chosen, merged, ids), kept)
        part = tf.boolean_mask(part, kept)
        return (ids, part, *self._pairs(ids, part))
