"""Export as a SavedModel for TF Serving, to export/<version>."""

import pathlib
import tempfile
from typing import Any, Dict, Optional, Tuple

from absl import logging

from xtremedistil_tf.data.words import DICTIONARY
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.export.savedmodel.text.characters import NotInGraph
from xtremedistil_tf.export.savedmodel.text.graph_text import GraphTokenizer
from xtremedistil_tf.export.savedmodel.text.graph_tokenizers import graph_tokenizer
from xtremedistil_tf.export.savedmodel.warmup import write_warmup
from xtremedistil_tf.files.atomic import atomic_folder, atomic_path
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.inference.assets import SAVED_RECORD, Assets, newest_version
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.validation.manifest import write_manifest

BATCHING_FILE, MODELS_FILE = "batching_parameters.txt", "models.config"

# See docs/how-to/serve.md. The server must not pad requests: pad_variable_length_inputs would pad
# each request with its own first element.
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
    """Returns the version after the highest in an export folder; 1 for an empty folder."""
    newest = newest_version(base)
    return 1 if newest is None else int(newest.name) + 1


def _save(module: tf.Module, signatures: Dict[str, Any], folder: pathlib.Path) -> None:
    """Saves a module without TensorFlow's warnings about untraced functions."""
    verbosity, level = logging.get_verbosity(), tf.get_logger().level
    try:
        logging.set_verbosity(logging.ERROR)
        tf.get_logger().setLevel("ERROR")
        tf.saved_model.save(module, str(folder), signatures=signatures)
    finally:
        logging.set_verbosity(verbosity)
        tf.get_logger().setLevel(level)


def _tokenizer_in_graph(
    assets: Assets, scratch: pathlib.Path
) -> Tuple[Optional[GraphTokenizer], Optional[str]]:
    """Returns the tokenizer for a graph, or the reason why this export cannot take text."""
    kind = task_kind(assets.labels.kind)
    if kind.text_signatures is None:
        return None, kind.no_text_reason
    try:
        return graph_tokenizer(assets.tokenizer, scratch), None
    except (NotInGraph, UserError) as error:
        return None, str(error)


def export_saved_model(
    forms: Forms, assets: Assets, base: pathlib.Path, *, version: Optional[int] = None,
    keep_whole: bool = False,
) -> pathlib.Path:
    """Writes a SavedModel with warm-up requests, and the server's configuration beside it.

    Signatures: `serving_default` takes text, `tokens` takes words (taggers only), and `input_ids`
    takes ids of the tokenizer in the student folder. If the tokenizer cannot run inside a graph, a
    warning is logged and `serving_default` equals `input_ids`. For question answering,
    `serving_default` takes ids and returns `start_logits` and `end_logits`.

    Args:
      forms: export builders of the student.
      assets: tokenizer, vocabulary and labels of the student.
      base: export folder. The model is written to base/<version>.
      version: default: the next free one. An existing version is replaced as a whole.
      keep_whole: split `text` at white space only.

    Returns:
      The folder of the version.

    Raises:
      UserError: for a version below 1.
    """
    base = pathlib.Path(base)
    version = next_version(base) if version is None else version
    if version < 1:
        raise UserError(f"version is {version}; allowed: 1 and above")
    kind = task_kind(assets.labels.kind)
    with tempfile.TemporaryDirectory() as scratch, atomic_folder(base / str(version)) as folder:
        tokenizer, reason = _tokenizer_in_graph(assets, pathlib.Path(scratch))
        if tokenizer is not None:
            assert kind.text_signatures is not None, "_tokenizer_in_graph checks it"
            module, signatures = kind.text_signatures(forms, assets, tokenizer, keep_whole)
        else:
            logging.warning("the SavedModel takes token ids only, not text: %s", reason)
            module, signatures = kind.ids_signatures(forms, assets)
        if assets.segmentation == DICTIONARY and "tokens" in signatures:
            logging.warning(
                "the SavedModel's text signature knows no dictionary: it takes a run of Thai, Lao, "
                "Khmer, Burmese, Chinese or Japanese as one word; send words to `tokens`")
        _save(module, signatures, folder)
        write_warmup(folder, tokenizer is not None, "tokens" in signatures,
                     seq_len_limit=assets.seq_len_limit, takes_pairs=assets.separator is not None)
        write_json(folder / SAVED_RECORD, assets.record)
        write_manifest(folder)
    models = _MODELS.replace("MODEL", kind.server_name)
    for name, text in ((BATCHING_FILE, _BATCHING), (MODELS_FILE, models)):
        with atomic_path(base / name) as temporary:
            temporary.write_text(text, "utf-8")
    return base / str(version)
