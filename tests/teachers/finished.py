"""Tiny finished models with heads of their own, in both weight formats."""

import transformers

from tests.checkpoints import SIZES, save_pytorch_safetensors, save_tf
from xtremedistil_tf.models.pretrained_encoders import build_variables

HEADS = {"tagging": "TFAutoModelForTokenClassification",
         "classification": "TFAutoModelForSequenceClassification"}


def make_finished(folder, tokenizer, names, *, kind="tagging", model_type="bert", scale=40.0,
                  save=save_tf, **changes):
    """Writes a model of random weights whose outputs are `names`; returns it.

    Args:
      scale: factor of the head's weights, so that not every word has the same label.
      save: writes the folder.
    """
    labels = dict(enumerate(names))
    config = transformers.AutoConfig.for_model(
        model_type, vocab_size=len(tokenizer), id2label=labels,
        label2id={name: number for number, name in labels.items()},
        pad_token_id=tokenizer.pad_token_id, **{**SIZES, **changes})
    model = getattr(transformers, HEADS[kind]).from_config(config)
    build_variables(model)
    for weight in model.weights:
        if "classifier" in weight.name and "kernel" in weight.name:
            weight.assign(weight * scale)
    config.architectures = [type(model).__name__[2:]]
    folder.mkdir(parents=True, exist_ok=True)
    save(model, tokenizer, folder)
    return model


def save_safetensors(model, tokenizer, folder):
    """Writes PyTorch's safetensors."""
    save_pytorch_safetensors(model, tokenizer, folder, headed=True)
