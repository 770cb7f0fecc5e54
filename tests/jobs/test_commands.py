"""Command lines of the authors' README, from start to end."""

import pathlib
import subprocess
import sys

import pytest
from safetensors.numpy import load_file

from tests.checkpoints import make_encoder, save_pytorch_safetensors
from tests.conftest import ROOT, write_task
from xtremedistil_tf.files.contents import read_json


def run(command, shorter):
    done = subprocess.run(
        [sys.executable, str(ROOT / "run_distillation.py"), *command.split(), *shorter], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=560)
    assert done.returncode == 0, done.stdout.decode()


V2_COMMAND = (
    "--task {task} --model_dir {out} --seq_len 32 --ft_epochs 80 --distil_epochs 80 "
    "--ft_batch_size 256 --distil_batch_size 1024 --teacher_layer 6 --distil_chunk_size 700000 "
    "--pt_teacher TFBertModel --pt_teacher_checkpoint {checkpoint} --do_NER "
    "--transfer_file unlabeled_sentences.txt"
)


# The authors' later README (XtremeDistil-Transformers) for NER.
V3_COMMAND = (
    "--task {task} --model_dir {out} --seq_len 32 --transfer_file {task}/unlabeled.txt --do_NER "
    "--pt_teacher TFBertModel --pt_teacher_checkpoint {checkpoint} --student_distil_batch_size 256 "
    "--student_ft_batch_size 32 --teacher_batch_size 128 --pt_student_checkpoint {small} "
    "--distil_chunk_size 10000 --teacher_model_dir {out} --distil_multi_hidden_states "
    "--distil_attention --compress_word_embedding --freeze_word_embedding "
    "--opt_policy mixed_float16")


@pytest.mark.long
def test_the_authors_later_command_line_runs_unchanged(tokenizer, tmp_path, monkeypatch):
    folders = {}
    for name, width in (("checkpoint", 12), ("small", 8)):
        monkeypatch.setattr("tests.checkpoints.SIZES", {
            "hidden_size": width, "num_hidden_layers": 2, "num_attention_heads": 2,
            "intermediate_size": 16, "max_position_embeddings": 64})
        (tmp_path / name).mkdir()
        folders[name] = save_pytorch_safetensors(
            make_encoder("bert", len(tokenizer)), tokenizer, tmp_path / name)
    task = write_task(tmp_path / "task", rows=6)
    pathlib.Path(task / "transfer.txt").rename(task / "unlabeled.txt")
    command = V3_COMMAND.format(task=task, out=tmp_path / "out", **folders)
    # The tiny teacher has no seventh layer; and there is no time for 80 epochs in each stage.
    shorter = ["--teacher_layer", "1", "--teacher_epochs", "1", "--strategy", "D4.1",
               "--stage_epochs", "_=1", "--noexport"]
    run(command, shorter)
    metrics = read_json(tmp_path / "out" / "metrics.json")
    first, *later = metrics["stages"]
    assert first["losses"] == ["representation:mse", "hidden_states:mse", "attention:attention_kld"]
    assert "matching" in first["trainable"] and not any(
        "matching" in stage["trainable"] for stage in later)
    assert not any("word_embedding" in stage["trainable"] for stage in metrics["stages"])
    # Of the pieces seen, the width of the small one; nothing of the projections is left.
    assert metrics["student"]["embedding_parameters"] == metrics["student"]["vocabulary"] * 8
    weights = load_file(tmp_path / "out" / "student" / "weights.safetensors")
    assert sum(array.size for array in weights.values()) == metrics["student"]["parameters"]
    assert not [name for name in weights if name.startswith("matching")]


@pytest.mark.long
def test_the_authors_v2_command_line_runs_unchanged(tokenizer, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.checkpoints.SIZES", {
        "hidden_size": 8, "num_hidden_layers": 6, "num_attention_heads": 2,
        "intermediate_size": 16, "max_position_embeddings": 64})
    checkpoint = save_pytorch_safetensors(make_encoder("bert", len(tokenizer)), tokenizer,
                                          tmp_path / "checkpoint")
    task = write_task(tmp_path / "task", rows=6)
    pathlib.Path(task / "transfer.txt").rename(task / "unlabeled_sentences.txt")
    command = V2_COMMAND.format(task=task, out=tmp_path / "out", checkpoint=checkpoint)
    # The default student is 300 wide, which the tiny teacher's embeddings are not; and a test has
    # no time for 80 epochs in each of nine stages.
    shorter = ["--word_emb_dim", "8", "--bilstm_hidden_size", "4", "--teacher_epochs", "1",
               "--stage_epochs", "_=1", "--noexport"]
    run(command, shorter)
    metrics = read_json(tmp_path / "out" / "metrics.json")
    assert len(metrics["stages"]) == 9 and metrics["teacher"]["layer"] == 6
