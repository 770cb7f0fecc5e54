"""The teacher: every architecture and checkpoint format, its layers, its outputs."""

import json

import numpy as np
import pytest
import transformers
from transformers import TFBertForTokenClassification, TFBertModel

from tests.checkpoints import make_encoder, save_pytorch_safetensors, save_tf
from tests.conftest import ROOT
from xtremedistil_tf.config import TeacherConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.pretrained_encoders import (
    check_configuration,
    create_encoder,
    load_encoder,
    peek_configuration,
)
from xtremedistil_tf.models.teacher import (
    build_teacher,
    load_teacher,
    save_teacher,
)

IDS = np.array([[2, 7, 9, 3], [2, 8, 3, 0]], np.int32)
MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0]], np.int32)
CLASSES = {"bert": "TFBertModel", "roberta": "TFRobertaModel", "distilbert": "TFDistilBertModel",
           "electra": "TFElectraModel", "xlm-roberta": "TFXLMRobertaModel"}
# Kinds with weights beside embeddings and blocks, or with other names for them.
MORE_KINDS = ("albert", "camembert", "deberta-v2", "mpnet", "rembert", "xlnet")


def outputs(teacher, ids=IDS, mask=MASK):
    return teacher.model({"input_ids": ids, "attention_mask": mask}, training=False)


@pytest.mark.filterwarnings("ignore:`TFSharedEmbeddings`:DeprecationWarning",
                            "ignore:The initializer TruncatedNormal is unseeded:UserWarning")
@pytest.mark.parametrize("model_type", [*sorted(CLASSES), *MORE_KINDS])
def test_architectures(model_type, tokenizer):
    encoder = make_encoder(model_type, len(tokenizer))
    teacher = build_teacher(encoder, tokenizer, 5, 1)
    layers = ("layer_0",) if model_type == "albert" else ("layer_0", "layer_1")  # It shares one.
    assert teacher.registry.names == ("embeddings", *layers, "logits")
    result = outputs(teacher)
    assert result["representation"].shape == (2, 4, 16) and result["logits"].shape == (2, 4, 5)
    hidden = encoder(input_ids=IDS, attention_mask=MASK, output_hidden_states=True).hidden_states
    assert np.allclose(result["representation"], hidden[1], atol=1e-6)
    assert teacher.word_embeddings().shape[0] == len(tokenizer)
    # Adam recognises the word embedding among the variables, and reads its used rows alone.
    assert sum(one is teacher.table for one in teacher.model.trainable_variables) == 1
    used = {tokenizer.pad_token_id, tokenizer.mask_token_id, 5, 7}
    assert teacher.used_rows(np.array([7, 5, 7, len(tokenizer)])).tolist() == sorted(used)


def test_weights_beside_the_blocks_are_frozen_with_the_embeddings(tokenizer):
    """DeBERTa's position table belongs to the stack, which also holds the blocks."""
    teacher = build_teacher(make_encoder("deberta-v2", len(tokenizer)), tokenizer, 5, 1)

    def trained():
        return " ".join(weight.name for weight in teacher.model.trainable_weights)

    teacher.registry.set_trainable(["layer_1", "logits"])
    assert "rel_embeddings" not in trained() and "layer_._1" in trained()
    assert "conv" not in trained() and "layer_._0" not in trained()
    teacher.registry.set_trainable(teacher.registry.names)
    assert "rel_embeddings" in trained() and "conv" in trained()

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(teacher.model(
            {"input_ids": tf.constant(IDS), "attention_mask": tf.constant(MASK)},
            training=True)["logits"])
    gradients = tape.gradient(loss, teacher.registry.weights("embeddings"))
    assert all(float(tf.reduce_max(tf.abs(tf.convert_to_tensor(one)))) > 0 for one in gradients)


@pytest.mark.parametrize(("settings", "message"), [
    ({"model_type": "gpt2"}, "is of the kind gpt2, which reads in one direction or has a decoder"),
    ({"model_type": "t5"}, "is of the kind t5, which reads in one direction"),
    ({"model_type": "nystromformer"}, "of the kind nystromformer, for which transformers .* no Te"),
    ({"model_type": "modernbert2"}, "is of the kind modernbert2, which transformers .* not know"),
])
def test_kinds_that_cannot_be_are_told_with_the_way_out(settings, message, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "model.safetensors").touch()
    with pytest.raises(UserError, match=f"{message}.*--teacher_outputs") as caught:
        peek_configuration(TeacherConfig("TFAutoModel", str(folder)), None)
    assert "model.onnx" in str(caught.value)


def test_the_flagfiles_of_teachers_name_classes_that_are_tested():
    named = {line.split("=")[1] for path in (ROOT / "flags" / "teachers").glob("*.flags")
             for line in path.read_text("utf-8").splitlines() if line.startswith("--pt_teacher=")}
    assert named == {CLASSES[kind] for kind in ("bert", "roberta", "xlm-roberta", "electra")}


def test_attention_mask_keeps_padding_out(tokenizer):
    teacher = build_teacher(make_encoder("bert", len(tokenizer)), tokenizer, 5, 2)
    long = outputs(teacher)["logits"][1, :3]
    short = outputs(teacher, IDS[1:, :3], MASK[1:, :3])["logits"][0]
    assert np.allclose(long, short, atol=1e-5)


def test_a_pooled_teacher_gives_its_first_pieces_outputs(tokenizer, tmp_path):
    encoder = make_encoder("bert", len(tokenizer))
    plain, pooled = (build_teacher(encoder, tokenizer, 5, 1, pooled=pooled)
                     for pooled in (False, True))
    pooled.model.get_layer("logits").set_weights(plain.model.get_layer("logits").get_weights())
    found, whole = outputs(pooled), outputs(plain)
    for name, width in (("representation", 16), ("logits", 5)):
        assert found[name].shape == (2, 1, width)
        np.testing.assert_allclose(found[name], whole[name][:, :1], atol=1e-6)
    save_teacher(pooled, tmp_path / "teacher", {"kind": "classification", "tags": list("abcde")})
    again = load_teacher(tmp_path / "teacher", 1)
    assert again.pooled and not plain.pooled
    np.testing.assert_allclose(outputs(again)["logits"], found["logits"], atol=1e-5)


@pytest.mark.parametrize("model_type, save", [
    ("bert", save_tf), ("bert", save_pytorch_safetensors),
    ("distilbert", save_pytorch_safetensors)])
def test_checkpoint_formats_load_without_torch(model_type, save, tokenizer, tmp_path):
    encoder = make_encoder(model_type, len(tokenizer))
    folder = save(encoder, tokenizer, tmp_path / "checkpoint")
    for name in (CLASSES[model_type], "TFAutoModel"):
        loaded, loaded_tokenizer = load_encoder(TeacherConfig(name, str(folder)))
        assert np.allclose(encoder(IDS, attention_mask=MASK)[0],
                           loaded(IDS, attention_mask=MASK)[0], atol=1e-6)
        assert loaded_tokenizer.get_vocab() == tokenizer.get_vocab()


def test_save_and_load(tokenizer, tmp_path):
    teacher = build_teacher(make_encoder("bert", len(tokenizer)), tokenizer, 5, 1)
    save_teacher(teacher, tmp_path / "teacher", {"tags": ["O"]})
    loaded = load_teacher(tmp_path / "teacher", 2)
    assert np.allclose(outputs(teacher)["logits"], outputs(loaded)["logits"], atol=1e-5)
    assert loaded.layer == 2 and loaded.tokenizer.is_fast


def test_from_a_configuration(bert_config, sample_words):
    config = TeacherConfig(config_file=str(bert_config))
    encoder, tokenizer = create_encoder(config, sample_words)
    # The alphabet of ten languages alone is larger than the 400 pieces that were asked for.
    assert encoder.config.vocab_size == len(tokenizer) < 500
    assert encoder.get_input_embeddings().weight.shape[0] == len(tokenizer)
    assert tokenizer.tokenize("Zürich")  # Cased, accents kept.
    again = create_encoder(config, sample_words)[1]
    assert again.get_vocab() == tokenizer.get_vocab()


@pytest.mark.parametrize("layer", [-1, 3])
def test_a_layer_that_is_not_there(layer, tokenizer):
    with pytest.raises(UserError, match="the teacher has 2 layers; allowed: 0 .* to 2"):
        build_teacher(make_encoder("bert", len(tokenizer)), tokenizer, 5, layer)


def test_rows_beyond_the_positions(tokenizer):
    config = make_encoder("bert", len(tokenizer)).config
    check_configuration(config, 1, 64)
    with pytest.raises(UserError, match="--seq_len is 65, but the teacher has 64 positions"):
        check_configuration(config, 1, 65)
    # RoBERTa's positions start after its padding id, which is 1.
    config = make_encoder("roberta", len(tokenizer)).config
    check_configuration(config, 1, 62)
    with pytest.raises(UserError, match="62 positions"):
        check_configuration(config, 1, 63)


def test_a_class_with_a_head_of_its_own(tokenizer):
    encoder = TFBertForTokenClassification(make_encoder("bert", len(tokenizer)).config)
    with pytest.raises(UserError, match="has a head of its own"):
        build_teacher(encoder, tokenizer, 5, 1)


def broken_checkpoint(tmp_path, kind):
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    if kind != "empty":
        (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    if kind == "torch":
        (folder / "pytorch_model.bin").write_bytes(b"x")
    if kind == "damaged":
        (folder / "model.safetensors").write_bytes(b"not safetensors")
    return folder


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("empty", "no config.json in it"),
        ("weightless", "holds no weights"),
        ("torch", "pytorch_model.bin needs PyTorch"),
        ("damaged", "cannot be loaded"),
    ],
)
def test_a_checkpoint_that_is_not_one(tmp_path, kind, message):
    with pytest.raises(UserError, match=message):
        load_encoder(TeacherConfig(checkpoint=str(broken_checkpoint(tmp_path, kind))))


def test_too_little_memory_is_not_told_as_a_damaged_teacher(tokenizer, tmp_path, monkeypatch):
    save_teacher(build_teacher(make_encoder("bert", len(tokenizer)), tokenizer, 5, 1), tmp_path, {})

    def exhausted(*args, **options):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr(TFBertModel, "from_pretrained", exhausted)
    monkeypatch.setattr(transformers.TFAutoModel, "from_pretrained", exhausted)
    with pytest.raises(tf.errors.ResourceExhaustedError):
        load_encoder(TeacherConfig(model_class="TFBertModel", checkpoint=str(tmp_path)))
    with pytest.raises(tf.errors.ResourceExhaustedError):
        load_teacher(tmp_path, 1)


def test_a_name_that_cannot_be_fetched():
    with pytest.raises(UserError, match="neither a folder here nor a model that can be fetched"):
        load_encoder(TeacherConfig(checkpoint="no-such-model"))


def test_an_unknown_class():
    with pytest.raises(UserError, match="--pt_teacher is 'TFBortModel'"):
        load_encoder(TeacherConfig(model_class="TFBortModel"))


def test_a_checkpoint_of_another_architecture(tokenizer, tmp_path):
    folder = save_tf(make_encoder("distilbert", len(tokenizer)), tokenizer, tmp_path / "c")
    with pytest.raises(UserError, match="reads electra checkpoints, but .* of type distilbert"):
        load_encoder(TeacherConfig("TFElectraModel", str(folder)))
