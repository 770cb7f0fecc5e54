"""The pre-tokenizers of SentencePiece and of byte-level tokenizers inside a graph.

A pre-tokenizer splits words into parts, which a model then splits into subword tokens.
"""

import functools
from typing import Any, List, Mapping, NamedTuple, Optional

import numpy as np
from tokenizers import pre_tokenizers

from xtremedistil_tf.export.savedmodel.text.characters import CODES, NotInGraph, probed, spread
from xtremedistil_tf.export.savedmodel.text.graph_text import Lookup, differs
from xtremedistil_tf.export.savedmodel.text.normalizer import flat_parts, white_space
from xtremedistil_tf.keras2 import tf

# Classes of characters in the pattern of byte-level tokenizers.
_SPACE, _LETTER, _NUMBER, _OTHER = range(4)


class Parts(NamedTuple):
    """Parts of words, flat.

    Attributes:
      chars: int32 [characters], code points of all parts.
      owner: int32 [characters], index of each character's word.
      begins: bool [characters], True where a part begins.
    """

    chars: Any
    owner: Any
    begins: Any


def _with_prefix(chars: Any, owner: Any, begins: Any, bare: Any, prefix: int) -> Parts:
    """Puts a character before each character that is `bare` (bool), in the part that it begins."""
    source = tf.repeat(tf.range(tf.size(chars)), 1 + tf.cast(bare, tf.int32))
    first = differs(source)
    return Parts(tf.where(first & tf.gather(bare, source), prefix, tf.gather(chars, source)),
                 tf.gather(owner, source), first & tf.gather(begins, source))


class MetaspaceParts(tf.Module):
    """`Metaspace`, perhaps after `WhitespaceSplit`: a part begins with the character for spaces.

    Args:
      found: definition of the Metaspace.
      splits: split at all white space first.
    """

    def __init__(self, found: Mapping[str, Any], splits: bool):
        super().__init__()
        scheme = found.get("prepend_scheme", "always") if found.get("add_prefix_space", True) \
            else "never"
        if found.get("split") is False:
            raise NotInGraph("its pre-tokenizer Metaspace does not split")
        if scheme == "first" and splits:
            raise NotInGraph("its pre-tokenizer marks the first part of a word only")
        self._splits, self._prefixed = splits, scheme != "never"
        self._marker, self._white = ord(found["replacement"]), white_space()

    def __call__(self, chars: Any, owner: Any) -> Parts:
        """Splits words, given int32 [characters] and the word of each."""
        begins = differs(owner)
        if self._splits:
            kept = tf.cast(tf.where(self._white(chars) == 0)[:, 0], tf.int32)
            chars, owner = tf.gather(chars, kept), tf.gather(owner, kept)
            begins = differs(kept - tf.range(tf.size(kept))) | differs(owner)
        chars = tf.where(chars == ord(" "), self._marker, chars)
        if self._prefixed:
            chars, owner, begins = _with_prefix(
                chars, owner, begins, begins & (chars != self._marker), self._marker)
        return Parts(chars, owner, begins | (chars == self._marker))


@functools.lru_cache(maxsize=None)
def _pattern_classes() -> np.ndarray:
    """Returns uint8 [CODES], each character's class, by trying which characters it joins."""
    classes = np.full(CODES, _SPACE, np.uint8)
    codes = [code for code in probed() if chr(code) != "\n"]
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False)
    for kind, before in ((_LETTER, "a"), (_NUMBER, "1"), (_OTHER, "!")):
        text = "\n".join(before + chr(code) for code in codes)
        ends = [end for _, (begin, end) in splitter.pre_tokenize_str(text)
                if begin % 3 == 0 and end == begin + 2]
        classes[[codes[end // 3] for end in ends]] = kind
    return spread(classes)


def _next(values: Any, owner: Any, step: int, fill: Any) -> Any:
    """Returns the values `step` places later in the same word; `fill` beyond its end."""
    same = tf.concat([owner[step:] == owner[:-step], tf.zeros_like(owner[:step], tf.bool)], 0)
    return tf.where(same, tf.roll(values, -step, 0), fill)


class BytePatternParts(tf.Module):
    """`ByteLevel`: splits words as GPT-2's pattern does.

    The pattern: 's|'t|'re|'ve|'m|'ll|'d| ?letters| ?numbers| ?others|white space. White space
    before something else leaves its last character, which begins the next part if it is a space.

    Args:
      found: definition of the ByteLevel.
    """

    def __init__(self, found: Mapping[str, Any]):
        super().__init__()
        if found.get("use_regex") is False:
            raise NotInGraph("its pre-tokenizer ByteLevel does not split")
        self._prefixed, self._classes = found["add_prefix_space"], Lookup(_pattern_classes())

    def __call__(self, chars: Any, owner: Any) -> Parts:
        """Splits words, given int32 [characters] and the word of each."""
        begins = differs(owner)
        if self._prefixed:
            chars, owner, begins = _with_prefix(
                chars, owner, begins, begins & (chars != ord(" ")), ord(" "))
        classes = self._classes(chars)
        run = begins | differs(classes)
        before = tf.where(begins, 0, tf.roll(chars, 1, 0))
        # The last of several white space characters is set apart, unless the word ends there.
        last = (classes == _SPACE) & (_next(classes, owner, 1, _SPACE) != _SPACE)
        after_space = (classes != _SPACE) & (before == ord(" "))
        short, length = self._contractions(chars, owner, run & ~after_space)
        begins = ((run | last) & ~after_space) & ~self._later(short, 1)
        for letters in (1, 2):
            begins |= self._later(short & (length == letters), letters + 1)
        return Parts(chars, owner, begins | differs(owner))

    @staticmethod
    def _later(values: Any, step: int) -> Any:
        """Moves bool values `step` places on; none falls on a place before."""
        return tf.concat([tf.zeros_like(values[:step]), values[:-step]], 0)

    @staticmethod
    def _contractions(chars: Any, owner: Any, begins: Any) -> Any:
        """Returns (True at an apostrophe that begins a contraction, its number of letters)."""
        one, two = (_next(chars, owner, step, 0) for step in (1, 2))
        double = tf.reduce_any(tf.stack(
            [(one == ord(pair[0])) & (two == ord(pair[1])) for pair in ("re", "ve", "ll")]), 0)
        single = tf.reduce_any(one[:, None] == [ord(letter) for letter in "stmd"], 1)
        return (begins & (chars == ord("'")) & (single | double),
                tf.where(single, 1, 2))


def make_parts(definition: Optional[Mapping[str, Any]]) -> Any:
    """Builds a pre-tokenizer.

    Args:
      definition: the pre-tokenizer in tokenizer.json.

    Returns:
      A module that maps (int32 [characters], the word of each) to `Parts`.

    Raises:
      NotInGraph: if a graph has no such pre-tokenizer.
    """
    parts = flat_parts(definition, "pretokenizers")
    names: List[str] = [part["type"] for part in parts]
    if names in (["Metaspace"], ["WhitespaceSplit", "Metaspace"]):
        return MetaspaceParts(parts[-1], len(names) > 1)
    if names == ["ByteLevel"]:
        return BytePatternParts(parts[0])
    raise NotInGraph(f"its pre-tokenizer is {', '.join(names) or 'nothing'}")

