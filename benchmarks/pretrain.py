"""A task-agnostic student against the same layers merely cut out, and against random weights.

Command:
  python benchmarks/pretrain.py --checkpoint=E5 --text=TEXT --data=DATA --work=FOLDER
    [--sentences=20000] [--tasks=wikiann8,wikiann29,udpos,sib200_41]
    [--students=pretrained,cut,scratch] [--seed=42]
E5 is the checkpoint folder of multilingual-e5-small, TEXT raw text, one sentence a line (as
transfer_big.txt of wikiann29), DATA the folder with the task folders. Each student has 3 layers of
the teacher's width and the same cut vocabulary:
  pretrained  the teacher's layers 4, 8 and 12, distilled on the text (xtremedistil-pretrain)
  cut         these layers as they are (--distil_epochs=0)
  scratch     random weights, word embedding included
Each is fine-tuned on each task (xtremedistil-finetune), scratch with the rate of students from
scratch. What was finished is not run again, so a killed benchmark goes on with the same command.
The record goes to benchmarks/pretrain.json after each run.
"""

import os
import pathlib
import subprocess
import sys
from typing import Any, Dict, List

from absl import app, flags
from machine import ROOT, write_record

from xtremedistil_tf.files.contents import read_json

COMMON = ["--num_hidden_layers=3", "--vocabulary=cut", "--vocabulary_min_count=3", "--seq_len=64",
          "--distil_batch_size=32", "--part_steps=100"]
STUDENTS: Dict[str, List[str]] = {
    "pretrained": [],
    "cut": ["--distil_epochs=0"],
    "scratch": ["--distil_epochs=0", "--start=scratch", "--word_embedding=random"],
}
TUNING = ["--ft_epochs=8", "--student_ft_batch_size=16",
          "--lr_schedule=cosine", "--optimizer=lazy_adam", "--dense_act_func=gelu", "--noexport",
          "--patience=99"]
RATES = {"pretrained": 3e-4, "cut": 3e-4, "scratch": 1e-3}
TASKS: Dict[str, List[str]] = {
    "wikiann8": ["--do_NER", "--seq_len=32"],
    "wikiann29": ["--do_NER", "--seq_len=32"],
    "udpos": ["--do_NER", "--tag_scheme=none", "--seq_len=48"],
    "sib200_41": ["--seq_len=64"],
}
# Labelled rows a language: few, where a start matters most. Those of sib200_41 name none: in all.
LABELS = {"wikiann8": 100, "wikiann29": 100, "udpos": 100, "sib200_41": 1230}

FLAGS = flags.FLAGS
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_string("text", None, "Raw text.", required=True)
flags.DEFINE_string("data", None, "Folder of the task folders.", required=True)
flags.DEFINE_string("work", None, "Where the run folders go.", required=True)
flags.DEFINE_integer("sentences", 20000, "Sentences of the text.")
flags.DEFINE_list("tasks", list(TASKS), "Which tasks.")
flags.DEFINE_list("students", list(STUDENTS), "Which students.")
flags.DEFINE_integer("seed", 42, "Seed of all runs.")


def run(module: str, *arguments: str) -> None:
    """Runs a command of the package."""
    subprocess.run([sys.executable, "-m", f"xtremedistil_tf.cli.{module}", *arguments], cwd=ROOT,
                   check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def start(name: str, folder: pathlib.Path) -> Dict[str, Any]:
    """Makes one of the students; returns what its record says of it."""
    run("encoders.pretrain", *COMMON, *STUDENTS[name],
        f"--pt_teacher_checkpoint={FLAGS.checkpoint}", f"--transfer_file={FLAGS.text}",
        f"--transfer_size={FLAGS.sentences}",
        f"--model_dir={folder}", f"--seed={FLAGS.seed}")
    record = read_json(folder / "pretraining.json")
    found = {key: record["student"][key] for key in ("description", "parameters", "bytes")}
    if record["stage"]:
        history = read_json(folder / "stages" / record["stage"]["name"] / "history.json")
        found.update(text=record["text"], losses=record["stage"]["losses"],
                     steps=record["stage"]["steps"], seconds=record["stage"]["seconds"],
                     held_out=[part["monitor"] for part in history])
    return found


def tune(name: str, task: str, checkpoint: pathlib.Path, folder: pathlib.Path) -> Dict[str, Any]:
    """Fine-tunes a student on a task; returns its scores."""
    run("finetune", f"--task={pathlib.Path(FLAGS.data) / task}", *TASKS[task], *TUNING,
        f"--labels_per_language={LABELS[task]}",
        f"--pt_student_checkpoint={checkpoint}", f"--learning_rate={RATES[name]}",
        f"--model_dir={folder}", f"--seed={FLAGS.seed}")
    metrics = read_json(folder / "metrics.json")
    scores = {split: {key: value for key, value in metrics["student"][split].items()
                      if isinstance(value, float)} for split in ("dev", "test")}
    seconds = sum(stage["seconds"] for stage in metrics["stages"])
    return {"measure": metrics["measure"], **scores, "seconds": seconds}


def main(argv) -> None:
    """Makes the students, then fine-tunes them task by task."""
    del argv
    work = pathlib.Path(FLAGS.work).resolve()
    found: Dict[str, Any] = {
        "teacher": "multilingual-e5-small, weights rounded to 4 bits by the package they come with",
        "sentences": FLAGS.sentences, "seed": FLAGS.seed, "students": {}, "rates": RATES,
        "flags": {"pretrain": COMMON, "tuning": TUNING, **TASKS}, "labels": LABELS, "tasks": {}}
    for name in FLAGS.students:
        found["students"][name] = start(name, work / name)
        write_record("pretrain", found, show=False)
    for task in FLAGS.tasks:
        scores = found["tasks"].setdefault(task, {})
        for name in FLAGS.students:
            scores[name] = tune(name, task, work / name / "checkpoint", work / f"{name}_{task}")
            write_record("pretrain", found, show=False)
            print(task, name, scores[name])


if __name__ == "__main__":
    app.run(main)
