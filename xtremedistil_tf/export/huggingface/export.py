"""Writes a Transformer student as a folder that transformers opens, and checks it."""

import logging
import pathlib
import re
import shutil
from typing import Any, Callable, Dict

import numpy as np
import transformers
from safetensors.numpy import save_file

from xtremedistil_tf.export.common.check import check_equal
from xtremedistil_tf.export.huggingface.checkpoint import Checkpoint
from xtremedistil_tf.export.huggingface.tokenizer import make_tokenizer
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.inference.assets import RECORD_FILE
from xtremedistil_tf.inference.runtimes.load import CHECK_FILE
from xtremedistil_tf.inference.student_folder import StudentBundle
from xtremedistil_tf.validation.manifest import write_manifest

WEIGHTS_FILE, CARD_FILE = "model.safetensors", "README.md"
_PIPELINES = {"ForTokenClassification": ("token-classification",
                                         ', aggregation_strategy="first"'),
              "ForSequenceClassification": ("text-classification", ""),
              "ForQuestionAnswering": ("question-answering", "")}

_USE = """## Use with transformers

```python
from transformers import pipeline

model = pipeline("{}", "PATH OR NAME"{})
```

The weights are those of `{}`, for PyTorch and TensorFlow. Differences to the student in its own
package:

{}
"""
# A student without a card.
_NO_CARD = "---\nlibrary_name: xtremedistil_tf\n---\n\n# A distilled student"

log = logging.getLogger("absl")


def _forward(folder: pathlib.Path, bundle: StudentBundle, task: str) -> Callable[..., np.ndarray]:
    """Opens the folder with transformers' TensorFlow class.

    Returns:
      From the student's ids, int32 [batch, time], to float32 logits.
    """
    model = getattr(transformers, f"TFAutoModel{task}").from_pretrained(folder)
    # Some token of the tokenizer for each of the student's ids.
    back = np.zeros(len(bundle.vocabulary), np.int32)
    back[bundle.vocabulary.table] = np.arange(len(bundle.vocabulary.table))

    def run(ids: np.ndarray) -> np.ndarray:
        real = (ids > 0).astype(np.int32)
        inputs: Dict[str, Any] = {"input_ids": back[ids], "attention_mask": real}
        if bundle.separator is not None:
            separators = (ids == bundle.separator).astype(np.int32)
            inputs["token_type_ids"] = np.minimum(np.cumsum(separators, 1) - separators, 1)
        found = model(inputs, training=False)
        if task == "ForQuestionAnswering":
            return np.stack([found.start_logits.numpy(), found.end_logits.numpy()], axis=-1)
        return found.logits.numpy()

    return run


def render_card(student_folder: pathlib.Path, checkpoint: Checkpoint) -> str:
    """The student's card for the other library: its head, and a section on use."""
    path = student_folder / CARD_FILE
    text = path.read_text("utf-8") if path.is_file() else _NO_CARD
    pipeline, option = _PIPELINES[checkpoint.task]
    text = re.sub(r"^library_name: .*$", "library_name: transformers", text, count=1, flags=re.M)
    if "pipeline_tag:" not in text.split("---")[1]:
        text = text.replace("library_name: transformers\n",
                            f"library_name: transformers\npipeline_tag: {pipeline}\n", 1)
    # The card's last section is about this package's own folder.
    text = re.split(r"^## Use.*$", text, maxsplit=1, flags=re.M)[0].rstrip()
    lost = "\n".join(f"- {sentence}" for sentence in checkpoint.lost)
    architecture = checkpoint.config.architectures[0]
    return f"{text}\n\n{_USE.format(pipeline, option, architecture, lost)}"


def export_huggingface(
    build: Callable[[], Checkpoint], logits: Callable[[np.ndarray], np.ndarray],
    bundle: StudentBundle, student_folder: pathlib.Path, folder: pathlib.Path,
) -> Dict[str, Any]:
    """Writes config.json, model.safetensors, the tokenizer and a card, and checks the logits.

    Args:
      build: makes the checkpoint.
      logits: forward pass of the Keras student, int32 [batch, time] to float32 logits.
      bundle: the student.
      student_folder: its folder.
      folder: target folder. It is replaced as a whole.

    Returns:
      The contents of check.json: bytes, the largest error relative to the largest logit, and what
      differs.

    Raises:
      UserError: if the student has no counterpart in transformers.
    """
    checkpoint = build()
    shown = len(bundle.labels.tags)
    with atomic_folder(folder) as temporary:
        checkpoint.config.save_pretrained(temporary)
        save_file(checkpoint.arrays, temporary / WEIGHTS_FILE, metadata={"format": "pt"})
        make_tokenizer(bundle, student_folder).save_pretrained(temporary)
        shutil.copy(student_folder / RECORD_FILE, temporary / RECORD_FILE)
        (temporary / CARD_FILE).write_text(render_card(student_folder, checkpoint), "utf-8")
        error = check_equal(
            WEIGHTS_FILE, _forward(temporary, bundle, checkpoint.task),
            lambda ids: logits(ids)[..., :shown] / np.float32(bundle.temperature),
            size=len(bundle.vocabulary), seq_len_limit=bundle.seq_len_limit,
            separator=bundle.separator)
        own = {"error": error, "bytes": (temporary / WEIGHTS_FILE).stat().st_size}
        record: Dict[str, Any] = {"float32": own, "differences": checkpoint.lost}
        write_json(temporary / CHECK_FILE, record)
        write_manifest(temporary)
    rows, kept = len(bundle.vocabulary.table), len(bundle.vocabulary)
    log.info("Hugging Face: %s, %.2f MB, largest error %.1g", checkpoint.config.architectures[0],
             own["bytes"] / 1e6, error)
    if rows > 1.1 * kept:
        log.info("its word embedding has all %d tokens of the tokenizer; the student's has %d (a "
                 "student of --vocabulary=cut has no more in either)", rows, kept)
    return record
