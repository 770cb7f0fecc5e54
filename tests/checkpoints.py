"""Small checkpoints made on the spot: TF folders and PyTorch-format safetensors, without torch."""

import numpy as np
from safetensors.numpy import save_file
from transformers import AutoConfig, TFAutoModel
from transformers.modeling_tf_pytorch_utils import convert_tf_weight_name_to_pt_weight_name

from xtremedistil_tf.models.pretrained_encoders import build_variables
from xtremedistil_tf.models.tokenizers import train_wordpiece

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 32, "max_position_embeddings": 64}
# Sizes by their names in the configurations of further kinds.
MORE = {"electra": {"embedding_size": 8}, "albert": {"embedding_size": 8},
        "rembert": {"input_embedding_size": 8, "output_embedding_size": 12},
        "deberta-v2": {"relative_attention": True, "position_buckets": 8, "norm_rel_ebd":
                       "layer_norm", "pos_att_type": ["p2c", "c2p"], "conv_kernel_size": 3,
                       "conv_act": "gelu", "share_att_key": True, "position_biased_input": False,
                       "type_vocab_size": 0},
        "xlnet": {"d_model": 16, "n_layer": 2, "n_head": 2, "d_inner": 32}}
DISTIL = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 64}


def make_encoder(model_type, vocab_size, **changes):
    """An encoder of random weights; other sizes by their names in its configuration."""
    sizes = {"distilbert": DISTIL, "xlnet": {}}.get(model_type, SIZES)
    sizes = {**sizes, **MORE.get(model_type, {})}
    config = AutoConfig.for_model(model_type, vocab_size=vocab_size, **{**sizes, **changes})
    encoder = TFAutoModel.from_config(config)
    build_variables(encoder)
    return encoder


def make_small(words, size, strip_accents, folder, **changes):
    """A folder as from a hub: a BERT of one layer with a WordPiece tokenizer of the words."""
    own = train_wordpiece(words, size, strip_accents)
    folder.mkdir()
    return save_pytorch_safetensors(
        make_encoder("bert", len(own), num_hidden_layers=1, **changes), own, folder)


def save_tf(encoder, tokenizer, folder):
    """Writes a folder with tf_model.h5."""
    encoder.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_pytorch_safetensors(encoder, tokenizer, folder, *, headed=False):
    """Writes a folder as PyTorch's transformers would: its names, kernels transposed.

    With a head, the names of the encoder's weights begin with its prefix.
    """
    encoder.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    arrays = {}
    for weight in encoder.weights:
        name, transpose = convert_tf_weight_name_to_pt_weight_name(
            weight.name, start_prefix_to_remove="", tf_weight_shape=weight.shape
        )
        if not headed:
            name = name.split(".", 1)[1]
        value = weight.numpy()
        arrays[name] = np.ascontiguousarray(value.T if transpose.value == "simple" else value)
    save_file(arrays, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
