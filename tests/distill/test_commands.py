"""Command lines of the authors' README, from start to end."""

import pathlib
import subprocess
import sys

from tests.checkpoints import make_encoder, save_pytorch_safetensors
from tests.conftest import ROOT, write_task
from xtremedistil_tf.runs import read_json

V2_COMMAND = (
    "--task {task} --model_dir {out} --seq_len 32 --ft_epochs 80 --distil_epochs 80 "
    "--ft_batch_size 256 --distil_batch_size 1024 --teacher_layer 6 --distil_chunk_size 700000 "
    "--pt_teacher TFBertModel --pt_teacher_checkpoint {checkpoint} --do_NER "
    "--transfer_file unlabeled_sentences.txt"
)


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
    # no time for 80 epochs in each of nine steps.
    shorter = ["--word_emb_dim", "8", "--bilstm_hidden_size", "4", "--teacher_epochs", "1",
               "--stage_epochs", "_=1", "--noexport"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "run_distillation.py"), *command.split(), *shorter], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=560)
    assert done.returncode == 0, done.stdout.decode()
    metrics = read_json(tmp_path / "out" / "metrics.json")
    assert len(metrics["stages"]) == 9 and metrics["teacher"]["layer"] == 6
