"""The authors' student and ours, each with their decoding and with ours, on the same sentences.

Command:
  python benchmarks/authors.py --authors_code=CLONE/XtremeDistil-v2 --task=DATA --checkpoint=MINILM
      --work=FOLDER
CLONE is a clone of MSR-LIT/XtremeDistil, DATA a task folder with transfer.txt, MINILM a BERT
checkpoint. Both codes get the same rows, checkpoint, sizes, epochs and batches; each fine-tunes its
own teacher. Theirs runs unchanged in a process of its own (authors_child.py says what today's
libraries need). What is there in FOLDER is not run again. Written to
benchmarks/wikiann8_minilm/authors.json, which `make docs` shows in
docs/reference/results/wikiann8.md.
"""

import json
import os
import pathlib
import subprocess
import sys
from typing import Dict, List

from absl import app, flags
from authors_rows import SPLITS, STAGES, their_scores, write_task
from both_ways import run_both_ways
from machine import ROOT, without_place, write_record

from xtremedistil_tf.data.labels import read_labels
from xtremedistil_tf.data.readers.rows import read_ner

FLAGS = flags.FLAGS
flags.DEFINE_string("authors_code", None, "Folder XtremeDistil-v2 of a clone.", required=True)
flags.DEFINE_string("task", None, "Task folder.", required=True)
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_string("work", None, "Where data and models go.", required=True)
flags.DEFINE_integer("labelled", None, "Labelled rows a language, the first ones; none: all.")
flags.DEFINE_integer("transfer", None, "Lines of transfer.txt, the first ones; none: all.")
flags.DEFINE_integer("distil_epochs", 16, "Most epochs of each stage on transfer text.")
flags.DEFINE_integer("ft_epochs", 8, "Epochs of the teacher, and most of each stage on labels.")
flags.DEFINE_integer("distil_batch_size", 128, "Batch on transfer text.")
flags.DEFINE_integer("ft_batch_size", 32, "Batch on labels.")
flags.DEFINE_string("teacher_learning_rate", "1e-4", "Peak of both teachers; `theirs` leaves the "
                    "authors' schedule: ten epochs of warm-up to 1e-5.")
flags.DEFINE_integer("seed", 42, "Seed of both.")
flags.DEFINE_string("note", "", "What else a reader must know.")


def their_arguments(task: pathlib.Path, models: pathlib.Path) -> List[str]:
    """Arguments of the authors' script."""
    return [f"--task={task}", f"--model_dir={models}", "--seq_len=32", "--do_NER",
            "--transfer_file=transfer.txt", "--pt_teacher=TFBertModel",
            f"--pt_teacher_checkpoint={pathlib.Path(FLAGS.checkpoint).resolve()}",
            "--teacher_layer=4", "--word_emb_dim=50", "--bilstm_hidden_size=200",
            f"--distil_batch_size={FLAGS.distil_batch_size}",
            f"--ft_batch_size={FLAGS.ft_batch_size}", f"--distil_epochs={FLAGS.distil_epochs}",
            f"--ft_epochs={FLAGS.ft_epochs}"]


def run_theirs(work: pathlib.Path, arguments: List[str]) -> pathlib.Path:
    """Runs the authors' script unless it has ended; returns the folder of its logits."""
    models, kept = work / "theirs", work / "theirs" / "kept"
    models.mkdir(parents=True, exist_ok=True)
    if not (kept / f"{len(STAGES):02d}.npz").exists():
        with (work / "theirs.log").open("a", encoding="utf-8") as log:
            subprocess.run(
                [sys.executable, str(ROOT / "benchmarks" / "authors_child.py"),
                 str(pathlib.Path(FLAGS.authors_code).resolve()), str(kept),
                 FLAGS.teacher_learning_rate, *arguments],
                env={**os.environ, "PYTHONHASHSEED": str(FLAGS.seed)}, stdout=log, stderr=log,
                check=True)
    return kept


def our_arguments(task: pathlib.Path, run: pathlib.Path) -> List[str]:
    """Arguments of our command; it fine-tunes its own teacher."""
    rate = [] if FLAGS.teacher_learning_rate == "theirs" else [
        f"--teacher_learning_rate={FLAGS.teacher_learning_rate}"]
    return ["--flagfile=flags/wikiann_minilm.flags", f"--task={task}", f"--model_dir={run}",
            f"--pt_teacher_checkpoint={pathlib.Path(FLAGS.checkpoint).resolve()}", *rate,
            f"--teacher_epochs={FLAGS.ft_epochs}", f"--teacher_batch_size={FLAGS.ft_batch_size}",
            "--stage_epochs=", f"--distil_epochs={FLAGS.distil_epochs}",
            f"--ft_epochs={FLAGS.ft_epochs}", f"--distil_batch_size={FLAGS.distil_batch_size}",
            f"--student_ft_batch_size={FLAGS.ft_batch_size}", f"--seed={FLAGS.seed}"]


def run_ours(run: pathlib.Path, arguments: List[str]) -> None:
    """Runs our command unless it has ended."""
    if not (run / "metrics.json").exists():
        subprocess.run([sys.executable, "run_distillation.py", *arguments], cwd=ROOT, check=True)


def blobs(folder: pathlib.Path) -> Dict[str, str]:
    """Git's names of the files that ran, to compare with `git ls-files -s` of a clone."""
    files = sorted(folder.glob("*.py"))
    names = subprocess.run(["git", "hash-object", "--no-filters", *map(str, files)], check=True,
                           capture_output=True, text=True).stdout.split()
    return {file.name: name for file, name in zip(files, names)}


def main(argv) -> None:
    """Writes the data, runs both codes, scores both students both ways, writes the record."""
    del argv
    work = pathlib.Path(FLAGS.work).resolve()
    task = work / "task"
    write_task(pathlib.Path(FLAGS.task), task, labelled=FLAGS.labelled, transfer=FLAGS.transfer)
    run = work / "ours"
    theirs, ours = their_arguments(task, work / "theirs"), our_arguments(task, run)
    run_ours(run, ours)
    kept = run_theirs(work, theirs)
    labels = read_labels(task / "labels.tsv")
    rows = {split: read_ner(task / f"{split}.tsv", labels)[0] for split in ("train", *SPLITS)}
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    write_record("wikiann8_minilm/authors", {
        "note": FLAGS.note,
        "rows": {**{split: len(own) for split, own in rows.items()},
                 "transfer": len((task / "transfer.txt").read_text("utf-8").splitlines())},
        "languages": sorted({row.language for row in rows["train"]}),
        "epochs": {"distil": FLAGS.distil_epochs, "labels": FLAGS.ft_epochs},
        "seed": FLAGS.seed,
        "their_files": blobs(pathlib.Path(FLAGS.authors_code)),
        "arguments": {"theirs": list(map(without_place, theirs)),
                      "ours": list(map(without_place, ours))},
        "theirs": their_scores(kept, rows, labels.tags),
        "ours": {"teacher": {split: metrics["teacher"][split]["macro_f1"] for split in SPLITS},
                 "stages": [{"name": stage["name"], "epochs": stage["epochs"],
                             "dev_macro_f1": stage["dev"]["macro_f1"]}
                            for stage in metrics["stages"]],
                 **{split: run_both_ways(run, rows[split], cut=True) for split in SPLITS}},
    })


if __name__ == "__main__":
    app.run(main)
