"""SentencePiece's Unigram tokenizer inside a TensorFlow graph.

The operation of TensorFlow Text finds the most probable subword tokens. Normalization and white
space are ours, since the fast tokenizers do both in another way than SentencePiece.
"""

from typing import Any, List, Mapping, Tuple

from tokenizers import Tokenizer

from xtremedistil_tf.export.common.protobuf import bytes_field, float_field, int_field
from xtremedistil_tf.export.savedmodel.text.characters import NotInGraph, special_ids
from xtremedistil_tf.export.savedmodel.text.graph_text import (
    GraphTokenizer,
    Words,
    differs,
    number_runs,
)
from xtremedistil_tf.export.savedmodel.text.normalizer import normalizer_steps
from xtremedistil_tf.export.savedmodel.text.parts import MetaspaceParts, make_parts
from xtremedistil_tf.inference.runtimes.text_ops import SENTENCEPIECE, load_text_ops
from xtremedistil_tf.keras2 import tf

# Numbers of sentencepiece_model.proto.
_PIECES, _NORMALIZER = 1, 3
_PIECE, _SCORE, _TYPE = 1, 2, 3
_NORMAL, _UNKNOWN = 1, 2
# The operation adds scores as 32-bit floats, the fast tokenizers as 64-bit ones. Scores that are
# multiples of this are added exactly up to 512, so that equally probable ways are equal there too.
_SCORE_STEP = 2.0**-15
_NAME, _DUMMY_PREFIX, _REMOVE_SPACES, _ESCAPE_SPACES = 1, 3, 4, 5


def model_proto(vocabulary: List[Tuple[str, float]], unknown: int) -> bytes:
    """Encodes a SentencePiece model with the ids of a fast tokenizer, and one more at the end.

    The fast tokenizers find every piece in a text, special tokens and the unknown one too. If two
    pieces are equal, the last one counts. So special tokens are normal pieces here, pieces that
    cannot be found get names with a space, which no text has after normalization, and the unknown
    piece stands a second time at the end, as a normal piece.

    Args:
      vocabulary: pieces by id, with their scores (log probabilities).
      unknown: id of the unknown piece.
    """
    last = {piece: place for place, (piece, _) in enumerate(vocabulary)}
    pieces = [(piece if piece and last[piece] == place and place != unknown else f" {place}",
               score, _UNKNOWN if place == unknown else _NORMAL)
              for place, (piece, score) in enumerate(vocabulary)]
    name, score = vocabulary[unknown]
    pieces.append((name if last[name] == unknown else f" {len(vocabulary)}", score, _NORMAL))
    encoded = b"".join(
        bytes_field(_PIECES, bytes_field(_PIECE, piece.encode("utf-8"))
                    + float_field(_SCORE, round(score / _SCORE_STEP) * _SCORE_STEP)
                    + int_field(_TYPE, kind))
        for piece, score, kind in pieces)
    return encoded + bytes_field(_NORMALIZER, bytes_field(_NAME, b"identity") + b"".join(
        int_field(number, 0) for number in (_DUMMY_PREFIX, _REMOVE_SPACES, _ESCAPE_SPACES)))


class _Model(tf.saved_model.experimental.TrackableResource):
    """The model in the graph; TF Serving reads it from saved_model.pb."""

    def __init__(self, model: bytes):
        super().__init__()
        self._model = model
        # Reading it creates the operation here; in a function it would belong to that function.
        assert self.resource_handle is not None

    def _create_resource(self) -> Any:
        return load_text_ops(SENTENCEPIECE).sentencepiece_op(model=self._model)


def _check_model(model: Mapping[str, Any]) -> None:
    if model.get("unk_id") is None:
        raise NotInGraph("its Unigram model has no unknown token")
    if model.get("byte_fallback"):
        raise NotInGraph("its Unigram model falls back to bytes")
    if any("\0" in piece for piece, _ in model["vocab"]):
        # SentencePiece ends the process: it holds pieces in a trie of C strings.
        raise NotInGraph("its Unigram model has a token with the character U+0000")


class UnigramPieces(GraphTokenizer):
    """Splits words into subword tokens with a Unigram model.

    Args:
      tokenizer: the tokenizer.
      parts: its definition in tokenizer.json.

    Raises:
      NotInGraph: if the tokenizer has a part that a graph cannot do.
    """

    def __init__(self, tokenizer: Tokenizer, parts: Mapping[str, Any]):
        super().__init__(special_ids(tokenizer))
        _check_model(parts["model"])
        self._parts = make_parts(parts["pre_tokenizer"])
        self._steps = normalizer_steps(parts["normalizer"])
        if not isinstance(self._parts, MetaspaceParts):
            raise NotInGraph("its Unigram model splits bytes")
        vocabulary = [(piece, score) for piece, score in parts["model"]["vocab"]]
        self._unknown, self._extra = parts["model"]["unk_id"], len(vocabulary)
        self._model = _Model(model_proto(vocabulary, self._unknown))

    def __call__(self, words: Words) -> Tuple[Any, Any]:
        """Splits words into subword tokens; see the base class."""
        chars, owner = words.chars, words.char_word
        for step in self._steps:
            chars, owner = step(chars, owner)
        chars, owner, begins = self._parts(chars, owner)
        texts = tf.strings.unicode_encode(
            tf.RaggedTensor.from_value_rowids(chars, number_runs(begins), validate=False), "UTF-8")
        ids, splits = load_text_ops(SENTENCEPIECE).sentencepiece_tokenize_op(
            self._model.resource_handle, texts, 0, 1.0, False, False, False)
        part = tf.cast(tf.RaggedTensor.from_row_splits(
            ids, splits, validate=False).value_rowids(), tf.int32)
        ids = tf.where(ids == self._extra, self._unknown, ids)
        # Several unknown tokens in a row are one.
        kept = (ids != self._unknown) | differs(ids) | differs(part)
        return (tf.boolean_mask(ids, kept),
                tf.boolean_mask(tf.gather(tf.boolean_mask(owner, begins), part), kept))
