"""A student beside what people would take instead: quality, speed and size on one task, in one run.

For docs/reference/results/peers.md.

Command:
  python benchmarks/peers.py --task=DATA --work=FOLDER --parts=crf,spacy,ours,ours_int8,teacher
    [--student=RUN] [--teacher=TEACHER] [--fast=RUN] [--transformer=RUN] [--text=FILE] [--rounds=3]
    [--record=NAME] [--spacy_python=PYTHON] [--sklearn_python=PYTHON]
Parts of tagging: crf, spacy, ours, ours_int8, fast and transformer likewise, teacher. Of
classification: tfidf and static instead of crf. RUN is a finished run on DATA with an ONNX export,
TEACHER its teacher's folder. All peers learn the labelled rows that RUN drew
(--labels_per_language, --languages). A peer is trained once, then measured in a process of its own;
in each round the peers take turns. The record goes to benchmarks/peers/<NAME>.json, NAME being that
of DATA by default; parts that are there already stay, if they learnt as many rows. In bulk each
peer reads lines of text and writes JSON lines; a single text is one call, as in a server.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
from typing import Any, Dict, List

import numpy as np
from absl import app, flags
from machine import ROOT, without_place, write_record
from peers_tables import NAMES

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.readers.rows import language_prefix
from xtremedistil_tf.data.words import split_words
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.metrics.classification import score_labels
from xtremedistil_tf.metrics.tagging import score_tags

FLAGS = flags.FLAGS

# Flag of the run of each student.
_OURS = {"ours": "student", "fast": "fast", "transformer": "transformer"}


def define_flags() -> None:
    """Defines the flags of this command."""
    flags.DEFINE_string("task", None, "Task folder.", required=True)
    flags.DEFINE_string("work", None, "Where trained peers go.", required=True)
    flags.DEFINE_list("parts", [], "Which peers.")
    flags.DEFINE_string("record", None, "Name of the record; default: the task folder's.")
    flags.DEFINE_string("student", None, "Finished run with onnx/.")
    flags.DEFINE_string("fast", None, "Finished run of a faster student with onnx/.")
    flags.DEFINE_string("transformer", None, "Finished run of a Transformer student with onnx/.")
    flags.DEFINE_string("teacher", None, "Teacher folder: a BERT.")
    flags.DEFINE_string("text", None, "Lines for bulk; default: transfer.txt of the task.")
    flags.DEFINE_integer("lines", 20_000, "Number of lines for bulk.")
    flags.DEFINE_integer("teacher_lines", 2000, "The same for the teacher, which is slow.")
    flags.DEFINE_integer("rounds", 3, "Measurements of each peer.")
    flags.DEFINE_string("spacy_python", sys.executable, "Interpreter with spaCy 3.8.")
    flags.DEFINE_string("sklearn_python", sys.executable, "Interpreter with scikit-learn, for crf "
                        "with sklearn-crfsuite, for static with tokenizers.")


def task_of_run(run: pathlib.Path, task: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The task folder with the labelled rows that a run drew; the task itself if it drew none.

    Args:
      run: a finished run.
      task: its task folder.
      folder: where the rows are written, once.
    """
    given = read_json(run / "config.json")["config"]["data"]
    if not given["labels_per_language"] and not given["languages"]:
        return task
    if not (folder / "labels.tsv").is_file():
        given = {**given, "languages": tuple(given["languages"])}
        found = read_task(DataConfig(str(task), **given), with_transfer=False)
        folder.mkdir(parents=True, exist_ok=True)
        for split in ("train", "dev", "test"):
            (folder / f"{split}.tsv").write_text("".join(
                f"{row.text}\t{' '.join(language_prefix(row.language) + tag for tag in row.tags)}\n"
                for row in found.examples[split]), "utf-8")
        shutil.copy(task / "labels.tsv", folder / "labels.tsv")
    return folder


def settings(part: str, tagging: bool, labels: List[str], task: pathlib.Path) -> Dict[str, Any]:
    """What benchmarks/peer_child.py is told about a peer."""
    work = pathlib.Path(FLAGS.work, part).resolve()
    work.mkdir(parents=True, exist_ok=True)
    name, _, precision = part.partition("_")
    told = {"peer": name, "tagging": tagging, "labels": labels, "work": str(work),
            "task": str(task.resolve()), "lines": FLAGS.lines,
            "text": str(pathlib.Path(FLAGS.text or pathlib.Path(FLAGS.task, "transfer.txt"))),
            "answers": str(work / "answers.json")}
    if name in _OURS:
        told["folder"] = str(pathlib.Path(FLAGS[_OURS[name]].value, "onnx").resolve())
        told["runtime"] = "onnx_int8" if precision else "onnx"
    elif name == "teacher":
        told.update(folder=str(prepare_teacher(work)), runtime="onnx_int8",
                    lines=min(FLAGS.lines, FLAGS.teacher_lines))
    elif name == "static":
        prepare_static(work, task)
    return told


def prepare_teacher(work: pathlib.Path) -> pathlib.Path:
    """Writes the teacher as ONNX in int8, with the files that reading text needs."""
    if (work / "student.json").is_file():
        return work
    from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
    from xtremedistil_tf.export.onnx.files import write_models
    from xtremedistil_tf.export.onnx.teacher import build_teacher_model
    from xtremedistil_tf.models.pretrained_encoders import most_positions
    from xtremedistil_tf.models.teacher import load_teacher
    from xtremedistil_tf.validation.run_files import read_teacher_record

    teacher = load_teacher(FLAGS.teacher, 0)
    proto = build_teacher_model(teacher)
    write_models(proto, proto, work / "model.onnx", work / "model.int8.onnx")
    teacher.tokenizer.backend_tokenizer.save(str(work / "tokenizer.json"), pretty=False)
    size = len(teacher.tokenizer)
    StudentVocabulary.from_seen(
        [np.arange(size)], teacher.tokenizer.pad_token_id, teacher.tokenizer.unk_token_id, size
    ).save(work / "vocabulary.npy")
    record = read_teacher_record(pathlib.Path(FLAGS.teacher))
    positions = most_positions(teacher.encoder.config)
    (work / "student.json").write_text(json.dumps(
        {**record, "positions": positions, "seq_len": record.get("seq_len") or positions}), "utf-8")
    return work


def prepare_static(work: pathlib.Path, task: pathlib.Path) -> None:
    """Writes the teacher's word embeddings of the subword tokens that train has, in float16."""
    if (work / "embeddings.npy").is_file():
        return
    from xtremedistil_tf.models.teacher import load_teacher

    teacher = load_teacher(FLAGS.teacher, 0)
    tokenizer = teacher.tokenizer.backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.save(str(work / "tokenizer.json"), pretty=False)
    texts = (task / "train.tsv").read_text("utf-8").split("\n")
    seen = np.unique(np.concatenate([one.ids for one in tokenizer.encode_batch(texts)]))
    rows = np.zeros(len(teacher.tokenizer), np.int32)
    rows[seen] = np.arange(1, len(seen) + 1)
    table = np.asarray(teacher.word_embeddings())[seen]
    np.save(work / "rows.npy", rows)
    np.save(work / "embeddings.npy",
            np.concatenate([table.mean(axis=0, keepdims=True), table]).astype(np.float16))


def _child(told: Dict[str, Any], what: str) -> Dict[str, Any]:
    python = {"spacy": FLAGS.spacy_python, "crf": FLAGS.sklearn_python,
              "tfidf": FLAGS.sklearn_python, "static": FLAGS.sklearn_python}
    found = subprocess.run(
        [python.get(told["peer"], sys.executable), str(ROOT / "benchmarks" / "peer_child.py"), what,
         json.dumps({**told, "began": time.time()})],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(found.stdout.splitlines()[-1])


def train_minutes(told: Dict[str, Any]) -> Any:
    """Trains a peer, if it is not trained yet.

    Returns:
      Minutes; of a student with its teacher's fine-tuning; None if they are not known.
    """
    if told["peer"] in _OURS:
        run = pathlib.Path(told["folder"]).parent
        spent = read_json(run / "metrics.json")["seconds"]
        # Of a teacher that was fine-tuned before, the run knows how long it took to load.
        seconds = spent["total"] - spent["teacher"]
        teacher = pathlib.Path(FLAGS.teacher or run / "teacher", "teacher.json")
        more = read_json(teacher).get("seconds") if teacher.is_file() else None
        return None if more is None else (seconds + more) / 60.0
    if told["peer"] == "teacher":
        seconds = read_json(pathlib.Path(FLAGS.teacher, "teacher.json")).get("seconds")
        return seconds and seconds / 60.0
    done = pathlib.Path(told["work"], "trained.json")
    if not done.is_file():
        done.write_text(json.dumps(_child(told, "train")))
    # None if it was trained elsewhere.
    seconds = read_json(done)["train_seconds"]
    return seconds and seconds / 60.0


def student_facts(run: pathlib.Path) -> Dict[str, Any]:
    """What the student of a run was made with, and its test scores beside its teacher's.

    Args:
      run: a finished run.

    Returns:
      Settings of student and distillation, transfer sentences, parameters, seconds, and the test
      scores of teacher and student as deployed, where the task has them, else at seq_len.
    """
    metrics, config = read_json(run / "metrics.json"), read_json(run / "config.json")["config"]
    measure = metrics.get("measure") or "macro_f1"
    scores = {who: metrics[who].get("deployed", metrics[who])["test"][measure]
              for who in ("teacher", "student")}
    return {"seed": metrics["seed"], "measure": measure, "scores": scores,
            "teacher": pathlib.Path(config["teacher"]["checkpoint"]).name,
            "transfer_rows": metrics["data"]["transfer"]["sentences"],
            "parameters": {who: metrics[who]["parameters"] for who in ("teacher", "student")},
            "seconds": metrics["seconds"], "decoding": config["data"]["decoding"],
            **{part: {name: without_place(value) if isinstance(value, str) else value
                      for name, value in config[part].items()} for part in ("student", "distil")}}


def scores_of(told: Dict[str, Any]) -> Dict[str, Any]:
    """Scores of a peer's answers to the test rows."""
    rows = read_json(pathlib.Path(told["answers"]))
    gold, found, languages = ([row[name] for row in rows] for name in ("gold", "found", "language"))
    scored = score_tags(gold, found, languages) if told["tagging"] else score_labels(
        [[one] for one in gold], [[one] for one in found], languages, told["labels"])
    return {**{name: value for name, value in scored.items() if isinstance(value, float)},
            "languages": {name: own.get("f1", own.get("macro_f1"))
                          for name, own in scored["languages"].items()}}


def units_of(told: Dict[str, Any]) -> int:
    """Number of words, or texts, in the lines that a peer reads in bulk."""
    with open(told["text"], encoding="utf-8") as file:
        lines = [line for line, _ in zip(file, range(told["lines"]))]
    return sum(len(split_words(line)) for line in lines) if told["tagging"] else len(lines)


def plot(results: Dict[str, Any], path: pathlib.Path) -> None:
    """Draws macro-F1 over units a second."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.5))
    speeds = [peer["a_second"] for peer in results["peers"].values()]
    middle = (min(speeds) * max(speeds)) ** 0.5
    for part, peer in results["peers"].items():
        at = peer["a_second"], peer["scores"]["macro_f1"]
        axes.scatter(*at)
        # A student's two precisions lie side by side: one name goes up and right, one down and
        # left.
        above = part.endswith("_int8")
        left = not above and peer["a_second"] > middle
        axes.annotate(NAMES[part].replace(", ONNX", ""), at, textcoords="offset points",
                      fontsize=8, xytext=(0, 7 if above else -14),
                      ha="right" if left else "left")
    axes.set_xscale("log")
    axes.margins(0.2, 0.15)
    axes.set_xlabel(f"{results['unit']} a second, JSON lines written")
    axes.set_ylabel("test macro-F1")
    axes.set_title(results["task"])
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main(argv) -> None:
    """Trains what is not trained, measures in turns, writes the record and the plot."""
    del argv
    task = pathlib.Path(FLAGS.task)
    labels = [line for line in (task / "labels.tsv").read_text("utf-8").split("\n") if line]
    tagging = "O" in labels
    name = FLAGS.record or task.name
    path = ROOT / "benchmarks" / "peers" / f"{name}.json"
    # All peers learn the labelled rows of the student.
    cut = task if FLAGS.student is None else task_of_run(
        pathlib.Path(FLAGS.student), task, pathlib.Path(FLAGS.work, "task"))
    with (cut / "train.tsv").open(encoding="utf-8") as file:
        rows = sum(1 for _ in file)
    before = read_json(path) if path.is_file() else {}
    known = before["peers"] if before.get("labelled_rows") == rows else {}
    told = {part: settings(part, tagging, labels, cut) for part in FLAGS.parts}
    minutes = {part: train_minutes(own) for part, own in told.items()}
    runs: Dict[str, List[Any]] = {part: [] for part in told}
    for _ in range(FLAGS.rounds):
        for part, own in told.items():
            runs[part].append(_child(own, "measure"))
    for part, own in runs.items():
        units = units_of(told[part])
        middle = {name: statistics.median(run[name] for run in own)
                  for name, value in own[0].items() if not isinstance(value, dict)}
        known[part] = {**middle, "a_second": units / middle["bulk_seconds"],
                       "minutes": minutes[part], "scores": scores_of(told[part]),
                       "versions": own[0]["versions"]}
    facts = {name: student_facts(pathlib.Path(FLAGS[flag].value))
             for name, flag in _OURS.items() if FLAGS[flag].value}
    results = {"task": task.name, "unit": "words" if tagging else "texts", "lines": FLAGS.lines,
               "labelled_rows": rows, "students": {**before.get("students", {}), **facts},
               "load_of_the_machine": os.getloadavg()[0], "peers": known}
    write_record(f"peers/{name}", results, show=False)
    plot(results, path.with_suffix(".png"))
    for part, peer in known.items():
        print(part, json.dumps({name: value for name, value in peer.items() if name != "scores"}),
              peer["scores"]["macro_f1"])


if __name__ == "__main__":
    define_flags()
    app.run(main)
