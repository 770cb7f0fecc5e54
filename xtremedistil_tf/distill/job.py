"""The whole job: task files in, a student that tags new sentences out."""

import logging
import pathlib
import shutil
import time
from typing import Any, Dict, Tuple

from xtremedistil_tf.config import RunConfig, differences
from xtremedistil_tf.distill.fine_tuning import (
    check_teacher,
    folder_fingerprint,
    obtain_teacher,
    plan_facts,
)
from xtremedistil_tf.distill.results import (
    Prepared,
    best_stage,
    build_metrics,
    final_scores,
    finished_metrics,
)
from xtremedistil_tf.distill.stages import Stage, build_plan, plan_table
from xtremedistil_tf.distill.targets import store_bytes, write_targets
from xtremedistil_tf.distill.trainer import WEIGHTS_FILE, StageFeed, Trainer
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.report import write_report
from xtremedistil_tf.evaluation.tagging import evaluate_tagger
from xtremedistil_tf.inputs.batches import count_steps, labelled_batches, transfer_batches
from xtremedistil_tf.inputs.task import Task, align_task, describe, read_task
from xtremedistil_tf.inputs.vocabulary import StudentVocabulary
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.embeddings import reduce_embeddings
from xtremedistil_tf.models.forward import Forward
from xtremedistil_tf.models.student import LAYER_NAMES, Student, build_student
from xtremedistil_tf.models.teacher import Teacher, read_record
from xtremedistil_tf.models.weights import load_weights
from xtremedistil_tf.runs import (
    derive_seed,
    fingerprint,
    locked,
    read_json,
    write_json,
)
from xtremedistil_tf.serving.export import available_forms, export_student
from xtremedistil_tf.serving.student_folder import save_student
from xtremedistil_tf.version import __version__

log = logging.getLogger("absl")

# What a run writes below --model_dir; --overwrite removes these and nothing else. What makes a
# folder look finished goes first.
OUTPUTS = ("metrics.json", "report.md", "student", "export", "onnx", "stages", "targets", "teacher",
           "teacher_training", "teacher_metrics.json", "predictions", "plots", "tensorboard",
           "config.json")


def _claim(model_dir: pathlib.Path, config: RunConfig, task: Task, overwrite: bool) -> None:
    """Records the run's settings, or checks that the folder was made by the same ones."""
    settings = config.to_dict()
    # Folders may move; what is in the files counts, and their fingerprints say it.
    for name in ("task", "transfer_file"):
        settings["data"].pop(name)
    now = {"version": __version__, "config": settings, "files": task.fingerprints}
    path = model_dir / "config.json"
    if overwrite and (path.is_file() or (model_dir / "teacher_metrics.json").is_file()):
        for name in OUTPUTS:
            target = model_dir / name
            if target.is_dir():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)
    elif path.is_file():
        before = read_json(path)
        if before["version"] != __version__:
            log.warning("%s was begun by version %s; going on with %s", model_dir,
                        before["version"], __version__)
        before["version"] = __version__
        changed = differences(before, now)
        made = [name for name in OUTPUTS if name != path.name and (model_dir / name).exists()]
        if changed and made:
            raise UserError(
                f"{model_dir} was made by other settings or data: {'; '.join(changed)}. "
                "Use another --model_dir, or --overwrite to start it anew"
            )
    if not path.is_file() or read_json(path) != now:
        write_json(path, now)


def _prepare(
    config: RunConfig, task: Task, teacher: Teacher, teacher_folder: pathlib.Path,
    model_dir: pathlib.Path,
) -> Tuple[Prepared, int]:
    """Tokenises, builds the vocabulary, runs the teacher once over the transfer set."""
    features = align_task(task, teacher.tokenizer, config.data.seq_len)
    tokenizer = teacher.tokenizer
    vocabulary = StudentVocabulary.from_seen(
        [features[split].input_ids.values for split in ("train", "transfer")],
        tokenizer.pad_token_id, tokenizer.unk_token_id, len(teacher.word_embeddings()),
    )
    teacher_print = folder_fingerprint(teacher_folder)
    stores, passed = {}, {}
    for split in ("transfer", "dev"):
        name = fingerprint(teacher_print, task.fingerprints[split], config.data.seq_len,
                           config.data.on_bad_row, teacher.layer)
        stores[split], passed[split] = write_targets(
            teacher, features[split].input_ids, model_dir / "targets" / split, name,
            config.distil.chunk_size,
        )
    inputs = fingerprint(
        teacher_print, teacher.layer, task.fingerprints, config.to_dict()["student"],
        config.data.seq_len, config.data.on_bad_row, config.seed,
    )
    prepared = Prepared(task, features, vocabulary, stores["transfer"], stores["dev"], inputs)
    return prepared, passed["transfer"]


def _build_student(config: RunConfig, prepared: Prepared, teacher: Teacher) -> Student:
    embeddings = reduce_embeddings(
        teacher.word_embeddings(), prepared.vocabulary, config.student.word_emb_dim,
        config.student.word_embedding, derive_seed(config.seed, "embeddings"),
    )
    # Its own seed: else the start would depend on whether the teacher was loaded or fine-tuned.
    tf.keras.utils.set_random_seed(derive_seed(config.seed, "student"))
    return build_student(
        config.student, len(prepared.vocabulary), teacher.width, prepared.task.labels.size,
        embeddings,
    )


def _feed(prepared: Prepared, student: Student) -> StageFeed:
    """Connects the stages' data names with batches and dev measures."""
    table = prepared.vocabulary.table
    train, dev = prepared.features["train"], prepared.features["dev"]
    forward = Forward(student.model, table=table)

    def batches(stage: Stage, seed: int) -> Any:
        if stage.data == "train":
            return labelled_batches(train, stage.batch_size, seed, table)
        wants = any(term.target == "representation" for term in stage.terms)
        return transfer_batches(prepared.transfer, stage.batch_size, seed, table, wants)

    def steps(stage: Stage) -> int:
        lengths = train.input_ids.lengths if stage.data == "train" else prepared.transfer.lengths
        return count_steps(lengths, stage.batch_size)

    def score() -> Dict[str, Any]:
        return evaluate_tagger(forward, dev, prepared.task.labels)

    def measure(stage: Stage) -> float:
        if stage.monitor == "macro_f1":
            return score()["macro_f1"]
        held_out = transfer_batches(prepared.dev, stage.batch_size, 0, table, True)
        return float(student.model.evaluate(held_out, verbose=0, return_dict=True)["loss"])

    return StageFeed(batches, steps, measure, score, prepared.fingerprint)


def _load_selected(student: Student, model_dir: pathlib.Path, name: str) -> None:
    load_weights(student.model, model_dir / "stages" / name / WEIGHTS_FILE)


def dry_run(config: RunConfig, model_dir: pathlib.Path) -> str:
    """The plan of a run as text; reads data and teacher, trains nothing and writes nothing."""
    task = read_task(config.data)
    check_teacher(config, model_dir)
    facts = plan_facts(config, task, model_dir)
    student = build_student(config.student, facts["vocabulary"], facts["width"], task.labels.size)
    plan = build_plan(LAYER_NAMES, config.distil)
    needed = store_bytes(facts["pieces"], len(task.examples["transfer"]), facts["width"],
                         task.labels.size)
    return "\n".join([
        f"strategy {config.distil.strategy}, student with {student.model.count_params():,} "
        f"parameters, vocabulary {facts['vocabulary']:,}",
        "",
        plan_table(plan, student.registry.parameters),
        "",
        f"teacher outputs for {len(task.examples['transfer']):,} transfer sentences: "
        f"{needed / 1e6:,.0f} MB",
    ])


def run_distillation(
    config: RunConfig, model_dir: pathlib.Path, overwrite: bool = False
) -> Dict[str, Any]:
    """Runs the job and writes the run folder; goes on where a killed run stopped.

    Args:
      config: the settings.
      model_dir: the run folder.
      overwrite: start anew where the folder was made by other settings.

    Returns:
      What was written to metrics.json.

    Raises:
      UserError: for anything that the user can mend.
    """
    with locked(model_dir):
        began = time.monotonic()
        plan = build_plan(LAYER_NAMES, config.distil)
        task = read_task(config.data)
        check_teacher(config, model_dir)
        _claim(model_dir, config, task, overwrite)
        finished = finished_metrics(model_dir)
        if finished is not None:
            log.info("%s is finished already; nothing is run again", model_dir)
            return finished
        for warning in describe(task)["warnings"]:
            log.warning("%s", warning)
        seconds: Dict[str, float] = {}

        def lap(name: str) -> None:
            seconds[name] = time.monotonic() - began - sum(seconds.values())

        lap("read")
        teacher, folder = obtain_teacher(config, task, model_dir)
        lap("teacher")
        prepared, rows = _prepare(config, task, teacher, folder, model_dir)
        lap("targets")
        student = _build_student(config, prepared, teacher)
        trainer = Trainer(
            student.model, student.registry, _feed(prepared, student), model_dir / "stages",
            config.seed, config.distil.optimizer, model_dir / "tensorboard",
        )
        records = trainer.run_plan(plan)
        lap("stages")
        _load_selected(student, model_dir, best_stage(records)["name"])
        scores = final_scores(prepared, teacher, student, model_dir)
        lap("evaluation")
        _save_and_export(config, prepared, teacher, student, scores, model_dir)
        lap("export")
        seconds["total"] = sum(seconds.values())
        metrics = build_metrics(config, prepared, teacher, student, records, scores,
                           rows / len(prepared.transfer), seconds, read_record(folder))
        histories = {record["name"]: read_json(model_dir / "stages" / record["name"] /
                                               "history.json") for record in records}
        histories["teacher"] = read_record(folder)["history"]
        write_report(model_dir, metrics, histories)
        write_json(model_dir / "metrics.json", metrics)
        return metrics


def _save_and_export(
    config: RunConfig, prepared: Prepared, teacher: Teacher, student: Student,
    scores: Dict[str, Dict[str, Any]], model_dir: pathlib.Path,
) -> None:
    record = {"version": __version__, "seq_len": config.data.seq_len,
              "strategy": config.distil.strategy, "seed": config.seed, "scores": scores["student"]}
    save_student(model_dir / "student", student, config.student, prepared.vocabulary,
                 teacher.tokenizer, prepared.task.labels, record)
    # Made from what was saved, so that an export is a proof that the folder is whole.
    export_student(model_dir, available_forms(), version=1, dev=prepared.task.examples["dev"])
