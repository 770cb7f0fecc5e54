"""Writes a task-agnostic student as a checkpoint folder that transformers opens."""

import pathlib
from typing import Any, Dict, Mapping

import numpy as np
import transformers
from safetensors.numpy import save_file

from xtremedistil_tf.compat import weights_by_part
from xtremedistil_tf.export.huggingface.checkpoint import encoder_arrays
from xtremedistil_tf.export.huggingface.export import CARD_FILE, WEIGHTS_FILE
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.models.pretrained_encoders import load_checkpoint
from xtremedistil_tf.validation.manifest import write_manifest

_CARD = """---
library_name: transformers
---

# A small encoder without a task

{student} {origin} It starts students:

```
xtremedistil-finetune --task=DATA --pt_student_checkpoint=THIS --model_dir=RUN
```
"""


_TRAINED = """It was distilled from {teacher} on {sentences:,} sentences of raw text, without
labels ({losses})."""
_UNTRAINED = "Its teacher is {teacher}; it was not trained (`--distil_epochs=0`)."


def _card(record: Mapping[str, Any]) -> str:
    """Returns the card."""
    stage = record["stage"]
    origin = (_TRAINED if stage else _UNTRAINED).format(
        teacher=record["teacher"]["name"], sentences=record["text"]["sentences"],
        losses=", ".join(stage["losses"]) if stage else "")
    return _CARD.format(student=record["student"]["description"], origin=origin)


def _config(encoder: Any, tokenizer: Any, dropout: float) -> Any:
    """Returns the encoder's configuration as a checkpoint has it."""
    config = encoder.config.to_dict()
    config.update(pad_token_id=tokenizer.pad_token_id, architectures=["ElectraModel"],
                  hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
                  torch_dtype="float32")
    return transformers.ElectraConfig.from_dict(config)


def _check_same(folder: pathlib.Path, encoder: Any) -> None:
    """Opens the folder and compares its weights with the encoder's."""
    loaded = weights_by_part(load_checkpoint(transformers.TFAutoModel, str(folder), "--pt_student"))
    for name, weight in weights_by_part(encoder).items():
        if not np.array_equal(weight.numpy(), loaded[name].numpy()):
            raise RuntimeError(f"{folder}: {name} is not the student's once it is opened")


def write_checkpoint(
    folder: pathlib.Path, encoder: Any, tokenizer: Any, record: Mapping[str, Any], *,
    dropout: float,
) -> Dict[str, Any]:
    """Writes config.json, model.safetensors, the tokenizer and a card, and checks the weights.

    Args:
      folder: target folder. It is replaced as a whole.
      encoder: the student's TFElectraModel.
      tokenizer: its tokenizer.
      record: contents of pretraining.json.
      dropout: rate in the configuration, for whoever fine-tunes the encoder by it.

    Returns:
      The number of parameters and bytes of the weights.
    """
    with atomic_folder(folder) as temporary:
        _config(encoder, tokenizer, dropout).save_pretrained(temporary)
        save_file(encoder_arrays(encoder, np.arange(len(tokenizer))), temporary / WEIGHTS_FILE,
                  metadata={"format": "pt"})
        tokenizer.save_pretrained(temporary)
        (temporary / CARD_FILE).write_text(_card(record), "utf-8")
        _check_same(temporary, encoder)
        size = (temporary / WEIGHTS_FILE).stat().st_size
        write_manifest(temporary)
    return {"parameters": int(encoder.count_params()), "bytes": size}
