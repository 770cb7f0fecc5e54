"""The tokenizers that have a form in a graph, by the type of their model."""

import json
import pathlib
from typing import Any, Callable, Dict, List, Mapping, Tuple

import numpy as np
from tokenizers import Tokenizer

from xtremedistil_tf.export.common.check import first_difference
from xtremedistil_tf.export.savedmodel.text.bpe import BpePieces
from xtremedistil_tf.export.savedmodel.text.characters import (
    NotInGraph,
    check_word_piece,
    piece_tables,
)
from xtremedistil_tf.export.savedmodel.text.graph_text import GraphTokenizer, Pieces, given_words
from xtremedistil_tf.export.savedmodel.text.unigram import UnigramPieces
from xtremedistil_tf.keras2 import tf


def _word_piece(
    tokenizer: Tokenizer, parts: Mapping[str, Any], folder: pathlib.Path
) -> GraphTokenizer:
    check_word_piece(tokenizer)
    tables = piece_tables(tokenizer)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_bytes("\n".join([*tables.vocabulary, ""]).encode("utf-8"))
    return Pieces(tables, str(vocabulary))


def _unigram(
    tokenizer: Tokenizer, parts: Mapping[str, Any], folder: pathlib.Path
) -> GraphTokenizer:
    return UnigramPieces(tokenizer, parts)


def _bpe(
    tokenizer: Tokenizer, parts: Mapping[str, Any], folder: pathlib.Path
) -> GraphTokenizer:
    return BpePieces(tokenizer, parts)


_BUILDERS: Dict[str, Callable[[Tokenizer, Mapping[str, Any], pathlib.Path], GraphTokenizer]] = {
    "WordPiece": _word_piece, "Unigram": _unigram, "BPE": _bpe,
}


def graph_tokenizer(tokenizer: Tokenizer, folder: pathlib.Path) -> GraphTokenizer:
    """Builds a tokenizer in a graph, and compares both on a few words.

    Args:
      tokenizer: the tokenizer.
      folder: folder for files that become assets of the SavedModel; it must exist until that is
        saved.

    Raises:
      NotInGraph: if there is no such graph.
      UserError: if tensorflow-text is missing.
    """
    parts = json.loads(tokenizer.to_str())
    kind = parts["model"]["type"]
    if kind not in _BUILDERS:
        raise NotInGraph(f"its tokenizer's model is {kind}; a graph has {', '.join(_BUILDERS)}")
    found_first = [token["content"] for token in parts["added_tokens"] if not token["special"]]
    if found_first:
        raise NotInGraph(f"its tokenizer looks for the added token {found_first[0]!r} first")
    built = _BUILDERS[kind](tokenizer, parts, folder)

    def read(words: List[str]) -> Tuple[Any, Any]:
        row = tf.constant(np.array([words], object), tf.string)
        return tuple(value.numpy() for value in built(given_words(row, tf.ones_like(row != ""))))

    unlike = first_difference(read, tokenizer)
    if unlike is not None:
        raise NotInGraph(f"a graph reads {unlike!r} in other subword tokens than its tokenizer")
    return built
