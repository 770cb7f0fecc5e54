"""Published small encoders (checkpoints) as the start of a Transformer student.

BERT, DistilBERT, ELECTRA and RoBERTa compute the same and differ in names only. Their weights are
copied into the ELECTRA encoder of every Transformer student, so no other code depends on the type.
"""

import dataclasses
import re
from typing import Any, Dict, Optional, Sequence

import numpy as np
import transformers

from xtremedistil_tf.compat import weights_by_part
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.models.pretrained_encoders import (
    activations,
    embedding_width,
    load_checkpoint,
    most_positions,
    peek_checkpoint,
)
from xtremedistil_tf.models.tokenizers import load_tokenizer

_FLAG = "--pt_student"
_TYPES = ("bert", "distilbert", "electra", "roberta", "xlm-roberta")
# (DistilBERT's name of a part of a layer, ELECTRA's name).
_RENAMED = (
    ("transformer/layer", "encoder/layer"), ("attention/q_lin", "attention/self/query"),
    ("attention/k_lin", "attention/self/key"), ("attention/v_lin", "attention/self/value"),
    ("attention/out_lin", "attention/output/dense"),
    ("sa_layer_norm", "attention/output/LayerNorm"), ("ffn/lin1", "intermediate/dense"),
    ("ffn/lin2", "output/dense"), ("output_layer_norm", "output/LayerNorm"),
)
_SEGMENTS = "token_type_embeddings"
_LAYER = re.compile(r"(encoder/layer_\._)(\d+)(?=/)")


def architecture_of(found: Any, name: str, flag: str) -> Dict[str, Any]:
    """Converts an encoder's configuration to ELECTRA's, without the sizes in StudentConfig.

    Args:
      found: its transformers configuration.
      name, flag: the encoder and the flag that names it, for messages.

    Raises:
      UserError: if a student cannot have the encoder's layers.
    """
    # Relative positions have weights of their own.
    positions = getattr(found, "position_embedding_type", "absolute")
    if found.model_type not in _TYPES or positions != "absolute":
        raise UserError(f"{flag} {name} is of type {found.model_type} with {positions} "
                        f"positions; allowed: {', '.join(_TYPES)} with absolute ones")
    distilled = found.model_type == "distilbert"
    architecture = {
        "intermediate_size": found.hidden_dim if distilled else found.intermediate_size,
        "hidden_act": found.activation if distilled else found.hidden_act,
        "layer_norm_eps": 1e-12 if distilled else found.layer_norm_eps,
        "max_position_embeddings": most_positions(found),
        "type_vocab_size": 1 if distilled else found.type_vocab_size,
    }
    if architecture["hidden_act"] not in activations():
        raise UserError(f"{flag} {name} has the activation {architecture['hidden_act']!r}; "
                        f"allowed: {', '.join(activations())}")
    return architecture


def with_architecture(config: StudentConfig, seq_len: int) -> StudentConfig:
    """Adds the sizes of its checkpoint to a student's settings; reads no weights.

    Args:
      config: the settings. Without a checkpoint they are returned unchanged.
      seq_len: longest sequence of the run.

    Raises:
      UserError: if the checkpoint cannot be read, has another type, or has too few positions.
    """
    name = config.pt_student_checkpoint
    if name is None:
        return config
    found = peek_checkpoint(transformers.TFAutoModel, name, _FLAG)
    architecture = architecture_of(found, name, f"{_FLAG}_checkpoint")
    if seq_len > architecture["max_position_embeddings"]:
        raise UserError(f"--seq_len is {seq_len}, but {_FLAG}_checkpoint {name} has "
                        f"{architecture['max_position_embeddings']} positions")
    return dataclasses.replace(
        config, word_emb_dim=embedding_width(found), hidden_size=found.hidden_size,
        num_hidden_layers=found.num_hidden_layers, num_attention_heads=found.num_attention_heads,
        architecture=architecture)


def load_student_tokenizer(config: StudentConfig) -> Any:
    """Loads the tokenizer of a student's checkpoint.

    Raises:
      UserError: if it cannot be loaded, or has more tokens than the embedding has rows.
    """
    name = config.pt_student_checkpoint
    assert name is not None, "else there is nothing to load"
    found = peek_checkpoint(transformers.TFAutoModel, name, _FLAG)
    tokenizer = load_tokenizer(name, model_type=found.model_type)
    if len(tokenizer) > found.vocab_size:
        raise UserError(f"{name}: its tokenizer has {len(tokenizer)} tokens, its embedding "
                        f"{found.vocab_size} rows")
    return tokenizer


def load_student_encoder(config: StudentConfig) -> Any:
    """Loads the pre-trained encoder of a student's checkpoint.

    Raises:
      UserError: if it cannot be loaded.
    """
    assert config.pt_student_checkpoint is not None, "else there is nothing to load"
    return load_checkpoint(transformers.TFAutoModel, config.pt_student_checkpoint, _FLAG)


def _by_part(encoder: Any) -> Dict[str, Any]:
    """Returns an encoder's variables by their names in ELECTRA, without the model's name."""
    found = {}
    for name, weight in weights_by_part(encoder).items():
        if encoder.config.model_type == "distilbert":
            for theirs, ours in _RENAMED:
                name = re.sub(rf"(^|/){theirs}(?=[/_])", rf"\1{ours}", name)
        found[name] = weight
    return found


def copy_layers(source: Any, target: Any, *, layers: Optional[Sequence[int]] = None) -> None:
    """Copies the weights of a checkpoint to a student's encoder, except the word embedding.

    Args:
      source: the pre-trained encoder. A pooler is left out.
      target: the student's encoder with sizes from `architecture_of` for this checkpoint.
      layers: for each layer of the target the number of the source's layer, from 0; None for all
        layers in their order.
    """
    words, theirs = target.get_input_embeddings().weight, _by_part(source)

    def of_source(match: "re.Match[str]") -> str:
        number = int(match[2])
        return match[1] + str(number if layers is None else layers[number])

    for name, weight in _by_part(target).items():
        if weight is words:
            continue
        name = _LAYER.sub(of_source, name)
        if _SEGMENTS in name and name not in theirs:  # DistilBERT has no segments.
            weight.assign(np.zeros(weight.shape))
            continue
        # RoBERTa's first position embeddings are for padding; other weights have equal shapes.
        value = theirs[name].numpy()
        weight.assign(value[len(value) - weight.shape[0]:])
