"""The normalizers of SentencePiece tokenizers inside a graph.

A normalizer is a list of steps. Each maps flat characters, with the word that each belongs to, to
others; words do not affect each other.
"""

import base64
import json
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from tokenizers import Tokenizer, models

from xtremedistil_tf.export.savedmodel.text.characters import (
    CODES,
    NotInGraph,
    code_rows,
    probed,
    spread,
)
from xtremedistil_tf.export.savedmodel.text.charsmap import (
    CONTROL,
    JOINS_AFTER,
    JOINS_BEFORE,
    LONG_CLUSTER,
    cluster_joins,
    read_charsmap,
)
from xtremedistil_tf.export.savedmodel.text.graph_text import (
    Lookup,
    Replacer,
    differs,
    find_keys,
    number_runs,
    utf8_sizes,
)
from xtremedistil_tf.keras2 import tf

# They treat each character by itself. NFD and NFKD also sort marks, which StripAccents removes.
_BY_CHARACTER = ("Lowercase", "StripAccents", "Nmt", "NFD", "NFKD")
_SORTING = ("NFD", "NFKD")
_SPACES = " {2,}"
# Separate tried characters. One of them is no other character's replacement, and stays itself.
_SEPARATORS = "\n0"
# Code points whose property White_Space is true; the tokenizers strip and split at these.
WHITE_SPACE = (*range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029,
               0x202F, 0x205F, 0x3000)
# Bits of a code point, for keys of up to three characters in one number.
_BITS = 21


def flat_parts(part: Optional[Mapping[str, Any]], inner: str) -> List[Mapping[str, Any]]:
    """Returns the parts of a normalizer or pre-tokenizer without the sequences around them.

    Args:
      part: its definition in tokenizer.json.
      inner: the key of a sequence's parts.
    """
    if part is None:
        return []
    if part["type"] != "Sequence":
        return [part]
    return [one for nested in part[inner] for one in flat_parts(nested, inner)]


def white_space() -> Lookup:
    """Returns a table that is 1 for white space."""
    table = np.zeros(CODES, np.uint8)
    table[list(WHITE_SPACE)] = 1
    return Lookup(table)


def character_step(parts: Sequence[Mapping[str, Any]]) -> Replacer:
    """Builds the step of normalizers that treat each character by itself, by trying each."""
    blank = json.loads(Tokenizer(models.BPE()).to_str())
    blank["normalizer"] = {"type": "Sequence", "normalizers": list(parts)}
    normalizer = Tokenizer.from_str(json.dumps(blank)).normalizer
    for separator in _SEPARATORS:
        chars = [chr(code) for code in probed() if chr(code) != separator]
        results = normalizer.normalize_str(separator.join(chars)).split(separator)
        if len(results) == len(chars):
            break
    else:
        raise NotInGraph("its normalizer cannot be tried character by character")
    change = np.zeros(CODES, np.int32)
    rows: Dict[str, int] = {}
    for char, result in zip(chars, results):
        if result != char:
            change[ord(char)] = rows.setdefault(result, len(rows) + 1)
    return Replacer(spread(change), code_rows(rows))


class ClusterStep(tf.Module):
    """`Precompiled`: replaces short clusters of characters as a whole, and other characters alone.

    If the begin of a short cluster is a key, its value replaces the whole cluster, marks that are
    not in the key included.

    Args:
      replacements: see `charsmap.read_charsmap`.
    """

    def __init__(self, replacements: Mapping[str, str]):
        super().__init__()
        rows = {value: index + 1 for index, value in enumerate(dict.fromkeys(
            replacements.values()))}
        change, keys = np.zeros(CODES, np.int32), {-1: 0}
        for key, value in replacements.items():
            if len(key) == 1:
                change[ord(key)] = rows[value]
            elif len(key) <= 3:  # Longer ones would be ASCII only, which makes no cluster.
                keys[self._number(*map(ord, key))] = rows[value]
        self._joins = Lookup(cluster_joins())
        self._replace = Replacer(change, code_rows(rows))
        self._keys = tf.constant(sorted(keys), tf.int64)
        self._key_rows = tf.constant([keys[key] for key in sorted(keys)], tf.int32)

    @staticmethod
    def _number(first: Any, second: Any = 0, third: Any = 0) -> Any:
        """Returns the number of a key of up to three code points (ints or int64 tensors)."""
        return (first * 2**_BITS + second) * 2**_BITS + third

    def _found(self, key: Any) -> Any:
        """Returns the replacements of keys, int64 [n]; 0 for what is no key."""
        at, there = find_keys(self._keys, key)
        return tf.where(there, tf.gather(self._key_rows, at), 0)

    def _begins(self, chars: Any, owner: Any) -> Any:
        """Returns True for characters that begin a cluster."""
        joins = self._joins(chars)
        before, earlier = tf.roll(joins, 1, 0), tf.roll(chars, 1, 0)
        joined = ((joins == JOINS_BEFORE) & (before != CONTROL)
                  | (before == JOINS_AFTER) & (joins != CONTROL)
                  | (earlier == ord("\r")) & (chars == ord("\n")))
        return ~joined | differs(owner)

    def __call__(self, chars: Any, owner: Any) -> Tuple[Any, Any]:
        """Normalizes int32 [characters]; returns characters and their words."""
        begins = self._begins(chars, owner)
        cluster, first = number_runs(begins), tf.cast(tf.where(begins)[:, 0], tf.int32)
        sizes = utf8_sizes(chars)
        short = tf.math.segment_sum(sizes, cluster) < LONG_CLUSTER
        count = tf.math.segment_sum(tf.ones_like(sizes), cluster)
        long_chars = tf.cast(tf.pad(chars, [[0, 2]]), tf.int64)
        one, two, three = (tf.gather(long_chars, first + place) for place in range(3))
        change = self._replace.change(chars)
        found = [tf.gather(change, first),
                 tf.where(count > 1, self._found(self._number(one, two)), 0),
                 tf.where(count > 2, self._found(self._number(one, two, three)), 0)]
        whole = tf.where(short & (count > 1), tf.reduce_max(tf.stack(found), 0), 0)
        inside = tf.gather(whole, cluster)
        change = tf.where(inside > 0, inside, change)
        return self._replace.apply(chars, owner, change, kept=begins | (inside == 0))


class StripStep(tf.Module):
    """`Strip`: removes white space at the begin and the end of words."""

    def __init__(self, left: bool, right: bool):
        super().__init__()
        self._left, self._right, self._white = left, right, white_space()

    def __call__(self, chars: Any, owner: Any) -> Tuple[Any, Any]:
        """Normalizes int32 [characters]; returns characters and their words."""
        begins, inner = differs(owner), self._white(chars) == 0
        word, count = number_runs(begins), tf.cumsum(tf.cast(inner, tf.int32))
        before = tf.boolean_mask(count - tf.cast(inner, tf.int32), begins)
        seen = count - tf.gather(before, word)
        total = tf.math.segment_sum(tf.cast(inner, tf.int32), word)
        kept = tf.ones_like(inner)
        if self._left:
            kept &= seen > 0
        if self._right:
            kept &= inner | (seen < tf.gather(total, word))
        return tf.boolean_mask(chars, kept), tf.boolean_mask(owner, kept)


class RunStep(tf.Module):
    """`Replace` of a character that stands several times in a row.

    Args:
      char: code point of the character.
      length: how many make one match.
      content: code point that replaces a match.
      all_of_them: a match is the whole run, if it has `length` characters or more.
    """

    def __init__(self, char: int, length: int, content: int, all_of_them: bool):
        super().__init__()
        self._char, self._length, self._content = char, length, content
        self._all_of_them = all_of_them

    def __call__(self, chars: Any, owner: Any) -> Tuple[Any, Any]:
        """Normalizes int32 [characters]; returns characters and their words."""
        mine = chars == self._char
        begins = differs(tf.cast(mine, tf.int32)) | differs(owner)
        run = number_runs(begins)
        place = tf.range(tf.size(chars)) - tf.gather(
            tf.cast(tf.where(begins)[:, 0], tf.int32), run)
        count = tf.gather(tf.math.segment_sum(tf.ones_like(chars), run), run)
        if self._all_of_them:
            matched, first = mine & (count >= self._length), place == 0
        else:
            matched = mine & (place < count // self._length * self._length)
            first = place % self._length == 0
        kept = ~matched | first
        chars = tf.where(matched, self._content, chars)
        return tf.boolean_mask(chars, kept), tf.boolean_mask(owner, kept)


def _replaced(part: Mapping[str, Any]) -> Optional[tf.Module]:
    """Returns the step of a `Replace`; None if it treats each character by itself."""
    (form, pattern), = part["pattern"].items()
    content = part["content"]
    if form == "String" and len(pattern) == 1:
        return None
    if len(content) == 1:
        if form == "Regex" and pattern == _SPACES:
            return RunStep(ord(" "), 2, ord(content), True)
        if form == "String" and len(set(pattern)) == 1:
            return RunStep(ord(pattern[0]), len(pattern), ord(content), False)
    raise NotInGraph(f"its normalizer replaces {pattern!r} by {content!r}")


def _other_step(part: Mapping[str, Any]) -> tf.Module:
    """Returns the step of a normalizer that does not treat each character by itself."""
    if part["type"] == "Precompiled":
        try:
            return ClusterStep(read_charsmap(base64.b64decode(part["precompiled_charsmap"])))
        except (ValueError, IndexError) as error:
            raise NotInGraph(f"its precompiled_charsmap is damaged: {error}") from None
    if part["type"] == "Strip":
        return StripStep(part["strip_left"], part["strip_right"])
    raise NotInGraph(f"its normalizer is {part['type']}")


def normalizer_steps(definition: Optional[Mapping[str, Any]]) -> List[Any]:
    """Builds the steps of a normalizer.

    Args:
      definition: the normalizer in tokenizer.json.

    Returns:
      Modules that map (int32 characters, int32 words) to the same, in order.

    Raises:
      NotInGraph: if a graph has no such normalizer.
    """
    steps: List[Any] = []
    waiting: List[Mapping[str, Any]] = []

    def flush() -> None:
        names = [part["type"] for part in waiting]
        for place, name in enumerate(names):
            if name in _SORTING and "StripAccents" not in names[place:]:
                raise NotInGraph(f"its normalizer has {name} without StripAccents")
        if waiting:
            steps.append(character_step(waiting))
        waiting.clear()

    for part in flat_parts(definition, "normalizers"):
        step = None if part["type"] in _BY_CHARACTER else (
            _replaced(part) if part["type"] == "Replace" else _other_step(part))
        if step is None:
            waiting.append(part)
        else:
            flush()
            steps.append(step)
    flush()
    return steps
