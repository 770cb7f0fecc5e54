"""SavedModel signatures for token ids, for texts to classify, and for pairs of texts."""

from typing import Any, Dict, List, NamedTuple, Tuple

from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.export.savedmodel.rounded import Rounded
from xtremedistil_tf.export.savedmodel.text.characters import space_classes
from xtremedistil_tf.export.savedmodel.text.graph_text import GraphTokenizer, WordSplitter
from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.metrics.uncertainty.temperature import thresholds_of
from xtremedistil_tf.tasks import task_kind

_IDS = [tf.TensorSpec([None, None], tf.int32, name="input_ids"),
        tf.TensorSpec([None, None], tf.int32, name="attention_mask")]


class IdsModule(tf.Module):
    """Maps ids of the tokenizer to logits."""

    def __init__(self, forms: Forms, assets: Assets):
        super().__init__()
        self._student = Rounded(forms.graph(), seq_len_limit=forms.seq_len_limit)
        self._to_student = tf.constant(assets.vocabulary.table)

    @tf.function(input_signature=_IDS)
    def run_ids(self, input_ids: Any, attention_mask: Any) -> Dict[str, Any]:
        """Returns float32 logits [batch, time, classes], or [batch, classes] if the student pools.

        Sequences are padded on the right; their mask is 0 there.
        """
        present = attention_mask > 0
        ids = tf.where(present, tf.gather(self._to_student, input_ids), 0)
        lengths = tf.reduce_sum(tf.cast(present, tf.int32), 1)
        return {"logits": self._student(ids, lengths)}


class SpanModule(IdsModule):
    """Maps token ids to scores of answer begins and ends. The client cuts texts into windows."""

    @tf.function(input_signature=_IDS)
    def find_spans(self, input_ids: Any, attention_mask: Any) -> Dict[str, Any]:
        """Returns start_logits and end_logits, float32 [batch, time]; see `run_ids`."""
        logits = self.run_ids(input_ids, attention_mask)["logits"]
        return {"start_logits": logits[:, :, 0], "end_logits": logits[:, :, 1]}


class _Text(NamedTuple):
    """The subword tokens of a batch of texts, flat.

    Attributes:
      ids: int32 [tokens], the student's ids.
      row, place: int32 [tokens], index of each token's text, and position in the text.
      count: int32 [batch], number of tokens of each text.
    """

    ids: Any
    row: Any
    place: Any
    count: Any


def longest_first(first: Any, second: Any, most: int) -> List[Any]:
    """Computes how many tokens of each text of a pair the tokenizer keeps ("longest_first").

    A text that needs at most half of the space stays whole. If both need more, each gets half; an
    odd token goes to the longer text, or to the second if both are equally long.

    Args:
      first, second: int32 [batch], tokens of each text.
      most: largest number of tokens of both texts together.

    Returns:
      [tokens kept of the first text, of the second], each int32 [batch].
    """
    shorter = tf.minimum(first, second)
    shorter = tf.where(2 * shorter <= most, shorter, most // 2)
    turned, whole = first > second, first + second <= most
    kept = (tf.where(turned, most - shorter, shorter), tf.where(turned, shorter, most - shorter))
    return [tf.where(whole, all_, some) for all_, some in zip((first, second), kept)]


class _TextsModule(IdsModule):
    """Classifies texts: the common part of single texts and pairs."""

    def __init__(self, forms: Forms, assets: Assets, tokenizer: GraphTokenizer):
        super().__init__(forms, assets)
        self._split = WordSplitter(True, classes=space_classes())
        self._pieces = tokenizer
        self._classes = tf.constant(assets.labels.tags)
        kind = task_kind(assets.labels.kind)
        self._has_classes, self._several = kind.classes, kind.several
        self._temperature = assets.temperature
        self._thresholds = tf.constant(
            thresholds_of(assets.record, assets.labels.tags), tf.float32)
        self._seq_len = int(assets.record["seq_len"])
        table, special = assets.vocabulary.table, tokenizer.special
        self._opening, self._closing = int(table[special.opening]), int(table[special.closing])
        self._between = [int(table[piece]) for piece in special.between]

    def _text(self, text: Any) -> _Text:
        words, batch = self._split(text), tf.size(text)
        ids, owner = self._pieces(words)
        row = tf.gather(words.row, owner)
        count = tf.math.bincount(row, minlength=batch, maxlength=batch)
        place = tf.range(tf.size(ids)) - tf.gather(tf.cumsum(count, exclusive=True), row)
        return _Text(tf.gather(self._to_student, ids), row, place, count)

    def _scored(self, texts: List[_Text], kept: List[Any]) -> Dict[str, Any]:
        """Builds sequences ([CLS] text [SEP], or [CLS] text [SEP] text [SEP]) and scores them.

        Some tokenizers put two special tokens between the texts of a pair.

        Args:
          texts: one text, or the two of a pair.
          kept: for each, int32 [batch], number of tokens to keep.
        """
        after = [self._between] * (len(kept) - 1) + [[self._closing]]
        special = 1 + sum(map(len, after))
        lengths = special + tf.add_n(kept)
        at = tf.range(tf.reduce_max(tf.concat([lengths, [special]], 0)))[None, :]
        laid = tf.where((at == 0) & (lengths[:, None] > 0), self._opening, 0)
        begin = tf.ones_like(lengths)
        for text, count, closing in zip(texts, kept, after):
            inside = text.place < tf.gather(count, text.row)
            where = tf.stack([text.row, tf.gather(begin, text.row) + text.place], 1)
            laid = tf.tensor_scatter_nd_update(
                laid, tf.boolean_mask(where, inside), tf.boolean_mask(text.ids, inside))
            begin += count
            for piece in closing:
                laid = tf.where(at == begin[:, None], piece, laid)
                begin += 1
        cut = tf.reduce_any(
            tf.stack([text.count > count for text, count in zip(texts, kept)]), 0)
        return self._answer(self._student(laid, lengths), cut)

    def _answer(self, logits: Any, cut: Any) -> Dict[str, Any]:
        if not self._has_classes:
            return {"score": logits[:, 0], "cut": cut}
        logits = logits / self._temperature
        if self._several:
            scores = tf.sigmoid(logits)
            return {"classes": tf.broadcast_to(self._classes, tf.shape(scores)), "scores": scores,
                    "given": scores >= self._thresholds, "cut": cut}
        scores = tf.nn.softmax(logits)
        best = tf.argmax(scores, -1, tf.int32)
        return {"label": tf.gather(self._classes, best), "score": tf.reduce_max(scores, -1),
                "classes": tf.broadcast_to(self._classes, tf.shape(scores)), "scores": scores,
                "cut": cut}


class _ClassModule(_TextsModule):
    """Classifies single texts."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def classify(self, text: Any) -> Dict[str, Any]:
        """Maps running text [batch] to label, score, cut [batch], and classes, scores [batch, C].

        A regression returns only score (the number) and cut. Where a text may have several labels,
        bool given [batch, C] in place of label and score says which it has.
        """
        found = self._text(text)
        return self._scored([found], [tf.minimum(found.count, self._seq_len - 2)])


class _PairModule(_TextsModule):
    """Classifies pairs of texts."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text"),
                                  tf.TensorSpec([None], tf.string, name="text_pair")])
    def classify(self, text: Any, text_pair: Any) -> Dict[str, Any]:
        """Maps pairs of running texts [batch] to the same results as single texts."""
        texts = [self._text(text), self._text(text_pair)]
        kept = longest_first(texts[0].count, texts[1].count, self._seq_len - 2 - len(self._between))
        return self._scored(texts, kept)


# (module, its signatures by name).
Signatures = Tuple[tf.Module, Dict[str, Any]]


def text_signatures(
    forms: Forms, assets: Assets, tokenizer: GraphTokenizer, keep_whole: bool
) -> Signatures:
    """Returns the signatures of a classifier of texts or pairs; words are split at spaces."""
    module = (_ClassModule if assets.separator is None else _PairModule)(
        forms, assets, tokenizer)
    return module, {"serving_default": module.classify, "input_ids": module.run_ids}


def ids_signatures(forms: Forms, assets: Assets) -> Signatures:
    """Returns the signatures of a student that takes ids only."""
    module = IdsModule(forms, assets)
    return module, {"serving_default": module.run_ids, "input_ids": module.run_ids}


def span_signatures(forms: Forms, assets: Assets) -> Signatures:
    """Returns the signatures of a student for question answering."""
    module = SpanModule(forms, assets)
    return module, {"serving_default": module.find_spans, "input_ids": module.run_ids}
