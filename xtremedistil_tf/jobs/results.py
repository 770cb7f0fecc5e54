"""The results of a run: final scores, predictions and metrics.json."""

import dataclasses
import logging
import pathlib
from typing import Any, Dict, List, Optional

from xtremedistil_tf.config import RunConfig
from xtremedistil_tf.data.folders.task import HELD_OUT, Task, describe
from xtremedistil_tf.data.folders.trouble import weak_student
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.jobs.prepared import Prepared
from xtremedistil_tf.metrics.measures import AGREEMENT
from xtremedistil_tf.metrics.prediction_files import write_submission
from xtremedistil_tf.models.inference import Forward
from xtremedistil_tf.models.student import Student
from xtremedistil_tf.reporting.run_metrics import last_predictions, retention
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.agreement import Answers, chosen_by
from xtremedistil_tf.teachers.base import Teaches
from xtremedistil_tf.validation.manifest import drop_manifest, write_manifest
from xtremedistil_tf.validation.run_files import (
    METRICS_FILE,
    check_run,
    listed_files,
    made_once,
    read_metrics,
)
from xtremedistil_tf.version import __version__

log = logging.getLogger("absl")


@dataclasses.dataclass(frozen=True)
class Taught:
    """The teacher of a run, for its results.

    Attributes:
      teacher: the model.
      record: the record saved with it.
      passes: number of forward passes over the transfer set in this process.
      asked: its answers on held-out text, for runs without dev labels.
    """

    teacher: Teaches
    record: Dict[str, Any]
    passes: float
    asked: Optional[Answers] = None


@dataclasses.dataclass(frozen=True)
class Alone:
    """A student that was trained on labels alone.

    Attributes:
      record: its epochs and seconds.
      answers: its predictions by held-out split.
    """

    record: Dict[str, Any]
    answers: Dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Trained:
    """The result of the stages.

    Attributes:
      student: the model; its weights are those of the last stage.
      records: one for each stage.
      taught: the teacher; None without one.
      alone: the same student on labels alone, if it was trained.
    """

    student: Student
    records: List[Dict[str, Any]]
    taught: Optional[Taught] = None
    alone: Optional[Alone] = None


def best_stage(records: List[Dict[str, Any]], measure: str) -> Dict[str, Any]:
    """Returns the record of the stage to keep: the best dev measure, the later stage on a tie.

    Stages before the first that trains the logits layer do not count, unless there are no others:
    their logits layer is still random, and its score is chance.
    """
    heads = [place for place, record in enumerate(records) if "logits" in record["trainable"]]
    return max(reversed(records[heads[0] if heads else 0:]),
               key=lambda record: record["dev"][measure])


def fit_on_dev(prepared: Prepared, student: Student) -> Dict[str, Any]:
    """Fits a student's temperature on dev, and its thresholds or transitions if it has any.

    Returns:
      See `tasks.base.TaskKind.calibrate`; {} without labelled dev rows.
    """
    task = prepared.task
    if "dev" not in task.scored:
        if getattr(task.labels, "decoding", None) == "trained":
            log.warning("--decoding=trained: without labelled dev rows no transitions are fitted; "
                        "the student decodes as by --decoding=constrained")
        return {}
    return dict(task_kind(task.labels.kind).calibrate(
        Forward(student.model, table=prepared.vocabulary.table), prepared.features["dev"],
        task.labels))


def answers_of(
    task: Task, rows: Dict[str, Features], forward: Forward, labels: Labels
) -> Dict[str, Any]:
    """Returns a model's predictions by held-out split."""
    predict = task_kind(labels.kind).predict
    return {split: predict(forward, rows[split], labels) for split in _asked_splits(task)}


def _asked_splits(task: Task) -> List[str]:
    """Returns the splits to predict; held-out text of the transfer set is compared elsewhere."""
    return [split for split in task.held_out if not (task.agreement and split == "dev")]


def _teacher_answers(prepared: Prepared, teacher: Teaches) -> Dict[str, Any]:
    """Returns the teacher's predictions; runs that share a targets folder compute them once."""
    kind, splits = task_kind(prepared.task.labels.kind), _asked_splits(prepared.task)

    def ask() -> Dict[str, Any]:
        found = answers_of(prepared.task, prepared.teacher_features, teacher.forward(),
                           prepared.task.labels)
        return {split: kind.packed(answers) for split, answers in found.items()}

    return {split: kind.unpacked(answers)
            for split, answers in made_once(prepared.answers, splits, ask).items()}


def final_answers(
    prepared: Prepared, teacher: Optional[Teaches], student: Student,
    *, fitted: Optional[Dict[str, Any]] = None,
) -> Dict[str, Dict[str, Any]]:
    """Predicts dev and test. Nothing else in a run predicts test.

    Args:
      prepared: the data.
      teacher, student: the models; the teacher may be None.
      fitted: the student's thresholds, see `fit_on_dev`.

    Returns:
      Predictions by "teacher" and "student", then by split.
    """
    answers = {}
    if teacher is not None and teacher.answers_any:
        answers["teacher"] = _teacher_answers(prepared, teacher)
    answers["student"] = answers_of(prepared.task, prepared.features,
                                    Forward(student.model, table=prepared.vocabulary.table),
                                    prepared.task.labels.adjusted(fitted or {}))
    return answers


def final_scores(
    prepared: Prepared, answers: Dict[str, Dict[str, Any]], model_dir: pathlib.Path,
    *, glue_task: Optional[str] = None,
) -> Dict[str, Dict[str, Any]]:
    """Scores predictions and writes gold labels and predictions to files.

    Splits without labels get predictions only. For a GLUE task, the student's predictions are also
    written in the format of the GLUE server.

    Args:
      prepared: the data.
      answers: the result of `final_answers`.
      model_dir: the run folder.
      glue_task: name of the GLUE task; None for other data.

    Returns:
      By "teacher" and "student", then by split.
    """
    task = prepared.task
    scores: Dict[str, Dict[str, Any]] = {}
    kind = task_kind(task.labels.kind)
    folder = model_dir / "predictions"
    for split in task.scored:
        kind.write_gold(folder, split, task.examples[split])
    for who, found in answers.items():
        scores[who] = {}
        rows = prepared.teacher_features if who == "teacher" else prepared.features
        for split, predicted in found.items():
            features = rows[split]
            kind.write(folder, split, who, task.examples[split], predicted)
            if split in task.scored:
                scores[who][split] = kind.score_fully(
                    features.tags, predicted, features.row_languages, task.labels)
            elif glue_task is not None and who == "student":
                write_submission(folder / "glue", glue_task, split, predicted,
                                 left_out=task.left_out.get(split, ()))
    return scores


def agreement_on_text(
    prepared: Prepared, taught: Optional[Taught], student: Student, model_dir: pathlib.Path
) -> Dict[str, Any]:
    """Compares student and teacher on held-out text; writes the answers of both.

    Returns:
      {"agreement": see `Answers.compare`}; empty for runs with dev labels.
    """
    if taught is None or taught.asked is None:
        return {}
    features = prepared.features["dev"]
    measures, answers = taught.asked.compare(
        Forward(student.model, table=prepared.vocabulary.table), features)
    kind, folder = task_kind(prepared.task.labels.kind), model_dir / "predictions"
    for who, found in (("teacher", taught.asked.answers), ("student", answers)):
        kind.write(folder, HELD_OUT, who, prepared.task.examples["dev"], found)
    return {AGREEMENT: measures}


def _stage_records(records: List[Dict[str, Any]], task: Task) -> List[Dict[str, Any]]:
    """Renames the measures of stages that were chosen by agreement: they are no dev scores."""
    if not task.agreement:
        return records
    return [{(AGREEMENT if name == "dev" else name): value for name, value in record.items()}
            for record in records]


def hub_name(checkpoint: Optional[str]) -> Optional[str]:
    """Returns a checkpoint's name on the hub; None for a folder of this machine."""
    return None if not checkpoint or pathlib.Path(checkpoint).exists() else checkpoint


def _beside_teacher(
    taught: Taught, parameters: int, scores: Dict[str, Dict[str, Any]], measure: str,
    base: Optional[str],
) -> Dict[str, Any]:
    """Returns the entries of metrics.json about the teacher, retention and compression."""
    size = taught.teacher.parameters
    return {
        **({"base_model": base} if base else {}),
        "teacher": {"name": taught.record["name"], "parameters": size,
                    "layer": taught.teacher.layer, **scores.get("teacher", {}),
                    **{name: taught.record[name] for name in ("steps", "rates")
                       if name in taught.record}},
        "retention": retention({**scores, "measure": measure}),
        "compression": {"parameters": None if size is None else size / parameters},
        "teacher_passes": taught.passes,
    }


def build_metrics(
    config: RunConfig, prepared: Prepared, trained: Trained, *,
    scores: Dict[str, Dict[str, Any]], seconds: Dict[str, float],
    more: Optional[Dict[str, Any]] = None,
) -> Dict[str, Any]:
    """Returns the contents of metrics.json.

    Args:
      config, prepared, trained: the run.
      scores: by "teacher" and "student", then by split.
      seconds: by part of the job, in this process alone; those of the stages are of all processes.
      more: further entries.
    """
    records, taught = trained.records, trained.taught
    measure, parameters = config.data.measure, trained.student.model.count_params()
    chosen = chosen_by(config, prepared.task)
    # What readers know dev and the measure by.
    split, told = ("held-out text", AGREEMENT) if prepared.task.agreement else (
        "dev", task_kind(config.data.kind).scores.get(measure, measure))
    elsewhere = config.teacher.config_file or config.teacher.model_dir or config.teacher.outputs
    taught_by = {} if taught is None else _beside_teacher(
        taught, parameters, scores, measure,
        None if elsewhere else hub_name(config.teacher.checkpoint))
    data = describe(prepared.task, counts=prepared.counts)
    # The worst first.
    data["warnings"][:0] = weak_student(
        scores["student"].get(AGREEMENT if prepared.task.agreement else "dev") or {}, chosen, told,
        split)
    return {
        "version": __version__,
        "task": pathlib.Path(config.data.task).resolve().name,
        "kind": config.data.kind,
        "measure": measure,
        "strategy": config.distil.strategy,
        "seed": config.seed,
        **taught_by,
        "student": {
            "parameters": parameters,
            "embedding_parameters": len(prepared.vocabulary) * config.student.word_emb_dim,
            "vocabulary": len(prepared.vocabulary),
            "selected_stage": best_stage(records, chosen)["name"],
            **scores["student"],
        },
        "stages": _stage_records(records, prepared.task),
        "seconds": seconds,
        "data": data,
        **(more or {}),
    }


def finished_metrics(model_dir: pathlib.Path) -> Optional[Dict[str, Any]]:
    """Returns the metrics of a run that is finished except for exports; None for other runs."""
    if not (model_dir / METRICS_FILE).is_file():
        return None
    metrics = read_metrics(model_dir)
    needed = ["report.md", "student/student.json", f"predictions/{last_predictions(metrics)}"]
    if not all((model_dir / name).is_file() for name in [*needed, *listed_files(model_dir)]):
        return None
    check_run(model_dir)
    return metrics


def forget_metrics(model_dir: pathlib.Path) -> None:
    """Removes metrics.json and its manifest before a file that they describe is replaced."""
    (model_dir / METRICS_FILE).unlink(missing_ok=True)
    drop_manifest(model_dir)


def keep_metrics(model_dir: pathlib.Path, metrics: Dict[str, Any]) -> None:
    """Writes metrics.json, and the manifest of it and of the predictions."""
    # First, so that a kill in between leaves no manifest of the earlier scores.
    drop_manifest(model_dir)
    write_json(model_dir / METRICS_FILE, metrics)
    folder = model_dir / "predictions"
    predictions = [path.relative_to(model_dir).as_posix() for path in sorted(folder.rglob("*"))
                   if path.is_file()]
    write_manifest(model_dir, names=[METRICS_FILE, *predictions])
