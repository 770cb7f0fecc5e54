"""The whole job with a student from a checkpoint that reads with a tokenizer of its own."""

import dataclasses

import numpy as np
import pytest
from safetensors.numpy import load_file

import xtremedistil_tf
from tests.checkpoints import make_encoder, save_pytorch_safetensors
from tests.conftest import write_task, write_texts
from tests.jobs.test_distillation import config_of
from tests.students import TEXTS, assert_same
from xtremedistil_tf.config import BatchSize, Resources, StudentConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.tokenization.alignment import align
from xtremedistil_tf.export.export import export_student
from xtremedistil_tf.jobs import distillation as job
from xtremedistil_tf.jobs.student_inputs import prepare as prepare_rows
from xtremedistil_tf.models.teacher import build_teacher, load_teacher, save_teacher
from xtremedistil_tf.models.tokenizers import train_wordpiece
from xtremedistil_tf.runtime import prepare
from xtremedistil_tf.targets.dataset import transfer_batches
from xtremedistil_tf.targets.spec import KINDS
from xtremedistil_tf.teachers.student_tokenizer import student_text


@pytest.fixture(scope="module")
def checkpoint(sample_words, tmp_path_factory):
    """A DistilBERT of other pieces than the teacher's."""
    own = train_wordpiece(sample_words, 60, True)
    folder = tmp_path_factory.mktemp("small")
    return save_pytorch_safetensors(make_encoder("distilbert", len(own), dim=8), own, folder)


@pytest.fixture(scope="module")
def finished(checkpoint, teacher_folder, bert_config, tmp_path_factory):
    base = tmp_path_factory.mktemp("checkpoint_job")
    config = config_of(write_task(base / "task"), bert_config)
    config = dataclasses.replace(
        config, teacher=dataclasses.replace(config.teacher, model_dir=str(teacher_folder)),
        # The first stage alone.
        distil=dataclasses.replace(config.distil, distil_epochs=1,
                                   stage_epochs=(("logits", 0), ("labels", 0)),
                                   multi_hidden_states=True),
        student=StudentConfig(student="transformer", pt_student_checkpoint=str(checkpoint),
                              freeze_word_embedding=True))
    prepare(config.seed, True)
    metrics = job.run_distillation(config, base / "run", resources=Resources(export=False))
    return base / "run", metrics, config


def test_it_starts_where_the_checkpoint_is_and_moves(finished, checkpoint):
    folder, metrics, _ = finished
    start = load_file(checkpoint / "model.safetensors")
    end = load_file(folder / "student" / "weights.safetensors")
    words = start["embeddings.word_embeddings.weight"]
    pad, unknown = 0, 1
    np.testing.assert_array_equal(  # Frozen: as they were, in the student's order.
        end["encoder/electra/embeddings/word_embeddings/weight"], words[[pad, unknown,
                                                                         *range(2, len(words))]])
    assert metrics["student"]["vocabulary"] == len(words)
    query = end["encoder/electra/encoder/layer_._0/attention/self/query/kernel"]
    moved = np.abs(query - start["transformer.layer.0.attention.q_lin.weight"].T)
    # An epoch at a rate of 1e-2 away from its start, not another random one.
    assert 0 < moved.max() and moved.mean() < 0.5 * np.abs(query).mean() + 0.02
    assert metrics["stages"][0]["trainable"] == ["matching", "projection", "layer_1", "layer_0"]
    # What brought its hidden states to the teacher's width is not part of it.
    assert metrics["student"]["parameters"] == sum(array.size for array in end.values())
    assert "matching_0/kernel" in load_file(
        folder / "stages" / "01_representation" / "weights.safetensors")


def test_its_forms_read_with_its_own_tokenizer(finished, checkpoint):
    folder, _, _ = finished
    export_student(folder, forms=["onnx"])
    assert_same(xtremedistil_tf.load(folder, "onnx").tag_text(TEXTS),
                xtremedistil_tf.load(folder, "keras").tag_text(TEXTS))
    assert (folder / "student" / "tokenizer.json").read_text("utf-8").count("##") \
        == (checkpoint / "tokenizer.json").read_text("utf-8").count("##")
    card = (folder / "student" / "README.md").read_text("utf-8")
    assert f"2 heads, started from {checkpoint.name}," in card
    assert "subword tokens of its own" in card


def test_its_targets_are_the_teachers_at_the_words_first_pieces(finished, teacher_folder):
    folder, _, config = finished
    config = job.with_sizes(config)
    task, teacher = read_task(config.data), load_teacher(teacher_folder, 1, matched=2)
    text = student_text(config, teacher)
    assert text.differs and text.whole
    prepared, passes = prepare_rows(
        config, task, teacher, teacher_dirs=[teacher_folder], model_dir=folder,
        resources=Resources(), kinds=(*KINDS, "hidden_states"), text=text)
    assert passes == 0  # What the run stored.
    sentences = list(task.transfer)
    theirs, ours = (align(one, sentences_as_rows(sentences, task.labels.tags[0]),
                          config.data.seq_len, task.labels)
                    for one in (teacher.tokenizer, text.tokenizer))
    rows = {tuple(ours.input_ids[row]): row for row in range(len(sentences))}
    table, checked = prepared.vocabulary.table, 0
    ids_of = prepared.vocabulary.teacher_ids
    for inputs, targets in transfer_batches(prepared.transfer, BatchSize(8), 0, table,
                                            (*KINDS, "hidden_states")):
        for at, ids in enumerate(inputs["input_ids"].numpy()):
            row = rows[tuple(ids_of[ids[ids > 0]])]
            pieces = theirs.input_ids[row]
            said = teacher.model({"input_ids": pieces[None],
                                  "attention_mask": np.ones_like(pieces)[None]})
            pairs = [(0, 0), (len(ours.input_ids[row]) - 1, len(pieces) - 1)]
            pairs += [(o, t) for o, t in zip(ours.word_starts[row], theirs.word_starts[row])
                      if o >= 0 and t >= 0]
            own, their = map(list, zip(*pairs))
            assert np.flatnonzero(targets["mask"][at]).tolist() == sorted(own)
            for name in (*KINDS, "hidden_states"):
                np.testing.assert_allclose(targets[name].numpy()[at][own],
                                           said[name].numpy()[0][their], atol=5e-3)
            checked += 1
    assert checked == len(sentences)


def sentences_as_rows(sentences, tag):
    return [dataclasses.replace(sentence, tags=(tag,) * len(sentence.words))
            for sentence in sentences]


def test_a_classifier_needs_no_alignment(checkpoint, bert_config, tokenizer, tmp_path):
    config = config_of(write_texts(tmp_path / "task", 8, 8), bert_config)
    config = dataclasses.replace(
        config, data=dataclasses.replace(config.data, do_ner=False),
        student=StudentConfig(student="transformer", pt_student_checkpoint=str(checkpoint)))
    config = job.with_sizes(config)
    task = read_task(config.data)
    teacher = build_teacher(make_encoder("bert", len(tokenizer)), tokenizer, task.labels.size, 1,
                            pooled=True)
    save_teacher(teacher, tmp_path / "teacher", {"kind": "classification"})
    text = student_text(config, teacher)
    prepared, _ = prepare_rows(
        config, task, teacher, teacher_dirs=[tmp_path / "teacher"], model_dir=tmp_path / "run",
        resources=Resources(), kinds=KINDS, text=text)
    assert text.differs and prepared.transfer.own is not None
    inputs, targets = next(iter(transfer_batches(
        prepared.transfer, BatchSize(99), 0, prepared.vocabulary.table, KINDS)))
    assert targets["logits"].shape[1:] == (1, task.labels.size)
    assert inputs["input_ids"].shape[1] > 1 and targets["mask"].numpy().all()
