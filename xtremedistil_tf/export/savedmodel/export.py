"""Export as a SavedModel for TF Serving, into export/<version>."""

import pathlib
import tempfile
from typing import Any, Dict, Optional

from absl import logging

from xtremedistil_tf.data.words import DICTIONARY
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.export.savedmodel.characters import piece_tables, why_not
from xtremedistil_tf.export.savedmodel.warmup import write_warmup
from xtremedistil_tf.inference.assets import SAVED_RECORD, Assets, newest_version
from xtremedistil_tf.inference.runtimes.text_ops import load_text_ops
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.runs import atomic_folder, atomic_path, write_json
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.validation.manifest import write_manifest

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
    kind = task_kind(assets.labels.kind)
    if kind.text_signatures is None:
        return kind.no_text_reason
    reason = why_not(assets.tokenizer)
    if reason is None:
        try:
            load_text_ops()
        except UserError as error:
            reason = str(error)
    return reason


def export_saved_model(
    forms: Forms, assets: Assets, base: pathlib.Path, *, version: Optional[int] = None,
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
    reason, kind = _text_signatures_missing(assets), task_kind(assets.labels.kind)
    with tempfile.TemporaryDirectory() as scratch, atomic_folder(base / str(version)) as folder:
        if reason is None:
            tables = piece_tables(assets.tokenizer)
            vocabulary = pathlib.Path(scratch) / "vocab.txt"
            vocabulary.write_bytes("\n".join([*tables.vocabulary, ""]).encode("utf-8"))
            assert kind.text_signatures is not None, "else there is a reason"
            module, signatures = kind.text_signatures(
                forms, assets, tables, str(vocabulary), keep_whole)
        else:
            logging.warning("the SavedModel takes token ids only, not text: %s", reason)
            module, signatures = kind.ids_signatures(forms, assets)
        if assets.segmentation == DICTIONARY and "tokens" in signatures:
            logging.warning(
                "the SavedModel's text signature knows no dictionary: it takes a run of Thai, Lao, "
                "Khmer, Burmese, Chinese or Japanese as one word; send words to `tokens`")
        _save(module, signatures, folder)
        write_warmup(folder, reason is None, "tokens" in signatures,
                     seq_len_limit=assets.seq_len_limit, takes_pairs=assets.separator is not None)
        write_json(folder / SAVED_RECORD, assets.record)
        write_manifest(folder)
    models = _MODELS.replace("MODEL", kind.server_name)
    for name, text in ((BATCHING_FILE, _BATCHING), (MODELS_FILE, models)):
        with atomic_path(base / name) as temporary:
            temporary.write_text(text, "utf-8")
    return base / str(version)
