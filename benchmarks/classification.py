"""Fills a record in the form of the paper's Tables 9 and 10: classification by labels a class.

For every data set, number of labels and seed: the teacher, the student without distillation (D0-S,
its embedding starting from the fine-tuned teacher's) and with it (D4.2), all on the same rows.

Command:
  python benchmarks/classification.py --data=DATA --checkpoint=MINILM --work=FOLDER
DATA holds a task folder for each of --sets, MINILM a MiniLM checkpoint folder (see the flagfiles).
A killed benchmark goes on with the same command: what is in --work is not run again, and
benchmarks/classification.json is written after every row. Arguments behind `--` go to every run.
"""

import collections
import json
import pathlib
import random
import statistics
import subprocess
import sys
from typing import Any, Dict, List, Optional

from absl import app, flags
from machine import ROOT, write_record

ALL = "all"
# Alone on the labels, a student needs more epochs than behind a teacher's steps.
ALONE = ["--strategy=D0-S", "--ft_epochs=40", "--stage_epochs="]

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "Folder with the task folders.", required=True)
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_string("work", None, "Where task subsets and run folders go.", required=True)
flags.DEFINE_list("sets", ["sst2", "ag_news"], "Which data sets; each has flags/SET_minilm.flags.")
flags.DEFINE_list("labels", ["100", "500", ALL], "Labelled training rows a class.")
flags.DEFINE_list("seeds", ["1", "2", "3"], "Seeds of the subset and of the run.")
flags.DEFINE_integer("transfer_rows", None, "First rows of the transfer file; by default all.")
flags.DEFINE_string("record", "classification", "Name of the record in benchmarks/.")


def subset(source: pathlib.Path, target: pathlib.Path, labels: str, seed: int) -> None:
    """Writes a task folder with so many training rows a class; dev, test and transfer stay."""
    by_label = collections.defaultdict(list)
    for line in (source / "train.tsv").read_text("utf-8").split("\n"):
        if line:
            by_label[line.rsplit("\t", 1)[1]].append(line)
    draw, rows = random.Random(seed), []
    for label in sorted(by_label):
        own = by_label[label]
        rows += own if labels == ALL else draw.sample(own, min(int(labels), len(own)))
    draw.shuffle(rows)
    target.mkdir(parents=True, exist_ok=True)
    (target / "train.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    for name in ("dev.tsv", "test.tsv", "labels.tsv"):
        (target / name).write_bytes((source / name).read_bytes())
    texts = (source / "transfer.txt").read_text("utf-8").split("\n")
    kept = [text for text in texts if text.strip()][: FLAGS.transfer_rows]
    (target / "transfer.txt").write_text("\n".join(kept) + "\n", "utf-8")


def run(name: str, folder: pathlib.Path, arguments: List[str]) -> Dict[str, Any]:
    """Runs the job of a data set, or finds it finished; returns its metrics."""
    command = [sys.executable, "run_distillation.py", f"--flagfile=flags/{name}_minilm.flags",
               f"--pt_teacher_checkpoint={pathlib.Path(FLAGS.checkpoint).resolve()}",
               f"--model_dir={folder}", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)
    return json.loads((folder / "metrics.json").read_text("utf-8"))


def one_row(name: str, labels: str, seed: int, more: List[str]) -> Dict[str, Any]:
    """Teacher, student alone and distilled student on one subset."""
    work = pathlib.Path(FLAGS.work).resolve() / f"{name}-{labels}-{seed}"
    if not (work / "task" / "transfer.txt").is_file():
        subset(pathlib.Path(FLAGS.data) / name, work / "task", labels, seed)
    shared = [f"--task={work / 'task'}", f"--seed={seed}", *more]
    distilled = run(name, work / "distilled", shared)
    alone = run(name, work / "alone",
                [*shared, f"--teacher_model_dir={work / 'distilled'}", *ALONE])

    def accuracy(metrics: Dict[str, Any], model: str) -> float:
        return metrics[model]["test"]["accuracy"]

    row = {"set": name, "labels_a_class": labels, "seed": seed,
           "teacher": accuracy(distilled, "teacher"), "without": accuracy(alone, "student"),
           "with": accuracy(distilled, "student"),
           "with_macro_f1": distilled["student"]["test"]["macro_f1"],
           "parameters": {who: distilled[who]["parameters"] for who in ("teacher", "student")},
           "transfer_rows": distilled["data"]["transfer"]["sentences"]}
    return {**row, "recovered": recovered(row)}


def recovered(row: Dict[str, Any]) -> Optional[float]:
    """Percent of the gap between the student alone and the teacher that distillation closes."""
    gap = row["teacher"] - row["without"]
    return 100.0 * (row["with"] - row["without"]) / gap if gap > 0 else None


def means(rows: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Over the seeds: mean and standard deviation of each accuracy."""
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row["set"], row["labels_a_class"]].append(row)
    return [
        {"set": name, "labels_a_class": labels, "seeds": len(own),
         **{key: {"mean": statistics.fmean(row[key] for row in own),
                  "std": statistics.pstdev(row[key] for row in own)}
            for key in ("teacher", "without", "with")}}
        for (name, labels), own in groups.items()
    ]


def main(argv) -> None:
    """Runs what is missing and writes the record after every row."""
    rows: List[Dict[str, Any]] = []
    for name in FLAGS.sets:
        for labels in FLAGS.labels:
            for seed in map(int, FLAGS.seeds):
                rows.append(one_row(name, labels, seed, list(argv[1:])))
                write_record(FLAGS.record, {"measure": "test accuracy, 0 to 100",
                                            "means": means(rows), "rows": rows})


if __name__ == "__main__":
    app.run(main)
