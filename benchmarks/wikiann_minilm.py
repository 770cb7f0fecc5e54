"""Runs the recorded WikiAnn jobs and keeps their metrics, plots and machine beside this file.

Command:
  python benchmarks/wikiann_minilm.py --task=DATA --checkpoint=MINILM --work=FOLDER
DATA is a task folder with WikiAnn sentences, MINILM a MiniLM checkpoint folder (see the flagfiles).
The teacher is fine-tuned once and shared. Results go to benchmarks/wikiann8_minilm/<run>/.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import time

from absl import app, flags
from machine import ROOT, machine

RESULTS = ROOT / "benchmarks" / "wikiann8_minilm"
SHORT = "--flagfile=flags/wikiann_minilm.flags"
RUNS = {"short": [SHORT], "short_adam": [SHORT, "--optimizer=adam"],
        "long": ["--flagfile=flags/wikiann_minilm_long.flags"]}

FLAGS = flags.FLAGS
flags.DEFINE_string("task", None, "Task folder.", required=True)
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_string("work", None, "Where the run folders go.", required=True)
flags.DEFINE_list("runs", list(RUNS), "Which runs, of those in RUNS.")


def run(script: str, *arguments: str) -> float:
    """Runs one of the project's commands; returns its wall-clock seconds."""
    began = time.monotonic()
    subprocess.run([sys.executable, script, *arguments], cwd=ROOT, check=True)
    return time.monotonic() - began


def main(argv) -> None:
    """Fine-tunes the teacher, then runs the presets one after another."""
    del argv
    work = pathlib.Path(FLAGS.work).resolve()
    task = f"--task={pathlib.Path(FLAGS.task).resolve()}"
    checkpoint = f"--pt_teacher_checkpoint={pathlib.Path(FLAGS.checkpoint).resolve()}"
    names = {"--teacher_layer", "--teacher_epochs", "--teacher_batch_size", "--seq_len",
             "--teacher_learning_rate", "--pt_teacher", "--do_NER"}
    preset = (ROOT / SHORT.split("=")[1]).read_text("utf-8").splitlines()
    teacher_flags = [line for line in preset if line.split("=")[0] in names]
    teacher_dir = work / "teacher_run"
    seconds = {"teacher": run("run_teacher.py", task, checkpoint, f"--model_dir={teacher_dir}",
                              *teacher_flags)}
    for name in FLAGS.runs:
        folder = work / name
        seconds[name] = run("run_distillation.py", *RUNS[name], task, checkpoint,
                            f"--model_dir={folder}", f"--teacher_model_dir={teacher_dir}")
        target = RESULTS / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for file in ("metrics.json", "report.md"):
            shutil.copy(folder / file, target / file)
        shutil.copytree(folder / "plots", target / "plots")
        record = {**machine(), "seconds_teacher": seconds["teacher"],
                  "seconds_from_files_to_scores": seconds[name]}
        (target / "machine.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    app.run(main)
