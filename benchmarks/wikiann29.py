"""The headline: WikiAnn in 29 languages, a multilingual teacher, its students, two without it.

Command:
  python benchmarks/wikiann29.py --task=DATA --checkpoint=E5 --work=FOLDER [--parts=small,alone,...]
    [--transfer_size=N] [--spacy_python=PYTHON] [--opt_policy=POLICY]
DATA is the WikiAnn folder of 29 languages with transfer_big.txt, E5 the checkpoint folder of
multilingual-e5-small, PYTHON the interpreter of an environment with spaCy 3.8 (its own, since it
needs another numpy). Parts:
  small   teacher and student E=50, H=200 (flags/wikiann29_e5.flags)
  cut     the small student on all transfer text, its vocabulary cut so that it has 35 times fewer
          parameters than the teacher (flags/wikiann29_e5_cut.flags)
  best    the same, with more epochs and better settings (flags/wikiann29_e5_best.flags)
  encoder the same without the projection (--logits_from=encoder), with more epochs
  large   student E=300, H=600, of the same teacher (flags/wikiann29_e5_large.flags)
  fast    the small student in the least minutes (flags/wikiann29_e5_fast.flags)
  alone   the small student on the labels alone (strategy D0-S)
  spacy   spaCy's default NER pipeline on the same labels
The record has the F1 of entities with words that the student never saw, too (unseen.py).
Each part keeps its record in benchmarks/wikiann29/<part>/. A part that was killed goes on with the
same command.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from typing import Dict, List

from absl import app, flags
from machine import ROOT, machine, without_place
from unseen import unseen_scores

RESULTS = ROOT / "benchmarks" / "wikiann29"
# Flags of each part's run.
STUDENTS: Dict[str, List[str]] = {
    "small": ["--flagfile=flags/wikiann29_e5.flags"],
    "cut": ["--flagfile=flags/wikiann29_e5_cut.flags"],
    "best": ["--flagfile=flags/wikiann29_e5_best.flags"],
    # Twelve epochs against nine, on a projection that is used in stage 1 only.
    "encoder": ["--flagfile=flags/wikiann29_e5_best.flags", "--logits_from=encoder",
                "--vocabulary_min_count=10",
                "--stage_epochs=representation=4,logits_logits=1,logits_bilstm=1,"
                "logits_word_embedding=3,labels_logits=1,labels_bilstm=2,labels_word_embedding=3"],
    "large": ["--flagfile=flags/wikiann29_e5_large.flags"],
    "fast": ["--flagfile=flags/wikiann29_e5_fast.flags"],
    # The labels are 29,000 rows: more epochs than a stage on them has beside a teacher.
    "alone": ["--flagfile=flags/wikiann29_e5.flags", "--strategy=D0-S", "--stage_epochs=01=20",
              "--patience=5"],
}

FLAGS = flags.FLAGS
flags.DEFINE_string("task", None, "Task folder.", required=True)
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_string("work", None, "Where the run folders go.", required=True)
flags.DEFINE_list("parts", [*STUDENTS, "spacy"], "Which parts.")
flags.DEFINE_integer("transfer_size", None, "Transfer sentences; by default all.")
flags.DEFINE_integer("seed", 42, "Seed of the runs.")
flags.DEFINE_string("opt_policy", None, "Keras' mixed precision policy of teacher and student.")
flags.DEFINE_string("spacy_python", None, "Python interpreter of an environment with spaCy.")


def run(*command: str) -> Dict[str, float]:
    """Runs a command; returns its wall-clock minutes and its peak resident memory in GiB."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return {"minutes": (time.monotonic() - began) / 60, "peak_gib": usage.ru_maxrss / 2**20}


def size_of(folder: pathlib.Path) -> Dict[str, int]:
    """Bytes of the files of a folder, by name."""
    return {path.name: path.stat().st_size for path in sorted(folder.glob("*")) if path.is_file()}


def keep(part: str, folder: pathlib.Path, record: dict) -> None:
    """Copies what a run reported, with its record, to benchmarks/wikiann29/<part>."""
    target = RESULTS / part
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in ("metrics.json", "report.md"):
        if (folder / file).exists():
            shutil.copy(folder / file, target / file)
    if (folder / "plots").is_dir():
        shutil.copytree(folder / "plots", target / "plots")
    (target / "machine.json").write_text(json.dumps(
        {"command": " ".join(["python", "benchmarks/wikiann29.py",
                              *map(without_place, sys.argv[1:])]),
         **machine(), **record}, indent=1) + "\n", "utf-8")


def int8_scores(evaluation: pathlib.Path) -> Dict[str, float]:
    """Test macro-F1 of an int8 export, at `seq_len` and as deployed, from its evaluation.json."""
    (model,) = json.loads(evaluation.read_text("utf-8"))["models"]
    return {"macro_f1": model["at_seq_len"]["macro_f1"],
            "deployed": model["scores"]["macro_f1"]}


def distil(part: str, work: pathlib.Path) -> None:
    """Runs one student; the teacher is fine-tuned by the first run and shared."""
    folder = work / part
    arguments = [*STUDENTS[part], f"--task={pathlib.Path(FLAGS.task).resolve()}",
                 f"--seed={FLAGS.seed}",
                 f"--pt_teacher_checkpoint={pathlib.Path(FLAGS.checkpoint).resolve()}",
                 "--transfer_file=transfer_big.txt", f"--teacher_model_dir={work / 'teacher'}",
                 f"--targets_dir={work / 'targets'}", f"--model_dir={folder}"]
    if FLAGS.transfer_size:
        arguments.append(f"--transfer_size={FLAGS.transfer_size}")
    if FLAGS.opt_policy:
        arguments.append(f"--opt_policy={FLAGS.opt_policy}")
    used = run(sys.executable, "run_distillation.py", *arguments)
    evaluated = work / f"{part}_int8"
    shutil.rmtree(evaluated, ignore_errors=True)
    run(sys.executable, "-m", "xtremedistil_tf.cli.evaluate", f"--model_dir={folder}",
        "--runtime=onnx_int8", f"--data={pathlib.Path(FLAGS.task).resolve()}",
        f"--output={evaluated}")
    keep(part, folder, {
        **used, "int8": int8_scores(evaluated / "evaluation.json"),
        "onnx_bytes": size_of(folder / "onnx"), "unseen": unseen_scores(
            folder, FLAGS.task, "transfer_big.txt", FLAGS.transfer_size)})


def spacy(work: pathlib.Path) -> None:
    """Trains spaCy on the same labels and scores its tags as ours are."""
    from xtremedistil_tf.metrics.tagging import score_tags

    folder = work / "spacy"
    used = run(FLAGS.spacy_python, "benchmarks/spacy_ner.py",
               str(pathlib.Path(FLAGS.task).resolve()), str(folder))
    rows = [json.loads(line) for line in (folder / "test.jsonl").open(encoding="utf-8")]
    scores = score_tags([row["gold"] for row in rows], [row["tags"] for row in rows],
                        [row["language"] for row in rows])
    model = folder / "model" / "model-best"
    (folder / "metrics.json").write_text(json.dumps(
        {"spacy": json.loads((folder / "version.json").read_text()), "test": scores}, indent=1),
        "utf-8")
    keep("spacy", folder, {**used, "bytes": sum(
        path.stat().st_size for path in model.rglob("*") if path.is_file())})


def main(argv) -> None:
    """Runs the parts one after another."""
    del argv
    work = pathlib.Path(FLAGS.work).resolve()
    for part in FLAGS.parts:
        spacy(work) if part == "spacy" else distil(part, work)


if __name__ == "__main__":
    app.run(main)
