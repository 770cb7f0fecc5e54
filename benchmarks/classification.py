"""Fills records in the form of the paper's Tables 9 to 11: classification by labels a class.

For every data set, number of labels and seed: a teacher, and behind it students of several kinds,
each in several ways (WAYS): without distillation, with all of it, with parts of it. All students of
a row share the teacher, its stored outputs and the labelled rows.

Commands (DATA holds a task folder for each of --sets, MINILM a MiniLM checkpoint folder):
  python benchmarks/classification.py --data=DATA --checkpoint=MINILM --work=FOLDER
  python benchmarks/classification.py ... --record=schedules --sets=sst2 --labels=all \
    --ways=logits,representation,full
  python benchmarks/classification.py ... --record=layers --labels=500 --students=transformer \
    --ways=full,layers
  python benchmarks/classification.py ... --record=gap --sets=ag_news --labels=500 --seeds=1 \
    --ways=full,wide,longer,maximum,cut
  python benchmarks/classification.py ... --record=pairs --sets=mrpc --labels=all \
    --ways=alone,full,joint_alone,joint
A killed benchmark goes on with the same command: what is in --work is not run again. Each student's
row is put into benchmarks/classification/RECORD.json as soon as there is one, with the commit and
the processor of its run, in place of an earlier row of the same kind; so several commands may fill
one record. Arguments behind `--` go to every run. `make docs` shows the records in
docs/reference/results/classification.md.
"""

import collections
import concurrent.futures
import json
import pathlib
import random
import subprocess
import sys
from typing import Any, Callable, Dict, List, Tuple

from absl import app, flags
from filelock import FileLock
from machine import ROOT, machine, write_record

from xtremedistil_tf.progress import Progress
from xtremedistil_tf.study.processes import environments

ALL = "all"
SETS = ("sst2", "ag_news", "mrpc")
# Epochs of the teacher, of a student on labels behind distillation, and of one without it: more for
# fewer rows, so that each has a few hundred steps; fewer where rows are many and long.
EPOCHS = {"100": (20, 20, 60), "500": (8, 10, 30), ALL: (3, 6, 10)}
SET_EPOCHS = {"ag_news": {"100": (10, 20, 60), "500": (4, 10, 30), ALL: (2, 6, 10)}}
STUDENTS = {
    "bilstm": [],
    "bilstm_300_600": ["--word_emb_dim=300", "--bilstm_hidden_size=600"],
    "transformer": ["--student=transformer", "--hidden_size=192", "--word_emb_dim=192",
                    "--num_hidden_layers=2", "--num_attention_heads=6", "--learning_rate=5e-4"],
}
# Half the flagfiles' rate: a few hundred steps from random weights are all that it has.
_ALONE = ["--strategy=D0-S", "--learning_rate=2e-3"]
_JOINT = ["--pair_encoding=joint"]
WAYS = {
    "alone": _ALONE,
    "full": [],
    # As many epochs on the transfer text as the flagfiles' two stages have together.
    "logits": ["--stage_epochs=representation=0", "--distil_epochs=10"],
    "representation": ["--stage_epochs=logits_=0", "--distil_epochs=10"],
    # What may be missing: the teacher's word embedding at its own width, a longer stage 1, the
    # maximum over the states instead of the last one, a vocabulary of the student's own.
    "wide": ["--word_emb_dim=384", "--word_embedding=full"],
    "longer": ["--stage_epochs=representation=15"],
    "maximum": ["--pooling=max"],
    "cut": ["--vocabulary=cut", "--vocabulary_min_count=3"],
    "layers": ["--distil_multi_hidden_states", "--distil_attention"],
    "joint_alone": [*_ALONE, *_JOINT],
    "joint": _JOINT,
}
# New pairs of each first sentence, where a set of pairs has no unlabelled text.
_RECOMBINED = 3
# In a run's folder: what it was begun on.
_MACHINE = "machine.json"
# What tells one row of a record from another.
_KEYS = ("set", "labels_a_class", "seed", "student", "way")

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "Folder with the task folders.", required=True)
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_string("work", None, "Where task subsets and run folders go.", required=True)
flags.DEFINE_list("sets", ["sst2", "ag_news"], "Which data sets; each has flags/SET_minilm.flags.")
flags.DEFINE_list("labels", list(EPOCHS), "Labelled training rows a class.")
flags.DEFINE_list("seeds", ["1", "2", "3"], "Seeds of the subset and of the runs.")
flags.DEFINE_list("students", ["bilstm"], f"Of {', '.join(STUDENTS)}.")
flags.DEFINE_list("ways", ["alone", "full"], f"Of {', '.join(WAYS)}.")
flags.DEFINE_integer("transfer_rows", None, "Rows of transfer text, training texts first.")
flags.DEFINE_integer("jobs", 1, "Rows at a time; they share the cores.")
flags.DEFINE_string("record", "students", "Name of the record in benchmarks/classification/.")


def epochs_of(name: str) -> Dict[str, Tuple[int, int, int]]:
    """A set's EPOCHS by the labels a class."""
    return SET_EPOCHS.get(name, EPOCHS)


def lines_of(path: pathlib.Path) -> List[str]:
    """The lines of a file that are not empty."""
    return [line for line in path.read_text("utf-8").split("\n") if line.strip()]


def recombined_pairs(rows: List[str]) -> List[str]:
    """The pairs of labelled rows and, of each first sentence, some with another second one."""
    pairs = [row.split("\t")[:2] for row in rows]
    draw, seconds = random.Random(0), [second for _, second in pairs]
    made = {(first, second) for first, second in pairs}
    made |= {(first, second) for first, _ in pairs for second in draw.sample(seconds, _RECOMBINED)}
    lines = sorted("\t".join(pair) for pair in made)
    draw.shuffle(lines)
    return lines


def write_subset(source: pathlib.Path, target: pathlib.Path, labels: str, seed: int) -> None:
    """Writes a task folder with so many training rows a class; dev, test and transfer stay."""
    train = lines_of(source / "train.tsv")
    by_label = collections.defaultdict(list)
    for line in train:
        by_label[line.rsplit("\t", 1)[1]].append(line)
    draw, rows = random.Random(seed), []
    for label in sorted(by_label):
        own = by_label[label]
        rows += own if labels == ALL else draw.sample(own, min(int(labels), len(own)))
    draw.shuffle(rows)
    target.mkdir(parents=True, exist_ok=True)
    (target / "train.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    for name in ("dev.tsv", "test.tsv", "labels.tsv"):
        if (source / name).is_file():
            (target / name).write_bytes((source / name).read_bytes())
    transfer = source / "transfer.txt"
    # As in the paper, the training texts are unlabelled text too, whatever the labels kept of them.
    texts = ([line.rsplit("\t", 1)[0] for line in train] + lines_of(transfer)
             if transfer.is_file() else recombined_pairs(train))
    kept = texts[: FLAGS.transfer_rows]
    # The last of the files: a folder with it is whole.
    (target / "transfer.txt").write_text("\n".join(kept) + "\n", "utf-8")


def run(command: str, folder: pathlib.Path, arguments: List[str], environment: Dict[str, str],
        done: str) -> Dict[str, Any]:
    """Runs a command, or finds it finished; returns the metrics that it leaves."""
    if not (folder / done).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / _MACHINE).is_file():
            (folder / _MACHINE).write_text(json.dumps(machine()), "utf-8")
        with open(folder / "log.txt", "ab") as log:
            subprocess.run([sys.executable, command, *arguments, f"--model_dir={folder}"], cwd=ROOT,
                           check=True, env=environment, stdout=log, stderr=log)
    return json.loads((folder / done).read_text("utf-8"))


def one_row(name: str, labels: str, seed: int, more: List[str], environment: Dict[str, str],
            told: Callable[[Dict[str, Any]], None]) -> None:
    """A teacher and the students behind it, on one subset; `told` is given each one's result."""
    work = pathlib.Path(FLAGS.work).resolve() / f"{name}-{labels}-{seed}"
    if not (work / "task" / "transfer.txt").is_file():
        write_subset(pathlib.Path(FLAGS.data) / name, work / "task", labels, seed)
    for_teacher, for_labels, alone = epochs_of(name)[labels]
    shared = [f"--flagfile=flags/{name}_minilm.flags", f"--task={work / 'task'}",
              "--transfer_file=transfer.txt",
              f"--pt_teacher_checkpoint={pathlib.Path(FLAGS.checkpoint).resolve()}",
              f"--teacher_epochs={for_teacher}", f"--seed={seed}", *more]
    teacher = run("run_teacher.py", work / "teacher", shared, environment, "teacher_metrics.json")
    for student in FLAGS.students:
        for way in FLAGS.ways:
            folder = work / f"{student}-{way}"
            # Without --export: nobody serves these.
            found = run("run_distillation.py", folder,
                        [*shared, f"--teacher_model_dir={work / 'teacher'}", "--noexport",
                         f"--targets_dir={work / 'targets'}",
                         f"--ft_epochs={alone if 'alone' in way else for_labels}",
                         *WAYS[way], *STUDENTS[student]], environment, "metrics.json")
            told({"set": name, "labels_a_class": labels, "seed": seed, "student": student,
                  "way": way, "measure": found["measure"],
                  "teacher": {split: scores(teacher[split]) for split in ("dev", "test")},
                  "scores": {split: scores(found["student"][split]) for split in ("dev", "test")},
                  "parameters": {"teacher": teacher["parameters"],
                                 "student": found["student"]["parameters"]},
                  "transfer_rows": found["data"]["transfer"]["sentences"],
                  "minutes": round(found["seconds"]["stages"] / 60, 2),
                  "machine": json.loads((folder / _MACHINE).read_text("utf-8"))})


def scores(found: Dict[str, Any]) -> Dict[str, float]:
    """The measures of a split that are one number."""
    return {key: found[key] for key in ("accuracy", "macro_f1", "f1") if key in found}


def put(row: Dict[str, Any]) -> None:
    """Writes the record with this row, in place of one with the same _KEYS."""
    name = f"classification/{FLAGS.record}"
    path = ROOT / "benchmarks" / f"{name}.json"
    with FileLock(pathlib.Path(FLAGS.work) / f"{FLAGS.record}.lock"):
        old = json.loads(path.read_text("utf-8"))["rows"] if path.is_file() else []
        rows = [other for other in old if any(other[key] != row[key] for key in _KEYS)] + [row]

        def place(row: Dict[str, Any]) -> Any:
            return (SETS.index(row["set"]), list(EPOCHS).index(row["labels_a_class"]), row["seed"],
                    list(STUDENTS).index(row["student"]), list(WAYS).index(row["way"]))

        write_record(name, {
            "measure": "scores from 0 to 100",
            "epochs": {name: epochs_of(name) for name in SETS},
            "students": STUDENTS, "ways": WAYS, "rows": sorted(rows, key=place)}, show=False)


def main(argv) -> None:
    """Runs what is missing and writes the record after every student."""
    cells = [(name, labels, int(seed)) for name in FLAGS.sets for seed in FLAGS.seeds
             for labels in FLAGS.labels]
    left = environments(FLAGS.jobs)
    with Progress(len(cells) * len(FLAGS.students) * len(FLAGS.ways), "table", "runs") as progress:
        def told(row: Dict[str, Any]) -> None:
            put(row)
            progress.advance()
            progress.note(f"{row['set']} {row['labels_a_class']} {row['student']} {row['way']}")

        def one(cell: Any) -> None:
            environment = left.pop()
            try:
                one_row(*cell, list(argv[1:]), environment, told)
            finally:
                left.append(environment)

        with concurrent.futures.ThreadPoolExecutor(FLAGS.jobs) as pool:
            for ended in [pool.submit(one, cell) for cell in cells]:
                ended.result()


if __name__ == "__main__":
    app.run(main)
