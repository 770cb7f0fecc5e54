"""A job of a minute: an eighth of the sample, a tiny teacher from random weights."""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import ROOT

from xtremedistil_tf.files.contents import write_json

TEACHER = {"model_type": "bert", "vocab_size": 800, "hidden_size": 32, "num_hidden_layers": 2,
           "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64}


def write_job(work: pathlib.Path, *, every: int = 8) -> None:
    """Writes the task, each n-th line of the sample, and the teacher's configuration."""
    work.mkdir(parents=True, exist_ok=True)
    write_json(work / "teacher.json", TEACHER)
    shutil.copytree(ROOT / "data" / "ner", work / "task", dirs_exist_ok=True)
    for name in ("train.tsv", "dev.tsv", "test.tsv", "transfer.txt"):
        lines = (ROOT / "data" / "ner" / name).read_bytes().splitlines(keepends=True)
        (work / "task" / name).write_bytes(b"".join(lines[::every]))


def command(work: pathlib.Path, folder: pathlib.Path, *more: str) -> list:
    """The job's command line; `more` comes last and wins."""
    return [sys.executable, "run_distillation.py", "--deterministic", "--do_NER",
            f"--task={work / 'task'}", "--transfer_file=transfer.txt", "--seq_len=24",
            f"--teacher_config={work / 'teacher.json'}", "--teacher_layer=1", "--ft_epochs=2",
            "--distil_epochs=2", "--word_emb_dim=8", "--bilstm_hidden_size=8",
            "--distil_chunk_size=500", "--teacher_learning_rate=1e-3", "--learning_rate=1e-2",
            f"--model_dir={folder}", *more]
