"""SentencePiece's table of replaced characters, and the clusters of characters that it is read by.

Source: google/sentencepiece, normalizer.cc (the format), and the crate spm_precompiled with
`Precompiled` of huggingface/tokenizers (how the fast tokenizers read it).
"""

import functools
from typing import Any, Dict, List, Mapping

import numpy as np
from tokenizers import normalizers

from xtremedistil_tf.export.savedmodel.text.characters import CODES, probed, spread

# A cluster of this many bytes or more is read character by character.
LONG_CLUSTER = 6
# How a character joins its neighbours to a cluster.
JOINS_NONE, JOINS_BEFORE, CONTROL, JOINS_AFTER = range(4)

# Two combining marks of two bytes, for the probes.
_MARK, _OTHER_MARK = "\u0301", "\u0300"


def read_charsmap(data: bytes) -> Dict[str, str]:
    """Reads the keys of a precompiled charsmap, as far as the fast tokenizers use them.

    They replace a cluster by the value of its shortest prefix that is a key. So a key that begins
    with another one never counts, nor does one that is longer than a short cluster.

    Args:
      data: the size of a trie in bytes, the trie (a double array), and its values, each with a 0
        at the end.

    Returns:
      Replacements by key; a key is one to five bytes in UTF-8.

    Raises:
      ValueError: if a key is not whole characters, or the data are damaged.
    """
    size = int.from_bytes(data[:4], "little")
    units, values = np.frombuffer(data, "<u4", size // 4, 4).astype(np.int64), data[4 + size:]
    offsets = (units >> 10) << ((units & 1 << 9) >> 6)
    labels = np.arange(1, 256)
    found: Dict[str, str] = {}
    nodes, prefixes = offsets[:1], [b""]
    while len(nodes) and len(prefixes[0]) < LONG_CLUSTER - 1:
        at = nodes[:, None] ^ labels
        inside = at < len(units)
        rows, columns = np.nonzero(
            inside & ((units[np.where(inside, at, 0)] & (1 << 31 | 255)) == labels))
        at = at[rows, columns]
        nodes = at ^ offsets[at]
        ends = (units[at] >> 8 & 1).astype(bool)
        prefixes = [prefixes[row] + bytes([label]) for row, label in zip(rows, labels[columns])]
        for prefix, node in ((prefixes[row], nodes[row]) for row in np.flatnonzero(ends)):
            start = int(units[node]) & (1 << 31) - 1
            found[prefix.decode("utf-8")] = values[start:values.index(b"\0", start)].decode("utf-8")
        nodes, prefixes = nodes[~ends], [prefixes[row] for row in np.flatnonzero(~ends)]
    return found


def make_charsmap(replacements: Mapping[str, str]) -> bytes:
    """Makes a precompiled charsmap of a few keys; see `read_charsmap`."""
    root: Dict[int, Any] = {}
    values = b""
    starts: Dict[str, int] = {}
    for key, value in replacements.items():
        node = root
        for byte in key.encode("utf-8"):
            node = node.setdefault(byte, {})
        if value not in starts:
            starts[value] = len(values)
            values += value.encode("utf-8") + b"\0"
        node[0] = starts[value]
    units: Dict[int, int] = {0: 0}
    bases = set()

    def place(node: Dict[int, Any], at: int) -> None:
        base = 1
        while base in bases or any(base ^ label in units for label in node):
            base += 1
        bases.add(base)
        units[at] |= (at ^ base) << 10 | (0 in node) << 8
        for label, inner in node.items():
            units[base ^ label] = label if label else 1 << 31 | inner
        for label, inner in node.items():
            if label:
                place(inner, base ^ label)

    place(root, 0)
    trie = np.zeros((max(units) | 255) + 1, "<u4")
    trie[list(units)] = list(units.values())
    return int(trie.nbytes).to_bytes(4, "little") + trie.tobytes() + values


def _after(before: str, chars: List[str], after: str, replacements: Mapping[str, str]) -> List[str]:
    """Normalizes each character between two texts, in one call, with a charsmap of its own."""
    normalizer = normalizers.Precompiled(make_charsmap(replacements))
    # A line feed is a control character, so nothing joins it.
    text = "\n".join(f"{before}{char}{after}" for char in chars)
    return normalizer.normalize_str(text).split("\n")


@functools.lru_cache(maxsize=None)
def cluster_joins() -> np.ndarray:
    """Finds how characters join to clusters (extended grapheme clusters), by trying each.

    The tokenizer cuts text into the clusters of the Unicode version that it was built with. A
    cluster shows itself because a key at its begin replaces the whole cluster.

    Two rules are left out, since their clusters are long and so read by character: syllables of
    Hangul's parts, and emoji that are joined by U+200D or are two regional indicators.

    Returns:
      uint8 [CODES], one of JOINS_NONE, JOINS_BEFORE, CONTROL, JOINS_AFTER for each character.
    """
    chars = [chr(code) for code in probed() if chr(code) != "\n"]
    codes = np.array([*map(ord, chars)])
    joins = np.zeros(CODES, np.uint8)
    alone = _after("", chars, f"a{_MARK}", {"a": "b"})
    joins[codes[[text.endswith(_MARK) for text in alone]]] = JOINS_AFTER
    joined = _after("a", chars, "", {"a": "b"})
    joins[codes[[text == "b" for text in joined]]] = JOINS_BEFORE
    marked = _after("", chars, _MARK + _OTHER_MARK, {_MARK: "b"})
    joins[codes[[not text.endswith(_OTHER_MARK) for text in marked]]] = CONTROL
    joins[ord("\n")] = CONTROL
    return spread(joins)
