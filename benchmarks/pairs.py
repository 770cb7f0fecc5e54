"""Fills a record of how a BiLSTM student should read pairs: one row with segments, or two texts.

For every encoding and seed: the teacher, the student without distillation (D0-S) and with it (D4.2)
on MRPC. There is no unlabelled text: the transfer set is the training pairs and, to have more
than those, pairs of the same sentences put together anew.

Command:
  python benchmarks/pairs.py --task=MRPC --checkpoint=MINILM --work=FOLDER
MRPC is a task folder of pairs, MINILM a MiniLM checkpoint folder (see flags/mrpc_minilm.flags). A
killed benchmark goes on with the same command: what is in --work is not run again, and
benchmarks/pairs.json is written after every row. Arguments behind `--` go to every run.
"""

import json
import pathlib
import random
import statistics
import subprocess
import sys
from typing import Any, Dict, List

from absl import app, flags
from machine import ROOT, write_record

# Alone on the labels, a student needs more epochs than behind a teacher's steps.
ALONE = ["--strategy=D0-S", "--ft_epochs=40", "--stage_epochs="]
SCORES = ("f1", "accuracy")

FLAGS = flags.FLAGS
flags.DEFINE_string("task", None, "Task folder of pairs without a transfer file.", required=True)
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_string("work", None, "Where the transfer file and the run folders go.", required=True)
flags.DEFINE_list("encodings", ["joint", "siamese"], "Values of --pair_encoding.")
flags.DEFINE_list("seeds", ["1", "2", "3"], "Seeds of the runs.")
flags.DEFINE_integer("recombined", 5, "New pairs of each first sentence beside the real one.")
flags.DEFINE_string("record", "pairs", "Name of the record in benchmarks/.")


def transfer_pairs(train: pathlib.Path, target: pathlib.Path, often: int) -> None:
    """Writes the pairs of a labelled file and, of each first sentence, some with another one."""
    rows = [line.split("\t")[:2] for line in train.read_text("utf-8").split("\n") if line]
    draw, seconds = random.Random(0), [second for _, second in rows]
    pairs = {(first, second) for first, second in rows}
    pairs |= {(first, second) for first, _ in rows for second in draw.sample(seconds, often)}
    lines = sorted("\t".join(pair) for pair in pairs)
    draw.shuffle(lines)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n", "utf-8")


def run(folder: pathlib.Path, arguments: List[str]) -> Dict[str, Any]:
    """Runs the job, or finds it finished; returns its metrics."""
    command = [sys.executable, "run_distillation.py", "--flagfile=flags/mrpc_minilm.flags",
               f"--task={pathlib.Path(FLAGS.task).resolve()}",
               f"--transfer_file={pathlib.Path(FLAGS.work).resolve() / 'transfer.tsv'}",
               f"--pt_teacher_checkpoint={pathlib.Path(FLAGS.checkpoint).resolve()}", "--noexport",
               f"--model_dir={folder}", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)
    return json.loads((folder / "metrics.json").read_text("utf-8"))


def one_row(encoding: str, seed: int, more: List[str]) -> Dict[str, Any]:
    """Student alone and distilled student, behind the seed's teacher."""
    work = pathlib.Path(FLAGS.work).resolve()
    shared = [f"--seed={seed}", f"--pair_encoding={encoding}",
              f"--teacher_model_dir={work / f'teacher-{seed}'}",
              f"--targets_dir={work / 'targets'}", *more]
    distilled = run(work / f"{encoding}-{seed}" / "distilled", shared)
    alone = run(work / f"{encoding}-{seed}" / "alone", [*shared, *ALONE])
    models = {"teacher": distilled["teacher"], "without": alone["student"],
              "with": distilled["student"]}
    return {"encoding": encoding, "seed": seed, "parameters": distilled["student"]["parameters"],
            "seconds": distilled["seconds"]["stages"],
            "transfer_rows": distilled["data"]["transfer"]["sentences"],
            **{who: {split: {score: model[split][score] for score in SCORES}
                     for split in ("dev", "test")} for who, model in models.items()}}


def means(rows: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Over the seeds: mean and standard deviation of each model's scores, test and dev."""
    def spread(own: List[Dict[str, Any]], who: str, split: str, score: str) -> Dict[str, float]:
        values = [row[who][split][score] for row in own]
        return {"mean": statistics.fmean(values), "std": statistics.pstdev(values)}

    return [
        {"encoding": encoding, "seeds": len(own),
         **{f"{who}_{split}_{score}": spread(own, who, split, score)
            for who in ("teacher", "without", "with") for split in ("dev", "test")
            for score in SCORES}}
        for encoding in dict.fromkeys(row["encoding"] for row in rows)
        for own in [[row for row in rows if row["encoding"] == encoding]]
    ]


def main(argv) -> None:
    """Runs what is missing and writes the record after every row."""
    target = pathlib.Path(FLAGS.work) / "transfer.tsv"
    if not target.is_file():
        transfer_pairs(pathlib.Path(FLAGS.task) / "train.tsv", target, FLAGS.recombined)
    rows: List[Dict[str, Any]] = []
    for seed in map(int, FLAGS.seeds):
        for encoding in FLAGS.encodings:
            rows.append(one_row(encoding, seed, list(argv[1:])))
            write_record(FLAGS.record, {"measure": "F1 and accuracy, 0 to 100",
                                        "means": means(rows), "rows": rows})


if __name__ == "__main__":
    app.run(main)
