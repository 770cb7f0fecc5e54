"""SavedModel signatures of taggers: running text, and text that is split into words."""

from typing import Any, Dict, cast

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.export.savedmodel.class_signatures import IdsModule, Signatures
from xtremedistil_tf.export.savedmodel.graph_student import Decoder, make_windows
from xtremedistil_tf.export.savedmodel.text.characters import word_classes
from xtremedistil_tf.export.savedmodel.text.graph_text import (
    GraphTokenizer,
    Words,
    WordSplitter,
    given_words,
)
from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.keras2 import tf


class TextModule(IdsModule):
    """Tags running text or words."""

    def __init__(
        self, forms: Forms, assets: Assets, tokenizer: GraphTokenizer, keep_whole: bool,
    ):
        super().__init__(forms, assets)
        self._split = WordSplitter(keep_whole, classes=word_classes(assets.segmentation))
        self._pieces = tokenizer
        self._decode = Decoder(cast(LabelSet, assets.labels))
        self._seq_len_limit, self._temperature = assets.seq_len_limit, assets.temperature
        table = assets.vocabulary.table
        self._opening = int(table[tokenizer.special.opening])
        self._closing = int(table[tokenizer.special.closing])

    def _tag(self, words: Words, batch: Any, present: Any) -> Dict[str, Any]:
        """Tags flat words; bool `present` [batch, words] marks their places in the result."""
        ids, owner = self._pieces(words)
        pieces = tf.math.bincount(
            tf.gather(words.row, owner), minlength=batch, maxlength=batch)
        place = tf.range(tf.size(ids)) - tf.gather(
            tf.cumsum(pieces, exclusive=True), tf.gather(words.row, owner))
        # Position of each word's first subword token; -1 for a word without one.
        count = tf.size(words.row)
        far = tf.fill([count], tf.int32.max)
        first = tf.tensor_scatter_nd_min(far, owner[:, None], place)
        has_piece = first < tf.int32.max
        windows = make_windows(
            tf.gather(self._to_student, ids), pieces, self._opening, self._closing, words.row,
            tf.where(has_piece, first, -1), seq_len_limit=self._seq_len_limit)
        logits = tf.gather_nd(self._student(windows.ids, windows.lengths), windows.at)
        where = tf.where(present)
        empty = tf.broadcast_to(
            self._decode.outside, tf.concat([tf.shape(present), self._decode.outside.shape], 0))
        scores = tf.tensor_scatter_nd_update(
            empty, where, self._decode.scores(logits / self._temperature, has_piece))
        return self._decode(scores, present)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def tag_text(self, text: Any) -> Dict[str, Any]:
        """Maps running text [batch] to words, tags and character offsets [batch, words]."""
        words = self._split(text)
        batch = tf.size(text)
        count = tf.math.bincount(words.row, minlength=batch, maxlength=batch)
        present = tf.sequence_mask(count)
        where = tf.where(present)

        def dense(values, fill):
            shape = tf.shape(present)
            return tf.tensor_scatter_nd_update(tf.fill(shape, fill), where, values)

        return {**self._tag(words, batch, present), "tokens": dense(words.text, ""),
                "begin": dense(words.begin, -1), "end": dense(words.end, -1),
                "num_tokens": count}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string, name="tokens")])
    def tag_tokens(self, tokens: Any) -> Dict[str, Any]:
        """Tags words [batch, words]; "" fills short sentences."""
        # An empty word inside a sentence counts as a word; only those at its end are filler.
        filled = tf.cast(tokens != "", tf.int32)
        present = tf.cumsum(filled, axis=1, reverse=True) > 0
        words = given_words(tokens, present)
        return {**self._tag(words, tf.shape(tokens)[0], present),
                "num_tokens": tf.reduce_sum(tf.cast(present, tf.int32), 1)}


def text_signatures(
    forms: Forms, assets: Assets, tokenizer: GraphTokenizer, keep_whole: bool
) -> Signatures:
    """Returns the signatures of a tagger."""
    module = TextModule(forms, assets, tokenizer, keep_whole)
    return module, {"serving_default": module.tag_text, "tokens": module.tag_tokens,
                    "input_ids": module.run_ids}
