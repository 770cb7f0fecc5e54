"""Task-agnostic distillation: relations, parts, sizes, and a whole run that is killed."""

import dataclasses

import numpy as np
import pytest
import transformers
from safetensors.numpy import load_file

from tests.checkpoints import make_encoder, save_pytorch_safetensors
from tests.conftest import ROOT
from xtremedistil_tf.config import BatchSize, PretrainingConfig, StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.student_from_checkpoint import (
    load_student_encoder,
    load_student_tokenizer,
    with_architecture,
)
from xtremedistil_tf.pretraining import job
from xtremedistil_tf.pretraining.feed import Parts
from xtremedistil_tf.pretraining.sizes import sizes_of
from xtremedistil_tf.pretraining.student import build_student, teacher_targets
from xtremedistil_tf.runtime import prepare
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.losses import relation_divergence
from xtremedistil_tf.training.trainer import Trainer

BERT = transformers.BertConfig(hidden_size=12, num_hidden_layers=6, num_attention_heads=2)


def softmax(rows):
    shifted = np.exp(rows - rows.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def relations_by_hand(student, teacher, lengths):
    """MiniLMv2's loss, position by position; vectors [batch, time, kinds, heads, width]."""
    total = count = 0
    for row, length in enumerate(lengths):
        count += length
        for kind in range(student.shape[2]):
            for head in range(student.shape[3]):
                of_teacher, of_student = (softmax(
                    (one := vectors[row, :length, kind, head]) @ one.T / np.sqrt(one.shape[1]))
                    for vectors in (teacher, student))
                total += (of_teacher * np.log(of_teacher / of_student)).sum() / student.shape[3]
    return total / count


def test_relations_are_those_of_the_formula_and_padding_is_not_seen():
    random = np.random.default_rng(1)
    student, teacher = (random.normal(size=(2, 5, 3, 2, width)).astype(np.float32)
                        for width in (4, 6))
    lengths = (5, 3)
    mask = (np.arange(5) < np.array(lengths)[:, None]).astype(np.float32)
    student[1, 3:], teacher[1, 3:] = np.nan, np.inf
    vectors = tf.constant(student)
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        loss = relation_divergence(vectors, tf.constant(teacher), tf.constant(mask))
    assert float(loss) == pytest.approx(relations_by_hand(student, teacher, lengths), rel=1e-5)
    assert np.isfinite(tape.gradient(loss, vectors)).all()


def test_parts_are_a_pass_with_equally_many_steps():
    lengths = np.random.default_rng(2).integers(3, 40, 500)
    parts, size = Parts.of_steps(lengths, BatchSize(8), 17, 7), BatchSize(8)
    rows = [parts.rows(part) for part in range(2 * parts.count)]
    assert parts.count == 4
    assert set(np.concatenate(rows[:4])) == set(np.concatenate(rows[4:])) == set(range(500))
    assert {len(one) for one in rows} == {len(rows[0])} and len(rows[0]) <= 500 / 4 + 16
    assert not np.array_equal(rows[0], rows[4]) and parts.steps(size) > 0


def test_sizes_follow_from_the_teacher():
    config = PretrainingConfig("teacher", "text")
    assert sizes_of(config, BERT).layers == (1, 3, 5)
    assert sizes_of(config, BERT).relation_heads == 2
    found = sizes_of(dataclasses.replace(config, teacher_layers=(2, 6)), BERT)
    assert found.layers == (1, 5) and found.relation_layer == 6
    assert found.student.architecture["intermediate_size"] == BERT.intermediate_size
    scratch = sizes_of(dataclasses.replace(
        config, start="scratch", hidden_size=8, num_hidden_layers=7, word_emb_dim=4), BERT)
    assert scratch.layers == () and scratch.student.num_hidden_layers == 7
    assert scratch.relation_heads == 2 and scratch.student.word_emb_dim == 4


@pytest.mark.parametrize("changes, told", [
    ({"num_hidden_layers": 7}, "--num_hidden_layers is 7, but the teacher has 6 layers"),
    ({"teacher_layers": (3, 7)}, "--teacher_layers is 3,7; the teacher has the layers 1 to 6"),
    ({"teacher_layers": (3,), "num_hidden_layers": 2}, "--teacher_layers is '3': 1 layers"),
    ({"teacher_layers": (3,), "start": "scratch"}, "--teacher_layers is 3, but --start is scratch"),
    ({"hidden_size": 8}, "--hidden_size is given, but the student starts from the teacher's"),
    ({"relation_layer": 9}, "--relation_layer is 9"),
    ({"relation_heads": 5}, "--relation_heads is 5; .* allowed: 1, 2, 3, 4, 6, 12"),
    ({"start": "scratch", "hidden_size": 9}, "allowed: a number of heads that divides it"),
    ({"start": "scratch", "word_emb_dim": 14}, "--word_emb_dim is 14, but the teacher's"),
    ({"relation_weight": 0, "hidden_weight": 0}, "nothing would be learnt"),
    ({"vocabulary_min_count": 3}, "allowed: --vocabulary=cut"),
    ({"seq_len": 600}, "--seq_len is 600, but the teacher has 512 positions"),
])
def test_what_cannot_be_is_told(changes, told):
    with pytest.raises(UserError, match=told):
        sizes_of(PretrainingConfig("teacher", "text", **changes), BERT)


@pytest.fixture(scope="module")
def teacher(tokenizer, tmp_path_factory):
    """Folder of a teacher of two layers."""
    folder = tmp_path_factory.mktemp("teacher")
    encoder = make_encoder("bert", len(tokenizer))
    for weight in encoder.weights:  # Else attention is nearly even, and there is little to learn.
        if "kernel" in weight.name or "word_embeddings" in weight.name:
            weight.assign(20 * weight)
    return save_pytorch_safetensors(encoder, tokenizer, folder)


@pytest.fixture(scope="module")
def config(teacher, tmp_path_factory):
    text = tmp_path_factory.mktemp("text") / "raw.txt"
    lines = (ROOT / "data" / "ner" / "transfer.txt").read_text("utf-8").splitlines()[:64]
    text.write_text("\n".join(lines) + "\n", "utf-8")
    prepare(42, True)
    return PretrainingConfig(
        str(teacher), str(text), seq_len=16, teacher_layers=(2,), vocabulary="cut",
        vocabulary_min_count=2, batch_size=16, part_steps=3, epochs=2, learning_rate=0.02,
        dropout_rate=0.1)


@pytest.fixture(scope="module")
def finished(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return folder, job.run_pretraining(config, folder)


def test_all_layers_of_the_teacher_have_nothing_to_learn(config, teacher):
    whole = dataclasses.replace(config, teacher_layers=(1, 2), dropout_rate=0.0)
    encoder = transformers.TFAutoModel.from_pretrained(teacher)
    sizes = sizes_of(whole, encoder.config)
    ids = np.arange(40, dtype=np.int32)
    model = build_student(whole, sizes, encoder, ids).model
    inputs = {"input_ids": tf.constant([[2, 7, 9, 4, 3], [2, 8, 3, 0, 0]]),
              "attention_mask": tf.constant([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])}
    mask = tf.cast(inputs["attention_mask"], tf.float32)
    targets, found = teacher_targets(whole, sizes, encoder, ids)(inputs), model(inputs)
    for name, loss in (("relations", "relation_kld"), ("hidden_states", "mse")):
        assert float(LOSSES[loss](found[name], targets[name], mask)) == pytest.approx(0, abs=1e-6)
    other = dataclasses.replace(whole, teacher_layers=(2, 1))
    found = build_student(other, sizes_of(other, encoder.config), encoder, ids).model(inputs)
    assert float(relation_divergence(found["relations"], targets["relations"], mask)) > 1e-3


def test_the_loss_falls_and_the_checkpoint_opens(config, finished):
    folder, record = finished
    history = read_json(folder / "stages" / "01_text" / "history.json")
    assert len(history) == record["stage"]["epochs"] == 4
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]
    assert record["stage"]["dev"]["loss"] == pytest.approx(
        min(part["monitor"] for part in history), rel=1e-4)
    checkpoint = folder / "checkpoint"
    model = transformers.TFAutoModel.from_pretrained(checkpoint)
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    assert len(tokenizer) == model.config.vocab_size == record["vocabulary"] < 400
    assert model.config.pad_token_id == tokenizer.pad_token_id
    text = tokenizer("Paul works in Berlin .", return_tensors="np")["input_ids"]
    assert np.isfinite(model(text).last_hidden_state).all()
    # As xtremedistil-finetune and --pt_student_checkpoint read it.
    student = with_architecture(StudentConfig(pt_student_checkpoint=str(checkpoint)), 16)
    assert (student.num_hidden_layers, student.hidden_size) == (1, 16)
    assert len(load_student_tokenizer(student)) == record["vocabulary"]
    assert load_student_encoder(student).config.num_hidden_layers == 1


def test_without_epochs_the_layers_are_merely_cut_out(config, teacher, tmp_path):
    config = dataclasses.replace(config, epochs=0, vocabulary="teacher", vocabulary_min_count=1)
    record = job.run_pretraining(config, tmp_path)
    ours = load_file(tmp_path / "checkpoint" / "model.safetensors")
    theirs = load_file(teacher / "model.safetensors")
    assert record["stage"] is None and not (tmp_path / "stages").exists()
    for name, value in ours.items():
        source = name.removeprefix("electra.").replace("layer.0", "layer.1")
        np.testing.assert_array_equal(value, theirs[source], name)


@pytest.mark.long
def test_a_killed_run_ends_with_the_same_weights(config, finished, tmp_path, monkeypatch):
    keep, kept = Trainer._keep, []

    def killed(self, *arguments):
        keep(self, *arguments)
        kept.append(1)
        if len(kept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        job.run_pretraining(config, tmp_path)
    assert not (tmp_path / "checkpoint").exists() and not (tmp_path / job.RECORD_FILE).exists()
    monkeypatch.setattr(Trainer, "_keep", keep)
    job.run_pretraining(config, tmp_path)
    ours, theirs = (load_file(folder / "checkpoint" / "model.safetensors")
                    for folder in (tmp_path, finished[0]))
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_a_finished_folder_is_not_trained_again(config, finished, monkeypatch):
    monkeypatch.setattr(job, "_train", None)
    assert job.run_pretraining(config, finished[0]) == finished[1]
    with pytest.raises(UserError, match="made by other settings or data: config.epochs: 2 -> 5"):
        job.run_pretraining(dataclasses.replace(config, epochs=5), finished[0])


def test_a_training_that_gains_nothing_is_told(caplog):
    job._warn_of_start({"best_epoch": 1})
    assert not caplog.records
    job._warn_of_start({"best_epoch": 0})
    assert "no part of the training lowered the loss" in caplog.text


def test_attention_that_cannot_be_read_is_told(config):
    config = dataclasses.replace(config, start="scratch", teacher_layers=None,
                                 word_embedding="random")
    for kind in ("deberta-v2", "albert"):
        encoder = make_encoder(kind, 40)
        with pytest.raises(UserError, match="self-attention cannot be read here"):
            teacher_targets(config, sizes_of(config, encoder.config), encoder, np.arange(40))


def test_another_width_is_projected(config, teacher):
    other = dataclasses.replace(config, start="scratch", teacher_layers=None, hidden_size=8,
                                word_emb_dim=4, word_embedding="svd")
    encoder = transformers.TFAutoModel.from_pretrained(teacher)
    sizes = sizes_of(other, encoder.config)
    student = build_student(other, sizes, encoder, np.arange(40, dtype=np.int32))
    assert student.registry.names[-1] == "projection"
    inputs = {"input_ids": tf.constant([[2, 7, 3]]), "attention_mask": tf.constant([[1, 1, 1]])}
    found = student.model(inputs)
    assert found["hidden_states"].shape == (1, 3, 16) and found["relations"].shape[2:] == (3, 2, 4)
