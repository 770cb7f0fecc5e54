"""Teachers of other kinds against the fine-tuned one that they come from.

Command:
  python benchmarks/teachers.py --teacher=TEACHER --task=DATA --work=FOLDER
    [--parts=targets,runs,spacy,text] [--sentences=300] [--transfer_file=transfer.txt]
    [--transfer_size=N] [--spacy_python=PYTHON] [--checkpoint=CHECKPOINT --teacher_flags=FILE]
TEACHER is a teacher folder of a run on DATA, a BERT tagger (multilingual-e5-small, for instance).
PYTHON is the interpreter of an environment with spaCy 3.8. Parts:
  targets  the teacher saved by transformers as TFBertForTokenClassification, the same as ONNX, and
           its outputs written by benchmarks/outside_outputs.py: the largest difference of the
           logits that each gives to the target store
  runs     stages 1 and 2 of a run with labels (D4.1), and a run of the finished model with the
           transfer text alone
  spacy    spaCy's pipeline, trained on the task's labels, distilled from its tags alone, with
           each loss on its logits
  text     CHECKPOINT fine-tuned on the task by the settings of FILE, with one epoch of masked
           language modelling on the transfer text (--teacher_lm_epochs=1), or on --transfer_size
           lines of it, before it and without
The record goes to benchmarks/teachers.json; parts that are there already stay.
"""

import json
import pathlib
import subprocess
import sys
from typing import Any, Dict, List

import numpy as np
from absl import app, flags
from machine import ROOT, write_record
from transformers import TFAutoModel, TFBertForTokenClassification

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.realign import realign, word_starts_of
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.models.teacher import build_teacher, load_teacher
from xtremedistil_tf.teachers import Wanted, load_ready
from xtremedistil_tf.validation.run_files import read_teacher_record

PARTS = ("targets", "runs", "spacy", "text")
STUDENT = ["--do_NER", "--word_emb_dim=50", "--bilstm_hidden_size=200", "--distil_batch_size=128",
           "--optimizer=lazy_adam", "--lr_schedule=cosine", "--learning_rate=2e-3",
           "--strategy=D4.1", "--ft_epochs=2", "--distil_epochs=8", "--export=false"]

FLAGS = flags.FLAGS
flags.DEFINE_string("teacher", None, "Teacher folder.", required=True)
flags.DEFINE_string("task", None, "Task folder.", required=True)
flags.DEFINE_string("work", None, "Where models and runs go.", required=True)
flags.DEFINE_list("parts", ["targets"], "Which parts.")
flags.DEFINE_integer("sentences", 300, "Sentences whose targets are compared.")
flags.DEFINE_string("transfer_file", "transfer.txt", "Transfer text in the task folder.")
flags.DEFINE_integer("transfer_size", None, "Most lines of it that part text reads.")
flags.DEFINE_integer("seq_len", 32, "Longest sequence.")
flags.DEFINE_string("spacy_python", None, "Python interpreter of an environment with spaCy.")
flags.DEFINE_string("checkpoint", None, "Checkpoint that part text fine-tunes.")
flags.DEFINE_string("teacher_flags", None, "Flagfile with the settings of part text.")


def save_finished(teacher_dir: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Saves a teacher as transformers' own token classifier, without the syntactic classes."""
    if (folder / "tf_model.h5").is_file():
        return folder
    tags = read_teacher_record(teacher_dir)["tags"]
    teacher = load_teacher(teacher_dir, 0)
    model = TFBertForTokenClassification.from_pretrained(
        teacher_dir, num_labels=len(tags), id2label=dict(enumerate(tags)),
        label2id={tag: number for number, tag in enumerate(tags)})
    kernel, bias = teacher.model.get_layer("logits").get_weights()
    model.classifier.set_weights([kernel[:, :len(tags)], bias[:len(tags)]])
    model.save_pretrained(folder)
    teacher.tokenizer.save_pretrained(folder)
    return folder


def save_onnx(finished: pathlib.Path, teacher_dir: pathlib.Path, folder: pathlib.Path
              ) -> pathlib.Path:
    """Saves the same classifier as ONNX."""
    import onnx

    from xtremedistil_tf.export.onnx.teacher import build_teacher_model

    if (folder / "model.onnx").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    model = TFBertForTokenClassification.from_pretrained(finished)
    tokenizer = load_teacher(teacher_dir, 0).tokenizer
    teacher = build_teacher(TFAutoModel.from_pretrained(finished), tokenizer,
                            model.config.num_labels, 0)
    teacher.model.get_layer("logits").set_weights(model.classifier.get_weights())
    onnx.save(build_teacher_model(teacher), str(folder / "model.onnx"))
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def logits_of(path: pathlib.Path, wanted: Wanted, rows: List[Example]) -> List[np.ndarray]:
    """The real tags' logits of the words' first tokens that a teacher gives to the writer."""
    teacher = load_ready([path], wanted)
    own = realign(teacher.tokenizer, teacher.tokenizer, rows, wanted.seq_len)
    found: List[Any] = [None] * len(rows)
    for batch, _, outputs in teacher.forward().batches(own.input_ids):
        for at, row in enumerate(batch):
            starts = word_starts_of(own.places[row])
            found[row] = outputs["logits"][at, starts, :len(wanted.tags)]
    return found


def compare_targets(work: pathlib.Path) -> Dict[str, Any]:
    """The largest difference of logits of each kind of teacher to the fine-tuned one."""
    teacher = pathlib.Path(FLAGS.teacher)
    finished = save_finished(teacher, work / "finished")
    onnx = save_onnx(finished, teacher, work / "onnx")
    lines = pathlib.Path(FLAGS.task, FLAGS.transfer_file).read_text("utf-8").splitlines()
    step = max(1, len(lines) // FLAGS.sentences)
    rows = [Example(tuple(line.split())) for line in dict.fromkeys(lines[::step])
            if line.split()][:FLAGS.sentences]
    texts, outputs = work / "texts.txt", work / "outputs.jsonl"
    texts.write_text("\n".join(row.text for row in rows) + "\n", "utf-8")
    subprocess.run([sys.executable, "benchmarks/outside_outputs.py", str(finished), str(texts),
                    str(outputs), str(FLAGS.seq_len)], cwd=ROOT, check=True)
    wanted = Wanted("tagging", tuple(read_teacher_record(teacher)["tags"]), 0,
                    seq_len=FLAGS.seq_len, tokenizer=str(finished))
    expected = logits_of(teacher, wanted, rows)
    apart = {}
    for name, path in (("finished", finished), ("onnx", onnx), ("outputs", outputs)):
        found = logits_of(path, wanted, rows)
        apart[name] = max(float(np.abs(one - other).max())
                          for one, other in zip(found, expected) if len(one))
    return {"sentences": len(rows), "words": sum(map(len, expected)),
            "largest_logit": max(float(np.abs(one).max()) for one in expected if len(one)),
            "largest_difference": apart}


def distil(model_dir: pathlib.Path, *more: str) -> Dict[str, Any]:
    """Runs a distillation; returns its metrics."""
    subprocess.run([sys.executable, "run_distillation.py", *STUDENT, f"--seq_len={FLAGS.seq_len}",
                    f"--model_dir={model_dir}", *more], cwd=ROOT, check=True)
    return read_json(model_dir / "metrics.json")


def scored(model_dir: pathlib.Path, task: str, *, split: str = "test", cut: bool = False
           ) -> Dict[str, float]:
    """Scores a run's student on a split as it is deployed, or cut at seq_len as a run scores."""
    import xtremedistil_tf

    student = xtremedistil_tf.load(model_dir, "keras")
    found = xtremedistil_tf.evaluate(student.cut_at_seq_len() if cut else student, task,
                                     split=split)
    return {name: value for name, value in found.items() if isinstance(value, float)}


def compare_runs(work: pathlib.Path) -> Dict[str, Any]:
    """A run with labels after stage 2, and one of the finished model with the text alone."""
    finished = save_finished(pathlib.Path(FLAGS.teacher), work / "finished")
    text = str(pathlib.Path(FLAGS.task, FLAGS.transfer_file).resolve())
    ordinary = distil(work / "ordinary", f"--task={FLAGS.task}", f"--transfer_file={text}",
                      f"--teacher_model_dir={FLAGS.teacher}")
    alone = distil(work / "alone", f"--pt_teacher_checkpoint={finished}", f"--transfer_file={text}")
    return {"ordinary": {"stage_2_dev": ordinary["stages"][1]["dev"]["macro_f1"],
                         "test": ordinary["student"]["test"]["macro_f1"],
                         "teacher_test": ordinary["teacher"]["test"]["macro_f1"]},
            "text_alone": {"agreement": alone["student"]["agreement"]["agreement"],
                           "kl": alone["student"]["agreement"]["kl"],
                           "dev": scored(work / "alone", FLAGS.task, split="dev", cut=True),
                           "test_as_deployed": scored(work / "alone", FLAGS.task)}}


def compare_spacy(work: pathlib.Path) -> Dict[str, Any]:
    """spaCy's pipeline on the task's labels, distilled from its tags of the transfer text."""
    folder = work / "spacy"
    subprocess.run([FLAGS.spacy_python, "benchmarks/spacy_ner.py", FLAGS.task, str(folder)],
                   cwd=ROOT, check=True)
    outputs = folder / "outputs.jsonl"
    if not outputs.is_file():
        subprocess.run([FLAGS.spacy_python, "benchmarks/spacy_outputs.py",
                        str(folder / "model" / "model-best"),
                        str(pathlib.Path(FLAGS.task, FLAGS.transfer_file)), str(outputs)],
                       cwd=ROOT, check=True)
    from xtremedistil_tf.metrics.tagging import score_tags

    students = {}
    for loss in ("mse", "kld", "pseudo_labels"):
        run = work / f"from_spacy_{loss}"
        metrics = distil(run, f"--teacher_outputs={outputs}", f"--logits_loss={loss}")
        students[loss] = {
            "agreement": {name: value for name, value in metrics["student"]["agreement"].items()
                          if name != "languages"},
            "test_as_deployed": scored(run, FLAGS.task)}
    rows = [json.loads(line) for line in (folder / "test.jsonl").open(encoding="utf-8")]
    teacher = score_tags([row["gold"] for row in rows], [row["tags"] for row in rows],
                         [row["language"] for row in rows])
    return {"teacher_test": teacher["macro_f1"], "students": students}


def compare_text(work: pathlib.Path) -> Dict[str, Any]:
    """A teacher's scores with and without masked language modelling of the transfer text."""
    task = pathlib.Path(FLAGS.task).resolve()
    text, name = task / FLAGS.transfer_file, task.name
    path = ROOT / "benchmarks" / "teachers.json"
    found = dict(read_json(path).get("text", {})) if path.is_file() else {}
    for way, epochs in (("without", 0), ("with", 1)):
        run = work / f"text_{name}_{way}"
        printed = subprocess.run(
            [sys.executable, "run_teacher.py", f"--flagfile={FLAGS.teacher_flags}",
             *([f"--transfer_size={FLAGS.transfer_size}"] if FLAGS.transfer_size else []),
             f"--task={FLAGS.task}", f"--transfer_file={text}", f"--model_dir={run}",
             f"--pt_teacher_checkpoint={FLAGS.checkpoint}", f"--teacher_lm_epochs={epochs}"],
            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        record = read_json(run / "teacher" / "teacher.json")
        found.setdefault(name, {"checkpoint": record["name"]})[way] = {
            "transfer_size": FLAGS.transfer_size,
            "printed": printed.strip().splitlines(), "seconds": record["seconds"],
            **({"text": record["text"]["dev"]} if "text" in record else {})}
    return found


def main(argv) -> None:
    """Runs the parts and writes the record."""
    del argv
    work = pathlib.Path(FLAGS.work).resolve()
    work.mkdir(parents=True, exist_ok=True)
    path = ROOT / "benchmarks" / "teachers.json"
    known = read_json(path) if path.is_file() else {}
    found = {part: known[part] for part in PARTS if part in known}
    for part, run in zip(PARTS, (compare_targets, compare_runs, compare_spacy, compare_text)):
        if part in FLAGS.parts:
            found[part] = run(work)
            write_record("teachers", found)


if __name__ == "__main__":
    app.run(main)
