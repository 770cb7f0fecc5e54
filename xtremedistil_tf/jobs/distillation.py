"""The distillation job: from a task folder to a trained, scored and exported student."""

import contextlib
import dataclasses
import logging
import pathlib
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.config import Resources, RunConfig, StudentConfig
from xtremedistil_tf.data.folders.task import Task, describe, read_task
from xtremedistil_tf.distribution import by_chief, current_strategy, is_chief
from xtremedistil_tf.evaluation.worst import worst_of_run
from xtremedistil_tf.export.export import FILES, export_student
from xtremedistil_tf.files.locks import locked
from xtremedistil_tf.inference.student_folder import save_student
from xtremedistil_tf.jobs.alone import NAME as ALONE
from xtremedistil_tf.jobs.alone import train_alone, trains_alone, worth
from xtremedistil_tf.jobs.deployed import deployed_scores
from xtremedistil_tf.jobs.obtain_teacher import obtain_teacher
from xtremedistil_tf.jobs.prepared import Prepared
from xtremedistil_tf.jobs.results import (
    Alone,
    Taught,
    Trained,
    agreement_on_text,
    best_stage,
    build_metrics,
    final_answers,
    final_scores,
    finished_metrics,
    fit_on_dev,
    forget_metrics,
    keep_metrics,
)
from xtremedistil_tf.jobs.run_folder import (
    check_formats,
    claim,
    kept_forecast,
    needed_formats,
    remove_exports,
    run_formats,
    starts_anew,
    student_contents,
    targets_folder,
    teacher_contents,
)
from xtremedistil_tf.jobs.stage_feed import student_feed
from xtremedistil_tf.jobs.student_init import start_student
from xtremedistil_tf.jobs.student_inputs import (
    check_student,
    needed_kinds,
    plan_of,
    prepare,
    write_part,
)
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.student import Student
from xtremedistil_tf.models.student_from_checkpoint import with_architecture
from xtremedistil_tf.models.weights import load_weights
from xtremedistil_tf.progress import FINAL, Laps, reached, whole_run
from xtremedistil_tf.reporting.model_card import write_model_card
from xtremedistil_tf.reporting.report import write_report
from xtremedistil_tf.targets.variation import warn_of_constant
from xtremedistil_tf.teachers.agreement import chosen_by, with_answers
from xtremedistil_tf.teachers.base import Sizes
from xtremedistil_tf.teachers.places import check_teacher, known_labels, teacher_record
from xtremedistil_tf.teachers.student_tokenizer import student_text
from xtremedistil_tf.training.stage_state import WEIGHTS_FILE
from xtremedistil_tf.training.stages import Stage
from xtremedistil_tf.training.trainer import Trainer, is_done
from xtremedistil_tf.validation.run_files import read_history
from xtremedistil_tf.version import __version__

log = logging.getLogger("absl")

_DEFAULT_RESOURCES = Resources()
_NOTHING: Mapping[str, Any] = {}


def read_run(
    config: RunConfig, model_dir: pathlib.Path, *, anew: bool = False
) -> Tuple[Task, Sizes]:
    """Reads and checks the data and the teacher's sizes before any work.

    Args:
      config: the run's settings.
      model_dir: the run folder.
      anew: True if a teacher in the run folder is about to be removed.

    Raises:
      UserError: for every mistake in them.
    """
    task = read_task(config.data, names=known_labels(config, model_dir, anew=anew))
    return task, check_teacher(config, model_dir, anew=anew, task=task)


def with_sizes(config: RunConfig) -> RunConfig:
    """Adds the sizes of the student's checkpoint, if it has one, to the settings."""
    return dataclasses.replace(
        config, student=with_architecture(config.student, config.data.seq_len))


def student_line(student: StudentConfig, formats: Sequence[str]) -> str:
    """Returns the line of a plan that describes the student and its export formats."""
    return f"student: {student.kind.describe(student)}; exports: {', '.join(formats) or 'none'}"


def run_distillation(
    config: RunConfig, model_dir: pathlib.Path, *, overwrite: bool = False,
    resources: Resources = _DEFAULT_RESOURCES, forecast: Optional[Mapping[str, Any]] = None,
) -> Dict[str, Any]:
    """Runs the job and writes the run folder; resumes a run that was killed.

    Args:
      config: the settings.
      model_dir: the run folder. All machines of a cluster must see it.
      overwrite: start again, whatever settings made the folder.
      resources: processes, disk and exports.
      forecast: what the run will need, see `planning.forecast`; kept in the run folder and in
        metrics.json. A run that goes on keeps that of its start.

    Returns:
      The contents of metrics.json.

    Raises:
      UserError: for every mistake in settings or data.
    """
    laps, config = Laps(), with_sizes(config)
    formats = run_formats(config.student, config.data.kind, resources)
    with locked(model_dir) if is_chief() else contextlib.nullcontext():
        task, found = read_run(config, model_dir, anew=starts_anew(model_dir, overwrite))
        plan = plan_of(config, task, states=found.states)
        check_student(config, task, found, targets_folder(model_dir, resources))
        check_formats(formats, config.student, task, found.width)
        by_chief(lambda: claim(model_dir, config.to_dict(), task, overwrite=overwrite,
                               named={**teacher_contents(config.teacher, model_dir),
                                      **student_contents(config.student)}))
        forecast = kept_forecast(model_dir, forecast)
        with whole_run((forecast or {}).get("seconds")):
            metrics = run_unless_finished(
                model_dir, task, needed_formats(formats, resources), laps,
                lambda: _train_and_score(
                    config, task, plan, model_dir=model_dir, resources=resources, formats=formats,
                    laps=laps, forecast=forecast))
        if trains_alone(task, resources) and ALONE not in metrics:
            log.warning("%s was finished without the student on labels alone (--baseline); "
                        "--overwrite makes the run anew, with it", model_dir)
        return metrics


def run_unless_finished(
    model_dir: pathlib.Path, task: Task, needed: Sequence[str], laps: Laps,
    work: Callable[[], None],
) -> Dict[str, Any]:
    """Returns the metrics of a run; does the work first if the run is not finished.

    Args:
      model_dir: the run folder. The caller holds its lock.
      task: the data, for its warnings and for checking exports.
      needed: export formats of the run. If only these are missing, they alone are made.
      laps: notes the time of reading.
      work: trains, scores and writes the folder.
    """
    finished = finished_metrics(model_dir)
    if finished is not None:
        missing = [form for form in needed if not (model_dir / FILES[form]).is_file()]
        if not missing:
            log.info("%s is finished already; nothing is run again", model_dir)
            return finished
        by_chief(lambda: _export(model_dir, missing, task))
        return finished
    for warning in describe(task)["warnings"]:
        log.warning("%s", warning)
    laps.lap("read")
    work()
    metrics = finished_metrics(model_dir)
    assert metrics is not None, "`work` has just written it"
    return metrics


def write_target_part(config: RunConfig, model_dir: pathlib.Path, resources: Resources) -> str:
    """Writes one part of a run's targets; returns a line about its progress."""
    config = with_sizes(config)
    task, found = read_run(config, model_dir)
    check_student(config, task, found, targets_folder(model_dir, resources))
    return write_part(config, task, model_dir, resources)


def _train_and_score(
    config: RunConfig, task: Task, plan: Sequence[Stage], *, model_dir: pathlib.Path,
    resources: Resources, formats: Sequence[str], laps: Laps,
    forecast: Optional[Mapping[str, Any]],
) -> None:
    alone: Optional[Alone] = None
    with current_strategy().scope():
        teacher, folders = obtain_teacher(config, task, model_dir)
        task, asked = with_answers(task, teacher, config.data)
        laps.lap("teacher")
        kinds = needed_kinds(
            [stage for stage in plan if not is_done(model_dir / "stages", stage)])
        prepared, passes = prepare(
            config, task, teacher, teacher_dirs=folders, model_dir=model_dir, resources=resources,
            kinds=kinds, text=student_text(config, teacher))
        laps.lap("targets")
        # A study begins its other runs when it sees this folder.
        by_chief(lambda: (model_dir / "stages").mkdir(exist_ok=True))
        record = teacher_record(folders)
        for line in prepared.trouble(record.get("dev") or {}, config.data.measure):
            log.warning("%s", line)
        student = start_student(config, prepared, teacher)
        feed = student_feed(prepared, student, asked=asked,
                            language_exponent=config.distil.language_exponent,
                            keep_representation=resources.keep_representation)
        trainer = Trainer(student.trained, student.registry, feed, model_dir / "stages",
                          config.seed, optimizer=config.distil.optimizer,
                          tensorboard=model_dir / "tensorboard")
        try:
            if "representation" in kinds:
                by_chief(lambda: warn_of_constant(
                    prepared.stores.dev, prepared.vocabulary.table, teacher.layer))
            records = trainer.run_plan(plan)
        except tf.errors.DataLossError:
            for store in prepared.stores:
                store.verify(kinds)
            raise
        laps.lap("stages")
        if trains_alone(task, resources):
            alone = train_alone(config, prepared, teacher, plan, model_dir)
            laps.lap(ALONE)
    more: Dict[str, Any] = {} if forecast is None else {"forecast": dict(forecast)}
    if resources.compare_paper:
        more["compare_paper"] = True
    # Outside the scope: only the chief builds models for the export.
    trained = Trained(student, records, Taught(teacher, record, passes, asked), alone)
    by_chief(lambda: finish(config, prepared, trained, model_dir=model_dir, formats=formats,
                            laps=laps, more=more))


def finish(
    config: RunConfig, prepared: Prepared, trained: Trained, *, model_dir: pathlib.Path,
    formats: Sequence[str], laps: Laps, more: Mapping[str, Any] = _NOTHING,
) -> None:
    """Scores on test, exports and reports; writes metrics.json last.

    Args:
      config, prepared, trained: the run.
      model_dir: the run folder.
      formats: export formats of the student.
      laps: measures the parts of the job.
      more: further entries of metrics.json.
    """
    student, records = trained.student, trained.records
    taught, alone = trained.taught, trained.alone
    reached(FINAL)
    # So that a kill leaves no old scores beside new predictions or a new student.
    forget_metrics(model_dir)
    best = best_stage(records, chosen_by(config, prepared.task))["name"]
    load_weights(student.trained, model_dir / "stages" / best / WEIGHTS_FILE)
    fitted = fit_on_dev(prepared, student)
    answers = final_answers(prepared, None if taught is None else taught.teacher, student,
                            fitted=fitted)
    if alone is not None:
        answers[ALONE] = alone.answers
    scores = final_scores(prepared, answers, model_dir, glue_task=config.data.glue_task)
    scores["student"].update(agreement_on_text(prepared, taught, student, model_dir))
    # So that no export of an earlier student lies beside the new one.
    remove_exports(model_dir)
    _save(config, prepared, student, scores, model_dir, fitted)
    for who, deployed in deployed_scores(prepared, taught, model_dir, answers).items():
        scores[who].update(deployed)
    laps.lap("evaluation")
    _export(model_dir, formats, prepared.task)
    laps.lap("export")
    entries: Dict[str, Any] = {**more, **worst_of_run(prepared.task, answers)}
    if alone is not None:
        entries[ALONE] = {
            **alone.record, **scores[ALONE],
            "worth": worth(prepared, config.data.measure, answers[ALONE], answers["student"])}
    seconds = {**laps.seconds, "total": sum(laps.seconds.values())}
    if fitted:
        scores["student"]["fitted_on_dev"] = fitted
    metrics = build_metrics(config, prepared, trained, scores=scores, seconds=seconds,
                            more=entries)
    if taught is not None:
        metrics["data"]["warnings"] += prepared.trouble(metrics["teacher"].get("dev") or {},
                                                        config.data.measure)
    histories = {stage["name"]: read_history(model_dir / "stages" / stage["name"] / "history.json")
                 for stage in records}
    if taught is not None:
        histories["teacher"] = taught.record["history"]
    write_report(model_dir, metrics, histories)
    write_model_card(model_dir / "student", metrics, pathlib.Path(config.data.task))
    keep_metrics(model_dir, metrics)


def _export(model_dir: pathlib.Path, formats: Sequence[str], task: Task) -> None:
    # The export loads the saved student, which proves that its folder is complete.
    if formats:
        # The loss of int8 is measured against labels, not against the teacher's answers.
        dev = None if task.agreement else task.examples["dev"]
        export_student(model_dir, forms=formats, version=1, dev=dev)


def _save(
    config: RunConfig, prepared: Prepared, student: Student,
    scores: Dict[str, Dict[str, Any]], model_dir: pathlib.Path, fitted: Dict[str, Any],
) -> None:
    record: Dict[str, Any] = {
        "version": __version__, "seq_len": config.data.seq_len, "decoding": config.data.decoding,
        "segmentation": prepared.segmentation, "strategy": config.distil.strategy,
        "seed": config.seed, "scores": scores["student"], "separator": prepared.separator,
        "glue_task": config.data.glue_task, "squad": config.to_dict()["data"]["squad"]}
    record.update({name: fitted[name] for name in ("temperature", "thresholds", "transitions")
                   if name in fitted})
    save_student(model_dir / "student", student, config=config.student,
                 vocabulary=prepared.vocabulary, tokenizer=prepared.tokenizer,
                 labels=prepared.task.labels, record=record)
