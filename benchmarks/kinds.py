"""Topics (SIB-200), parts of speech (UD) and answers (TyDi QA): teacher, student alone, student.

Command:
  python benchmarks/kinds.py --data=DATA --checkpoint=E5 --text=TEXT --work=FOLDER
    [--parts=sib200,udpos,tydiqa] [--labels_per_language=N] [--transfer_size=N] [--seed=N]
    [--features=N] [--note=TEXT] [--variant=NAME [--of=FOLDER]]
    [-- FURTHER FLAGS OF run_distillation.py]
DATA holds the folders sib200_41 and udpos as xtremedistil-prepare makes them, and tydiqa, either
made by it or with the files tydiqa.goldp.LANGUAGE.train.json and .dev.json. E5 is a checkpoint
folder of multilingual-e5-small, TEXT any text of the languages, one sentence a line (answers need
none). Parts, each of one run with flags/PART_e5.flags and --baseline, which trains the same student
on the labels alone:
  sib200   topics of sentences; also TF-IDF of characters with a logistic regression, trained on the
           labelled rows of the run (the same draw)
  udpos    parts of speech
  tydiqa   answers. TyDi's dev files have no answers: they were kept back. So dev and test are taken
           out of its train, all questions on a text together, seeded, and the questions of its dev
           files become transfer questions
Each part is written to benchmarks/kinds/PART.json as soon as it is finished. A killed part goes on
with the same command, what is in --work is not run again, and parts may be run by commands with
different sizes: --transfer_size counts sentences, for tydiqa questions. sib200_41 names no
languages: --labels_per_language then counts rows of all of them, and no scores are by language.
`kinds_languages.py` makes a folder with guessed ones first, `kinds_text.py` chooses a transfer
text. With --variant=NAME the record is PART--NAME.json, for another student or text beside the
first one. --of is the --work of that one: its teacher is taken, and its outputs if the text is the
same. `make docs` shows the records in docs/reference/results/kinds.md.
"""

import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence

from absl import app, flags
from machine import ROOT, machine, without_place, write_record
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.metrics.classification import score_labels


@dataclasses.dataclass(frozen=True)
class Part:
    """What one kind of task is measured with.

    Attributes:
      data: name of the folder in --data.
      text: True if the transfer set is --text.
      tfidf: True if TF-IDF with a logistic regression is a column.
    """

    data: str
    text: bool = True
    tfidf: bool = False


PARTS = {"sib200": Part("sib200_41", tfidf=True), "udpos": Part("udpos"),
         "tydiqa": Part("tydiqa", text=False)}
# Scores that the record keeps, of all rows and by language.
SCORES = ("accuracy", "macro_f1", "f1", "exact", "HasAns_f1", "NoAns_f1", "support", "total")

FLAGS = flags.FLAGS


def kept_scores(scores: Mapping[str, Any]) -> Dict[str, Any]:
    """The SCORES of a split, and the same of each language."""
    found = {name: scores[name] for name in SCORES if name in scores}
    languages = {language: kept_scores(own) for language, own in
                 scores.get("languages", {}).items()}
    return {**found, "languages": languages} if len(languages) > 1 else found


def prepare_answers(source: pathlib.Path, work: pathlib.Path, seed: int) -> pathlib.Path:
    """The task folder of answers: the source, or one that is made of TyDi's files."""
    parts = {split: sorted(source.glob(f"tydiqa.goldp.*.{split}.json"))
             for split in ("train", "dev")}
    if not parts["train"]:
        return source
    # Of languages without labels no question is read: nobody could score them.
    labelled = {path.name.split(".")[2] for path in parts["train"]}
    transfer = [path for path in parts["dev"] if path.name.split(".")[2] in labelled]
    target = work / "tydiqa_task"
    if not target.is_dir():
        subprocess.run([
            sys.executable, "-m", "xtremedistil_tf.cli.prepare", f"--output={target}",
            f"--train={','.join(map(str, parts['train']))}",
            *([f"--transfer={','.join(map(str, transfer))}"] if transfer else []),
            f"--seed={seed}"], cwd=ROOT, check=True)
    return target


def tfidf(task: pathlib.Path, settings: Mapping[str, Any], features: int) -> Dict[str, Any]:
    """Trains TF-IDF with a logistic regression on the labelled rows of a run; scores it on test.

    Args:
      task: the task folder.
      settings: the run's settings of data, as config.json has them: they choose the rows.
      features: most character sequences of two to four characters.

    Returns:
      Test scores, number of weights, rows and seconds.
    """
    config = DataConfig(str(task), **{**settings, "languages": tuple(settings["languages"])})
    found = read_task(config, with_transfer=False)
    train, test = found.examples["train"], found.examples["test"]
    began = time.perf_counter()
    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=features,
                        sublinear_tf=True),
        LogisticRegression(C=10.0, max_iter=100))
    model.fit([row.text for row in train], [row.tags[0] for row in train])
    predicted = model.predict([row.text for row in test])
    scores = score_labels([row.tags for row in test], [[label] for label in predicted],
                          [row.language for row in test], found.labels.tags)
    weights = model[-1].coef_.size + model[-1].intercept_.size
    return {"test": kept_scores(scores), "parameters": weights, "features": features,
            "rows": len(train), "seconds": time.perf_counter() - began}


def kept_tfidf(
    path: pathlib.Path, task: pathlib.Path, settings: Mapping[str, Any], features: int
) -> Dict[str, Any]:
    """The result of `tfidf`; computed once for the same settings."""
    chosen = {"settings": dict(settings), "features": features}
    if not path.is_file() or read_json(path)["chosen"] != chosen:
        write_json(path, {"chosen": chosen, "found": tfidf(task, settings, features)})
    return read_json(path)["found"]


def part_record(
    metrics: Mapping[str, Any], teacher_seconds: float, beside: Optional[Mapping[str, Any]] = None
) -> Dict[str, Any]:
    """What the record of a part says of its run.

    Args:
      metrics: the run's metrics.json, with the student alone.
      teacher_seconds: training time of the teacher.
      beside: result of `tfidf`.
    """
    seconds = {"teacher": teacher_seconds,
               **{name: metrics["seconds"].get(name, 0.0) for name in (
                   "targets", "evaluation", "export")},
               # Those of earlier processes included, if a run was killed.
               "student": sum(stage["seconds"] for stage in metrics["stages"]),
               "alone": metrics["alone"]["seconds"]}
    columns = {name: {"parameters": parameters, "test": kept_scores(metrics[name]["test"]),
                      **({"dev": metrics[name]["dev"][metrics["measure"]]}
                         if "dev" in metrics[name] else {})}
               for name, parameters in (("teacher", metrics["teacher"]["parameters"]),
                                        ("alone", metrics["student"]["parameters"]),
                                        ("student", metrics["student"]["parameters"]))}
    if beside is not None:
        columns["tfidf"] = {name: beside[name] for name in ("parameters", "test")}
        seconds["tfidf"] = beside["seconds"]
    return {
        "kind": metrics["kind"], "measure": metrics["measure"], "strategy": metrics["strategy"],
        "seed": metrics["seed"], "columns": columns, "retention": metrics["retention"],
        "worth": metrics["alone"]["worth"],
        "epochs": {"student": sum(stage["epochs"] for stage in metrics["stages"]),
                   "alone": metrics["alone"]["epochs"]},
        "rows": {split: found["sentences"] for split, found in metrics["data"].items()
                 if isinstance(found, dict) and "sentences" in found},
        "minutes": {name: round(value / 60, 2) for name, value in seconds.items()}}


def run_part(name: str, more: Sequence[str]) -> Dict[str, Any]:
    """Runs a part, or finds it finished; returns its record."""
    part, work = PARTS[name], pathlib.Path(FLAGS.work).resolve()
    task, folder = pathlib.Path(FLAGS.data).resolve() / part.data, work / name
    folder.mkdir(parents=True, exist_ok=True)
    if name == "tydiqa":
        task = prepare_answers(task, work, FLAGS.seed)
    arguments = [f"--flagfile=flags/{name}_e5.flags", f"--task={task}", f"--seed={FLAGS.seed}",
                 f"--pt_teacher_checkpoint={pathlib.Path(FLAGS.checkpoint).resolve()}",
                 "--baseline", "--noexport", f"--model_dir={folder}"]
    if part.text:
        arguments.append(f"--transfer_file={pathlib.Path(FLAGS.text).resolve()}")
    sizes = ("labels_per_language", "transfer_size")
    arguments += [f"--{size}={FLAGS[size].value}" for size in sizes if FLAGS[size].value]
    first = pathlib.Path(FLAGS.of).resolve() / name if FLAGS.of else folder
    if FLAGS.of:
        arguments += [f"--teacher_model_dir={first / 'teacher'}",
                      f"--targets_dir={first / 'targets'}"]
    began_on = work / f"{name}_machine.json"
    if not began_on.is_file():
        write_json(began_on, machine())
    ended = subprocess.run([sys.executable, "run_distillation.py", *arguments, *more], cwd=ROOT)
    if ended.returncode:  # It has said why.
        sys.exit(ended.returncode)
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    teacher = read_json(first / "teacher" / "teacher.json")
    settings = read_json(folder / "config.json")["config"]["data"]
    beside = kept_tfidf(work / f"{name}_tfidf.json", task, settings, FLAGS.features) \
        if part.tfidf else None
    guessed = task / "languages.json"
    return {"data": part.data, "languages": read_json(guessed) if guessed.is_file() else None,
            "text": pathlib.Path(FLAGS.text).name if part.text else None,
            "teacher": teacher["name"], "note": FLAGS.note,
            "flags": told_flags([*arguments, *more]),
            # What the part was begun on; a later command that finds it finished may be elsewhere.
            "machine": read_json(began_on),
            **part_record(metrics, teacher["seconds"], beside)}


def told_flags(arguments: Sequence[str]) -> List[str]:
    """The flags of a run without folders of this machine."""
    return [without_place(argument) for argument in arguments
            if not re.match("--model_dir=", argument)]


def main(argv: Sequence[str]) -> None:
    """Runs the parts one after another and writes the record of each."""
    if FLAGS.text is None and any(PARTS[name].text for name in FLAGS.parts):
        raise app.UsageError("sib200 and udpos need --text")
    for name in FLAGS.parts:
        record = run_part(name, argv[1:])
        variant = f"--{FLAGS.variant}" if FLAGS.variant else ""
        write_record(f"kinds/{name}{variant}", record, show=False)
        columns = record["columns"]
        print(name, record["measure"], {who: round(column["test"][record["measure"]], 2)
                                        for who, column in columns.items()}, flush=True)


if __name__ == "__main__":
    for option, what in (("data", "Folder with the task folders."),
                         ("checkpoint", "Checkpoint folder of the teacher."),
                         ("work", "Where the run folders go.")):
        flags.DEFINE_string(option, None, what, required=True)
    flags.DEFINE_string("text", None, "Transfer text of sib200 and udpos.")
    flags.DEFINE_list("parts", list(PARTS), f"Of {', '.join(PARTS)}.")
    flags.register_validator("parts", lambda parts: set(parts) <= set(PARTS),
                             f"--parts are of {', '.join(PARTS)}")
    flags.DEFINE_integer("labels_per_language", None, "Training rows a language; by default all.")
    flags.DEFINE_integer("transfer_size", None, "Transfer sentences or questions; default: all.")
    flags.DEFINE_string("variant", None, "Name of another student or text beside the first one.")
    flags.DEFINE_string("of", None, "The --work with the teacher that a variant takes.")
    flags.DEFINE_integer("features", 200_000, "Most character sequences that TF-IDF counts.")
    flags.DEFINE_integer("seed", 42, "Seed of the runs.")
    flags.DEFINE_string("note", "", "What a reader must know, e.g. what else ran beside it.")
    app.run(main)
