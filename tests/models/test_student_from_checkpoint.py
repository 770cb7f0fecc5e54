"""Students that start from a published small encoder, whatever its kind and format."""

import dataclasses
import json

import numpy as np
import pytest

from tests.checkpoints import make_encoder, save_pytorch_safetensors, save_tf
from xtremedistil_tf.config import DistilConfig, StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.models.student_from_checkpoint import (
    copy_layers,
    load_student_encoder,
    load_student_tokenizer,
    with_architecture,
)
from xtremedistil_tf.training.plans import build_plan

IDS = np.array([[7, 9, 5, 11], [8, 6, 0, 0]], np.int32)
SAVED = {"bert": save_pytorch_safetensors, "distilbert": save_tf, "electra": save_tf,
         "roberta": save_pytorch_safetensors, "xlm-roberta": save_tf}


def checkpoint(model_type, tokenizer, folder, save=None, **changes):
    """A folder of random weights (and biases, which are zero in new models)."""
    folder.mkdir(exist_ok=True)
    encoder = make_encoder(model_type, len(tokenizer) + 3, **changes)
    draw = np.random.default_rng(3)
    for weight in encoder.weights:
        weight.assign(draw.normal(scale=0.4, size=weight.shape))
    return encoder, (save or SAVED[model_type])(encoder, tokenizer, folder)


def settings(folder, **changes):
    return with_architecture(
        StudentConfig(student="transformer", pt_student_checkpoint=str(folder), **changes), 32)


@pytest.mark.parametrize("model_type", sorted(SAVED))
def test_a_student_is_its_checkpoint_below_the_projection(model_type, tokenizer, tmp_path):
    encoder, folder = checkpoint(model_type, tokenizer, tmp_path / "c")
    config = settings(folder)
    assert config.layers == ("word_embedding", "layer_0", "layer_1", "projection", "logits")
    assert config.word_emb_dim == (8 if model_type == "electra" else 16) and config.own_vocabulary
    source = load_student_encoder(config)
    # Row 0 is the student's padding, wherever the checkpoint has its own.
    kept = np.arange(2, 14)
    words = source.get_input_embeddings().weight.numpy()[np.concatenate([[0], kept])]
    student = build_student(config, Shape(len(words)), 6, 4, embeddings=words)
    copy_layers(source, student.model.get_layer("encoder"))
    own = student.model.get_layer("encoder")(input_ids=IDS, attention_mask=(IDS > 0).astype(int))
    theirs = encoder(input_ids=np.where(IDS > 0, IDS + 1, encoder.config.pad_token_id),
                     attention_mask=(IDS > 0).astype(int))
    np.testing.assert_allclose(own[0].numpy()[IDS > 0], theirs[0].numpy()[IDS > 0], atol=1e-4)
    assert np.ptp(own[0].numpy()) > 1
    assert student.registry.names == config.layers  # And with them every weight has its part.


def test_its_tokenizer_may_have_fewer_pieces_but_not_more(tokenizer, tmp_path):
    _, folder = checkpoint("bert", tokenizer, tmp_path / "c")
    assert load_student_tokenizer(settings(folder)).get_vocab() == tokenizer.get_vocab()
    held = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**held, "vocab_size": len(tokenizer) - 1}))
    with pytest.raises(UserError, match="its tokenizer has .* tokens, its embedding .* rows"):
        load_student_tokenizer(settings(folder))


def test_a_frozen_word_embedding_is_in_no_stage(tokenizer, tmp_path):
    _, folder = checkpoint("bert", tokenizer, tmp_path / "c")
    config = settings(folder, freeze_word_embedding=True)
    stages = build_plan(config.trained_layers, DistilConfig())
    assert [stage.name[3:] for stage in stages] == [
        "representation", *(f"{purpose}_{layer}" for purpose in ("logits", "labels")
                            for layer in ("logits", "projection", "layer_1", "layer_0"))]
    assert not any("word_embedding" in stage.trainable for stage in stages)
    thawed = build_plan(dataclasses.replace(config, freeze_word_embedding=False).trained_layers,
                        DistilConfig())
    assert "word_embedding" in thawed[0].trainable and thawed[-1].name == "11_labels_word_embedding"


@pytest.mark.parametrize("changes, message", [
    ({"model_type": "albert"}, "is of type albert with absolute positions; allowed: bert, distil"),
    ({"position_embedding_type": "relative_key"}, "with relative_key positions; allowed"),
    ({"hidden_act": "glu"}, "has the activation 'glu'; allowed: gelu, .*gelu_pytorch_tanh"),
    ({"max_position_embeddings": 16}, "--seq_len is 32, but --pt_student_checkpoint .* has 16"),
])
def test_what_no_student_can_start_from_is_told(changes, message, tokenizer, tmp_path):
    _, folder = checkpoint("bert", tokenizer, tmp_path / "c")
    held = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**held, **changes}))
    with pytest.raises(UserError, match=message):
        settings(folder)


def test_a_checkpoint_that_is_not_there_is_told():
    with pytest.raises(UserError, match="--pt_student_checkpoint 'no-such-model' is neither a"):
        settings("no-such-model")
    with pytest.raises(UserError, match="--student is bilstm, --pt_student_checkpoint is x"):
        StudentConfig(student="bilstm", pt_student_checkpoint="x")


def test_pytorchs_name_of_an_activation_is_known(tokenizer, tmp_path):
    made, folder = checkpoint("bert", tokenizer, tmp_path / "c", hidden_act="gelu_new")
    held = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**held, "hidden_act": "gelu_pytorch_tanh"}))
    assert settings(folder).architecture["hidden_act"] == "gelu_pytorch_tanh"
    loaded = load_student_encoder(settings(folder))
    ids = np.array([[2, 7, 9, 3]])
    np.testing.assert_array_equal(loaded(ids).last_hidden_state, made(ids).last_hidden_state)
