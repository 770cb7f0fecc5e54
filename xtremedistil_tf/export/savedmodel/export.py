"""Export as a SavedModel for TF Serving, into export/<version>."""

import pathlib
import tempfile
from typing import Any, Dict, Optional

from absl import logging

from xtremedistil_tf.config import CLASSIFICATION, REGRESSION, SPANS, TAGGING
from xtremedistil_tf.data.labels import LabelSet, Spans
from xtremedistil_tf.data.words import DICTIONARY
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.export.savedmodel.characters import (
    PieceTables,
    piece_tables,
    why_not,
    word_classes,
)
from xtremedistil_tf.export.savedmodel.class_signatures import IdsModule, SpanModule, class_module
from xtremedistil_tf.export.savedmodel.graph_student import Decoder, make_windows
from xtremedistil_tf.export.savedmodel.graph_text import Pieces, Words, WordSplitter, given_words
from xtremedistil_tf.export.savedmodel.warmup import write_warmup
from xtremedistil_tf.inference.assets import SAVED_RECORD, Assets, newest_version
from xtremedistil_tf.inference.runtimes.text_ops import load_text_ops
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.runs import atomic_folder, atomic_path, write_json

BATCHING_FILE, MODELS_FILE = "batching_parameters.txt", "models.config"

# See docs/how-to/serve.md. The server must not pad requests: with pad_variable_length_inputs it
# would fill each request up with that request's first element.
_BATCHING = """max_batch_size { value: 64 }
batch_timeout_micros { value: 0 }
max_enqueued_batches { value: 1000 }
num_batch_threads { value: 2 }
allowed_batch_sizes: 1
allowed_batch_sizes: 4
allowed_batch_sizes: 16
allowed_batch_sizes: 64
"""
_MODELS = """model_config_list {
  config {
    name: 'MODEL'
    base_path: '/models/MODEL'
    model_platform: 'tensorflow'
    model_version_policy { latest { num_versions: 1 } }
  }
}
"""
# By kind of task, what the server calls the model.
_NAMES = {TAGGING: "tagger", CLASSIFICATION: "classifier", REGRESSION: "classifier",
          SPANS: "answerer"}


class _TextModule(IdsModule):
    """Text or words in, tags out."""

    def __init__(
        self, forms: Forms, assets: Assets, tables: PieceTables, vocabulary_file: str,
        keep_whole: bool,
    ):
        super().__init__(forms, assets)
        self._split = WordSplitter(keep_whole, word_classes(assets.segmentation))
        self._pieces = Pieces(tables, vocabulary_file)
        assert isinstance(assets.labels, LabelSet), "classes of texts need no decoding"
        self._decode = Decoder(assets.labels)
        self._most = assets.longest
        table = assets.vocabulary.table
        self._opening, self._closing = int(table[tables.opening]), int(table[tables.closing])

    def _tag(self, words: Words, batch: Any, present: Any) -> Dict[str, Any]:
        """Tags flat words; `present` bool [batch, words] says where in the result they stand."""
        ids, owner = self._pieces(words)
        pieces = tf.math.bincount(
            tf.gather(words.row, owner), minlength=batch, maxlength=batch)
        place = tf.range(tf.size(ids)) - tf.gather(
            tf.cumsum(pieces, exclusive=True), tf.gather(words.row, owner))
        # The first piece of each word; a word without one keeps -1.
        count = tf.size(words.row)
        far = tf.fill([count], tf.int32.max)
        first = tf.tensor_scatter_nd_min(far, owner[:, None], place)
        has_piece = first < tf.int32.max
        windows = make_windows(
            tf.gather(self._to_student, ids), pieces, self._opening, self._closing, words.row,
            tf.where(has_piece, first, -1), self._most)
        logits = tf.gather_nd(self._student(windows.ids, windows.lengths), windows.at)
        where = tf.where(present)
        empty = tf.broadcast_to(
            self._decode.outside, tf.concat([tf.shape(present), self._decode.outside.shape], 0))
        scores = tf.tensor_scatter_nd_update(
            empty, where, self._decode.scores(logits, has_piece))
        return self._decode(scores, present)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def tag_text(self, text: Any) -> Dict[str, Any]:
        """Running text [batch] to words, tags and character offsets [batch, words]."""
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
        """Words that are split already, [batch, words] filled up with "", to their tags."""
        # An empty word inside a row is a word; only those at the end fill up.
        filled = tf.cast(tokens != "", tf.int32)
        present = tf.cumsum(filled, axis=1, reverse=True) > 0
        words = given_words(tokens, present)
        return {**self._tag(words, tf.shape(tokens)[0], present),
                "num_tokens": tf.reduce_sum(tf.cast(present, tf.int32), 1)}


def next_version(base: pathlib.Path) -> int:
    """The version after the highest in an export folder, 1 in an empty one."""
    newest = newest_version(base)
    return 1 if newest is None else int(newest.name) + 1


def _save(module: tf.Module, signatures: Dict[str, Any], folder: pathlib.Path) -> None:
    """Saves without the saver's notes on functions that nobody calls after loading."""
    verbosity, level = logging.get_verbosity(), tf.get_logger().level
    try:
        logging.set_verbosity(logging.ERROR)
        tf.get_logger().setLevel("ERROR")
        tf.saved_model.save(module, str(folder), signatures=signatures)
    finally:
        logging.set_verbosity(verbosity)
        tf.get_logger().setLevel(level)


def _text_signatures_missing(assets: Assets) -> Optional[str]:
    """Why this export takes no text; None if it does."""
    if isinstance(assets.labels, Spans):
        return "contexts are cut into windows, and answers out of contexts, outside the graph"
    reason = why_not(assets.tokenizer)
    if reason is None:
        try:
            load_text_ops()
        except UserError as error:
            reason = str(error)
    return reason


def export_saved_model(
    forms: Forms, assets: Assets, base: pathlib.Path, version: Optional[int] = None,
    keep_whole: bool = False,
) -> pathlib.Path:
    """Writes a SavedModel with its warm-up requests, and the server's files beside it.

    Signatures: `serving_default` takes text, `tokens` words (taggers only), `input_ids` the ids of
    the student folder's tokenizer. Where the tokenizer has no form in a graph, a warning says so
    and `serving_default` is `input_ids`; where answers are looked for, it takes the same ids and
    gives `start_logits` and `end_logits`.

    Args:
      forms: of the student.
      assets: its tokenizer, vocabulary and labels.
      base: e.g. export; the model goes into base/<version>.
      version: by default the next free one; an existing one is replaced as a whole.
      keep_whole: whether `text` is split at white space only.

    Returns:
      The version's folder.

    Raises:
      UserError: for a version below 1.
    """
    base = pathlib.Path(base)
    version = next_version(base) if version is None else version
    if version < 1:
        raise UserError(f"version is {version}; allowed: 1 and above")
    reason = _text_signatures_missing(assets)
    with tempfile.TemporaryDirectory() as scratch, atomic_folder(base / str(version)) as folder:
        if reason is None:
            tables = piece_tables(assets.tokenizer)
            vocabulary = pathlib.Path(scratch) / "vocab.txt"
            vocabulary.write_bytes("\n".join([*tables.vocabulary, ""]).encode("utf-8"))
            if assets.labels.pooled:
                module = class_module(forms, assets, tables, str(vocabulary))
                signatures = {"serving_default": module.classify}
            else:
                module = _TextModule(forms, assets, tables, str(vocabulary), keep_whole)
                signatures = {"serving_default": module.tag_text, "tokens": module.tag_tokens}
        else:
            logging.warning("the SavedModel takes piece ids only, not text: %s", reason)
            answers = isinstance(assets.labels, Spans)
            module = (SpanModule if answers else IdsModule)(forms, assets)
            signatures = {"serving_default": module.find_spans if answers else module.run_ids}
        if assets.segmentation == DICTIONARY and "tokens" in signatures:
            logging.warning(
                "the SavedModel's text signature knows no dictionary: it takes a run of Thai, Lao, "
                "Khmer, Burmese, Chinese or Japanese as one word; send words to `tokens`")
        _save(module, {**signatures, "input_ids": module.run_ids}, folder)
        write_warmup(folder, reason is None, "tokens" in signatures, assets.longest,
                     assets.separator is not None)
        write_json(folder / SAVED_RECORD, assets.record)
    models = _MODELS.replace("MODEL", _NAMES[assets.labels.kind])
    for name, text in ((BATCHING_FILE, _BATCHING), (MODELS_FILE, models)):
        with atomic_path(base / name) as temporary:
            temporary.write_text(text, "utf-8")
    return base / str(version)
