"""Peak resident memory of a whole job at several sizes of the transfer set.

Command:
  python benchmarks/engine/memory.py --task=DATA --transfer=TEXT --checkpoint=MINILM --work=FOLDER
DATA is a task folder, TEXT a file of at least 280,000 sentences, MINILM a MiniLM checkpoint folder.
The teacher is fine-tuned for one epoch and shared; one epoch each of the representation stage, the
first and last logits stage and the last labels stage. Written to benchmarks/engine/memory.json.
"""

import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import time

from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import ROOT, write_record

FLAGS = flags.FLAGS
flags.DEFINE_string("task", None, "Task folder.", required=True)
flags.DEFINE_string("transfer", None, "Unlabelled sentences.", required=True)
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_string("work", None, "Where the run folders go.", required=True)
flags.DEFINE_list("sizes", ["25000", "100000", "280000"], "Transfer sentences.")


def run(*arguments: str) -> tuple:
    """Runs a command of the project; returns (peak resident GiB, seconds)."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments[0]} failed")
    return usage.ru_maxrss / 2**20, time.monotonic() - began


def main(argv) -> None:
    """Runs the teacher once and the student at every size."""
    del argv
    work = pathlib.Path(FLAGS.work).resolve()
    shared = [f"--task={pathlib.Path(FLAGS.task).resolve()}", "--do_NER", "--teacher_layer=6",
              f"--pt_teacher_checkpoint={pathlib.Path(FLAGS.checkpoint).resolve()}",
              "--pt_teacher=TFBertModel", "--teacher_epochs=1", "--ft_epochs=1"]
    teacher = work / "teacher_run"
    if not (teacher / "teacher_metrics.json").exists():
        run("run_teacher.py", *shared, f"--model_dir={teacher}")
    sizes = []
    for size in map(int, FLAGS.sizes):
        text, folder = work / f"transfer_{size}.txt", work / f"run_{size}"
        with open(FLAGS.transfer, "rb") as source:
            text.write_bytes(b"".join(itertools.islice(source, size)))
        shutil.rmtree(folder, ignore_errors=True)
        left_out = ["03=0", "04=0", "06=0", "07=0", "08=0"]
        gib, seconds = run(
            "run_distillation.py", *shared, f"--transfer_file={text}", f"--model_dir={folder}",
            f"--teacher_model_dir={teacher}", "--word_emb_dim=50", "--bilstm_hidden_size=200",
            "--distil_epochs=1", f"--stage_epochs={','.join(left_out)}", "--distil_batch_size=128",
            "--optimizer=lazy_adam", "--distil_chunk_size=20000", "--nokeep_representation",
        )
        sizes.append({"transfer_sentences": size, "peak_gib": gib, "seconds": seconds})
        shutil.rmtree(folder)
        text.unlink()
    peaks = [found["peak_gib"] for found in sizes]
    write_record("engine/memory",
                 {"sizes": sizes, "largest_over_smallest": max(peaks) / min(peaks)})


if __name__ == "__main__":
    app.run(main)
