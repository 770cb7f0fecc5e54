"""The fine-tuning job: trains a checkpoint or a finished student on labels, without a teacher."""

import contextlib
import dataclasses
import pathlib
from typing import Any, Dict, Optional, Sequence, Tuple

from xtremedistil_tf.config import Resources, RunConfig, require
from xtremedistil_tf.data.folders.task import Task, read_task
from xtremedistil_tf.data.folders.task_features import align_task
from xtremedistil_tf.distribution import by_chief, current_strategy, is_chief
from xtremedistil_tf.files.fingerprints import fingerprint, folder_fingerprint
from xtremedistil_tf.files.locks import locked
from xtremedistil_tf.inference.assets import Assets, labels_of, load_assets, student_path
from xtremedistil_tf.inference.student_folder import load_student
from xtremedistil_tf.jobs.distillation import finish, run_unless_finished, student_line
from xtremedistil_tf.jobs.prepared import Prepared
from xtremedistil_tf.jobs.results import Trained, hub_name
from xtremedistil_tf.jobs.run_folder import (
    check_formats,
    claim,
    needed_formats,
    run_formats,
    student_contents,
)
from xtremedistil_tf.jobs.stage_feed import student_feed
from xtremedistil_tf.jobs.student_init import start_student
from xtremedistil_tf.jobs.student_inputs import plan_of, student_separator, trained_on
from xtremedistil_tf.models.student import Student
from xtremedistil_tf.models.student_from_checkpoint import load_student_tokenizer, with_architecture
from xtremedistil_tf.models.tokenizers import load_tokenizer
from xtremedistil_tf.progress import Laps
from xtremedistil_tf.teachers.student_tokenizer import whole_vocabulary
from xtremedistil_tf.training.stages import plan_table
from xtremedistil_tf.training.trainer import Trainer

_DEFAULT_RESOURCES = Resources()


@dataclasses.dataclass(frozen=True)
class _Begun:
    """A student before its first stage.

    Attributes:
      prepared: its training data.
      student: the model.
      start: record of its origin, for the results.
    """

    prepared: Prepared
    student: Student
    start: Dict[str, Any]


def _learnt(kind: str, tags: Sequence[str], pairs: bool) -> str:
    """Describes a kind of task and its labels, for messages."""
    return f"{kind}{' of pairs' if pairs else ''} with the labels {', '.join(tags)}"


def _check_start(
    seq_len: int, assets: Assets, folder: pathlib.Path, model_dir: pathlib.Path
) -> None:
    """Checks that a run can start from a student folder.

    Raises:
      UserError: if the run would overwrite the student, or --seq_len differs.
    """
    require(model_dir.resolve() not in folder.resolve().parents,
            f"--student_dir {folder} lies in --model_dir {model_dir}, where the new student goes; "
            "name another --model_dir")
    require(assets.seq_len_limit in (None, seq_len),
            f"--seq_len is {seq_len}, but the student in {folder} was made for "
            f"sequences of {assets.seq_len_limit} subword tokens; allowed: {assets.seq_len_limit}")


def _read(
    config: RunConfig, model_dir: pathlib.Path, folder: Optional[pathlib.Path],
    resources: Resources,
) -> Tuple[RunConfig, Task, Tuple[str, ...]]:
    """Returns the settings with the checkpoint's sizes, the task in the student's label order, and
    the run's export formats.

    Raises:
      UserError: if the student cannot learn the task, or will not have one of the formats.
    """
    if folder is None:
        config = dataclasses.replace(
            config, student=with_architecture(config.student, config.data.seq_len))
        task, width = read_task(config.data, with_transfer=False), config.student.hidden_size
    else:
        task, width = _read_for(config, model_dir, folder)
    formats = run_formats(config.student, config.data.kind, resources)
    check_formats(formats, config.student, task, width)
    return config, task, formats


def _read_for(
    config: RunConfig, model_dir: pathlib.Path, folder: pathlib.Path
) -> Tuple[Task, int]:
    """Returns the task in the label order of the student in a folder, and its projection's width.

    Raises:
      UserError: if the student cannot learn the task.
    """
    assets = load_assets(folder)
    _check_start(config.data.seq_len, assets, folder, model_dir)
    task = read_task(config.data, with_transfer=False)
    own = _learnt(assets.labels.kind, assets.labels.tags, assets.separator is not None)
    given = _learnt(task.labels.kind, task.labels.tags, config.data.pairs)
    same = (assets.labels.kind == task.labels.kind and config.data.pairs
            == (assets.separator is not None) and set(assets.labels.tags) == set(task.labels.tags))
    require(same, f"the student in {folder} has learnt {own}; the task in {config.data.task} is "
                  f"{given}; allowed: a task of the student's kind and labels")
    # Without the old transitions: they belong to the old log-probabilities and are fitted anew.
    labels = labels_of({**assets.record, "decoding": config.data.decoding, "transitions": None})
    return dataclasses.replace(task, labels=labels), assets.record["width"]


def _begin(config: RunConfig, task: Task, folder: Optional[pathlib.Path]) -> _Begun:
    """Loads the student or checkpoint and tokenizes the examples with its tokenizer."""
    loaded, kept = None, None
    if folder is None:
        checkpoint = config.student.pt_student_checkpoint
        assert checkpoint is not None, "the command requires --student_dir or a checkpoint"
        start: Dict[str, Any] = {"name": pathlib.PurePath(checkpoint).name}
        base = hub_name(checkpoint)
        if base is not None:
            start["base_model"] = base
        tokenizer = load_student_tokenizer(config.student)
        vocabulary = whole_vocabulary(tokenizer)
        separator = student_separator(config.data.pairs, tokenizer, vocabulary)
    else:
        kept = folder_fingerprint(folder)
        loaded = load_student(folder, settings=config.student,
                              policy=config.opt_policy or "float32")
        run = folder.resolve()
        start = {"name": run.parent.name if run.name == "student" else run.name,
                 "strategy": loaded.record.get("strategy")}
        tokenizer, vocabulary = load_tokenizer(str(folder)), loaded.vocabulary
        separator = loaded.separator
    features = align_task(task, tokenizer, config.data)
    prepared = Prepared(
        task, features, vocabulary, transfer=None, dev=None,
        fingerprint=fingerprint(kept, *trained_on(config, task)),
        counts={split: rows.counts for split, rows in features.items()}, teacher_features={},
        tokenizer=tokenizer, separator=separator,
        start_segmentation=None if loaded is None else loaded.segmentation)
    student = start_student(config, prepared, None) if loaded is None else loaded.student
    return _Begun(prepared, student, start)


def dry_run(
    config: RunConfig, model_dir: pathlib.Path, *, student_dir: Optional[pathlib.Path] = None,
    resources: Resources = _DEFAULT_RESOURCES,
) -> str:
    """Returns the plan of a run as text. Reads data and student; trains and writes nothing.

    Raises:
      UserError: for everything that a run would refuse.
    """
    folder = None if student_dir is None else student_path(student_dir)
    config, task, formats = _read(config, model_dir, folder, resources)
    begun = _begin(config, task, folder)
    return "\n".join([
        f"student with {begun.student.model.count_params():,} parameters from "
        f"{begun.start['name']}, vocabulary {len(begun.prepared.vocabulary):,}",
        student_line(config.student, formats),
        "",
        plan_table(plan_of(config, task), begun.student.registry.parameters),
        *(f"warning: {line}" for line in task.warnings),
    ])


def run_fine_tuning(
    config: RunConfig, model_dir: pathlib.Path, *, student_dir: Optional[pathlib.Path] = None,
    overwrite: bool = False, resources: Resources = _DEFAULT_RESOURCES,
) -> Dict[str, Any]:
    """Runs the job and writes the run folder; resumes a run that was killed.

    Args:
      config: the settings, with the strategy FINE_TUNING. The student's part comes from its folder,
        or names a checkpoint.
      model_dir: the run folder.
      student_dir: folder of a finished student or of its run; None for a checkpoint.
      overwrite: start again, whatever settings made the folder.
      resources: the export settings are read, nothing else.

    Returns:
      The contents of metrics.json: those of a distillation, but without a teacher.

    Raises:
      UserError: for every mistake in settings or data.
    """
    laps, folder = Laps(), None if student_dir is None else student_path(student_dir)
    with locked(model_dir) if is_chief() else contextlib.nullcontext():
        config, task, formats = _read(config, model_dir, folder, resources)
        plan_of(config, task)  # Reports mistakes before anything is written.
        settings = config.to_dict()
        settings.pop("teacher")
        kept = None if folder is None else folder_fingerprint(folder)
        by_chief(lambda: claim(model_dir, settings, task, overwrite=overwrite, start=kept,
                               named=student_contents(config.student)))
        return run_unless_finished(
            model_dir, task, needed_formats(formats, resources), laps,
            lambda: _train(config, task, model_dir, folder=folder, formats=formats, laps=laps))


def _train(
    config: RunConfig, task: Task, model_dir: pathlib.Path, *, folder: Optional[pathlib.Path],
    formats: Sequence[str], laps: Laps,
) -> None:
    with current_strategy().scope():
        begun = _begin(config, task, folder)
        feed = student_feed(begun.prepared, begun.student,
                            language_exponent=config.distil.language_exponent)
        start = begun.start
        if folder is not None:
            # The finished student competes: only an equal or better dev measure replaces it.
            start = {**start, "dev": feed.score()}
            feed = dataclasses.replace(feed, measured=config.data.measure)
        laps.lap("start")
        trainer = Trainer(begun.student.trained, begun.student.registry, feed,
                          model_dir / "stages", config.seed, optimizer=config.distil.optimizer,
                          tensorboard=model_dir / "tensorboard")
        records = trainer.run_plan(plan_of(config, task))
        laps.lap("stages")
    by_chief(lambda: finish(config, begun.prepared, Trained(begun.student, records),
                            model_dir=model_dir, formats=formats, laps=laps,
                            more={"start": start}))
