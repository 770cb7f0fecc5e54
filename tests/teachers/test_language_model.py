"""Masked language modelling of a teacher on the transfer text."""

import dataclasses

import numpy as np
import pytest
import transformers

from tests.checkpoints import SIZES, save_pytorch_safetensors
from tests.conftest import write_task
from xtremedistil_tf import config as cfg
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.jobs import obtain_teacher as job
from xtremedistil_tf.models.pretrained_encoders import build_variables
from xtremedistil_tf.runtime import prepare
from xtremedistil_tf.teachers.language_model import adapt_to_text
from xtremedistil_tf.teachers.masked_lm import build_masked_lm, load_own_head
from xtremedistil_tf.validation.run_files import read_teacher_record


@pytest.fixture(scope="module")
def checkpoint(tokenizer, tmp_path_factory):
    """(folder of a BERT with a masked-LM head, the model)."""
    folder = tmp_path_factory.mktemp("lm") / "bert"
    folder.mkdir()
    model = transformers.TFBertForMaskedLM(transformers.BertConfig(
        vocab_size=len(tokenizer), architectures=["BertForMaskedLM"], **SIZES))
    build_variables(model)
    for weight in model.weights:
        if "transform" in weight.name or weight.name.endswith("predictions/bias:0"):
            weight.assign(weight + 0.1)
    save_pytorch_safetensors(model, tokenizer, folder, headed=True)
    return folder, model


@pytest.fixture(scope="module")
def config(checkpoint, tmp_path_factory):
    prepare(42, False)  # Dropout layers are built as in a run.
    task = write_task(tmp_path_factory.mktemp("lm_task") / "task", rows=12)
    return cfg.RunConfig(
        cfg.DataConfig(str(task), "transfer.txt", 24, do_ner=True),
        cfg.TeacherConfig(checkpoint=str(checkpoint[0]), layer=1, epochs=1, batch_size=8,
                          learning_rate=5e-3, lm_epochs=2))


def test_the_checkpoints_own_head_gives_the_checkpoints_logits(checkpoint, config):
    folder, theirs = checkpoint
    teacher = job.fresh_teacher(config, read_task(config.data))
    model, registry = build_masked_lm(teacher.encoder)
    assert load_own_head(model, str(folder))
    ids = np.array([[2, 7, 9, 4, 3]], np.int32)
    found = model({"input_ids": ids, "attention_mask": np.ones_like(ids)})["logits"]
    np.testing.assert_allclose(found, theirs(ids).logits, atol=1e-4)
    assert registry.names == ("embeddings", "layer_0", "layer_1", "lm_head")
    # Logits of one token's positions alone are the same, row by row.
    masked, _ = build_masked_lm(teacher.encoder, only=9)
    load_own_head(masked, str(folder))
    ids = np.array([[2, 7, 9, 4, 3], [2, 9, 9, 3, 0]], np.int32)
    inputs = {"input_ids": ids, "attention_mask": (ids > 0).astype(np.int32)}
    np.testing.assert_allclose(masked(inputs)["logits"], model(inputs)["logits"][ids == 9],
                               atol=1e-5)


@pytest.mark.long
def test_text_changes_the_encoder_before_it_is_fine_tuned(config, tmp_path, monkeypatch):
    task = read_task(config.data)
    seen = {}

    def adapt(teacher, *more, **options):
        before = teacher.word_embeddings()
        record = adapt_to_text(teacher, *more, **options)
        seen.update(record, moved=float(np.abs(teacher.word_embeddings() - before).max()))
        return record

    monkeypatch.setattr(job, "adapt_to_text", adapt)
    job.obtain_teacher(config, task, tmp_path)
    record = read_teacher_record(tmp_path / "teacher")
    assert seen["moved"] > 1e-3 and seen["epochs"] == 2 and seen["monitor"] == "masked_accuracy"
    assert record["text"]["name"] == "teacher_00_text" and "masked_accuracy" in seen["dev"]
    # Another number of epochs is another teacher.
    other = dataclasses.replace(config, teacher=dataclasses.replace(config.teacher, lm_epochs=0))
    with pytest.raises(UserError, match="was fine-tuned by other settings or data"):
        job.obtain_teacher(other, task, tmp_path)


def test_without_text_it_is_refused(config, tmp_path):
    task = read_task(config.data, with_transfer=False)
    with pytest.raises(UserError, match="--teacher_lm_epochs reads the transfer text"):
        job.obtain_teacher(config, task, tmp_path)
