"""The story of a task-agnostic distillation: teacher and raw text in, a checkpoint folder out."""

import contextlib
import dataclasses
import logging
import pathlib
import tempfile
from typing import Any, Dict, Optional, Tuple

import numpy as np
import transformers

from xtremedistil_tf.config import PretrainingConfig, TeacherConfig, require
from xtremedistil_tf.distribution import by_chief, current_strategy, is_chief
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.files.fingerprints import file_fingerprint, fingerprint, folder_fingerprint
from xtremedistil_tf.files.locks import locked
from xtremedistil_tf.jobs.run_folder import claim_for
from xtremedistil_tf.models.pretrained_encoders import load_encoder, peek_checkpoint
from xtremedistil_tf.planning.forecast import SHORT, rough_seconds
from xtremedistil_tf.planning.step_times import Subject, time_stage
from xtremedistil_tf.pretraining.checkpoint import write_checkpoint
from xtremedistil_tf.pretraining.feed import MEASURE, Parts, text_feed
from xtremedistil_tf.pretraining.sizes import TEACHER_FLAG, Sizes, sizes_of
from xtremedistil_tf.pretraining.student import (
    HIDDEN,
    RELATIONS,
    Encoder,
    build_student,
    teacher_targets,
)
from xtremedistil_tf.pretraining.text import RawText, read_text, text_file
from xtremedistil_tf.progress import Laps, duration
from xtremedistil_tf.training.stages import LossTerm, Schedule, Stage, plan_table
from xtremedistil_tf.training.trainer import Trainer
from xtremedistil_tf.validation.manifest import check_manifest
from xtremedistil_tf.version import __version__

log = logging.getLogger("absl")

# Written last: with it the folder is finished.
RECORD_FILE, CHECKPOINT = "pretraining.json", "checkpoint"
_STAGE = "01_text"
_WAY_OUT = "start the run anew with --overwrite"


@dataclasses.dataclass(frozen=True)
class _Begun:
    """A run before its first step."""

    teacher: Any
    text: RawText
    sizes: Sizes
    student: Encoder
    parts: Parts
    stage: Optional[Stage]


def _teacher_config(config: PretrainingConfig) -> TeacherConfig:
    return TeacherConfig("TFAutoModel", config.checkpoint, strip_accents=config.strip_accents)


def _stage(config: PretrainingConfig, student: Encoder, parts: Parts) -> Optional[Stage]:
    """Returns the one stage of a run; its epochs are the parts of all passes. None without any."""
    if not config.epochs:
        return None
    terms = [LossTerm(RELATIONS, RELATIONS, "relation_kld", config.relation_weight),
             LossTerm(HIDDEN, HIDDEN, "mse", config.hidden_weight)]
    epochs = config.epochs * parts.count
    frozen = ("embeddings",) if config.freeze_word_embedding else ()
    return Stage(
        _STAGE, "transfer", tuple(term for term in terms if term.weight),
        tuple(name for name in student.registry.names if name not in frozen),
        Schedule("warmup", config.learning_rate, 0.0, warmup=config.warmup), epochs=epochs,
        patience=epochs, batch=config.batch, monitor=MEASURE)


def _prints(config: PretrainingConfig) -> Dict[str, Any]:
    """Fingerprints of the run's files."""
    files: Dict[str, Any] = {"text": file_fingerprint(text_file(config))}
    if pathlib.Path(config.checkpoint).is_dir():
        files["teacher"] = folder_fingerprint(pathlib.Path(config.checkpoint))
    return files


def _settings(config: PretrainingConfig) -> Dict[str, Any]:
    """Contents of config.json. Folders may move: files count by their contents."""
    settings, files = config.to_dict(), _prints(config)
    del settings["text"]
    if "teacher" in files:
        del settings["checkpoint"]
    return {"version": __version__, "config": settings, "files": files, "labels": []}


def _begin(config: PretrainingConfig, sizes: Sizes, model_dir: pathlib.Path, made: str) -> _Begun:
    """Loads the teacher, tokenizes the text and builds the student."""
    teacher, tokenizer = load_encoder(_teacher_config(config))
    rows = int(teacher.get_input_embeddings().weight.shape[0])
    require(len(tokenizer) <= rows and tokenizer.pad_token_id is not None,
            f"{config.checkpoint}: its tokenizer has {len(tokenizer)} tokens and the padding id "
            f"{tokenizer.pad_token_id}, its embedding {rows} rows; needed are a padding token and "
            "a row for each token")
    # Before the text is read, since it refuses teachers whose attention cannot be read.
    teacher_targets(config, sizes, teacher, np.arange(1, dtype=np.int32))
    text = read_text(config, tokenizer, model_dir / "pretraining", made)
    student = build_student(config, sizes, teacher, text.teacher_ids)
    student.model.learn_from(teacher_targets(config, sizes, teacher, text.teacher_ids))
    parts = Parts.of_steps(text.ids.lengths[text.trained], config.batch, config.part_steps,
                           config.seed)
    return _Begun(teacher, text, sizes, student, parts, _stage(config, student, parts))


def _seconds(config: PretrainingConfig, begun: _Begun, stage: Stage) -> float:
    """Measures a few steps; returns the seconds of the whole training."""
    model, lengths = begun.student.model, begun.parts.lengths
    kept = model.get_weights()
    subject = Subject(model, begun.student.registry, len(begun.text.tokenizer),
                      lambda rows, length: np.zeros((rows, length), np.int32), masked=True)
    times = time_stage(subject, stage, lengths, config.optimizer)
    model.set_weights(kept)
    return times.start + config.epochs * times.epoch(lengths, config.batch)


def _describe(begun: _Begun) -> str:
    """Describes the student in one sentence."""
    student = begun.sizes.student
    return (f"{student.kind.describe(student)}, {begun.student.encoder.count_params():,} "
            f"parameters, {len(begun.text.tokenizer):,} subword tokens, from "
            f"{begun.sizes.origin}.")


def _rough_seconds(config: PretrainingConfig, begun: _Begun, stage: Stage) -> float:
    """Counts the seconds of the training from its sizes."""
    student, teacher = begun.sizes.student, begun.teacher.config
    units = 12 * student.num_hidden_layers * student.hidden_size ** 2
    theirs = 12 * teacher.num_hidden_layers * teacher.hidden_size ** 2
    tokens = config.epochs * int(begun.parts.lengths.sum())
    steps = stage.epochs * begun.parts.steps(config.batch)
    return rough_seconds(tokens * (6 * units + 2 * theirs), steps, 1)


def _time_line(config: PretrainingConfig, begun: _Begun, stage: Stage) -> str:
    seconds, how = _rough_seconds(config, begun, stage), "roughly"
    if seconds >= SHORT:
        seconds, how = _seconds(config, begun, stage), "measured in a few steps"
    return (f"time: about {duration(seconds)} on this machine, {how}: "
            f"{stage.epochs} parts of {begun.parts.steps(config.batch)} steps")


def dry_run(config: PretrainingConfig) -> str:
    """Returns the plan of a run as text; tokenizes the text in a folder that is removed again.

    Raises:
      UserError: for everything that a run would refuse.
    """
    sizes = _sizes(config)
    with tempfile.TemporaryDirectory() as work, current_strategy().scope():
        begun = _begin(config, sizes, pathlib.Path(work), "dry run")
        lines = [
            _describe(begun),
            f"relations of layer {sizes.relation_layer} in {sizes.relation_heads} heads",
            f"{len(begun.text.ids):,} sentences, {begun.text.counts['pieces']:,} subword tokens"]
        if begun.stage is None:
            return "\n".join([*lines, "--distil_epochs=0: nothing is trained"])
        table = plan_table([begun.stage], begun.student.registry.parameters)
        return "\n".join([*lines, "", table, "", _time_line(config, begun, begun.stage)])


def _sizes(config: PretrainingConfig) -> Sizes:
    return sizes_of(config, peek_checkpoint(transformers.TFAutoModel, config.checkpoint,
                                            TEACHER_FLAG))


def finished(model_dir: pathlib.Path) -> Optional[Dict[str, Any]]:
    """Returns the record of a finished run; None for any other folder.

    Raises:
      UserError: if a file of its checkpoint is missing or was changed.
    """
    if not (model_dir / RECORD_FILE).is_file():
        return None
    check_manifest(model_dir / CHECKPOINT, way_out=_WAY_OUT)
    return read_json(model_dir / RECORD_FILE)


def run_pretraining(
    config: PretrainingConfig, model_dir: pathlib.Path, *, overwrite: bool = False
) -> Dict[str, Any]:
    """Runs the job and writes the run folder; resumes a run that was killed.

    Args:
      config: the settings.
      model_dir: the run folder. Its folder "checkpoint" is the result.
      overwrite: start again, whatever settings made the folder.

    Returns:
      The contents of pretraining.json.

    Raises:
      UserError: for every mistake in settings, teacher or text.
    """
    laps, sizes = Laps(), _sizes(config)
    with locked(model_dir) if is_chief() else contextlib.nullcontext():
        settings = _settings(config)
        made = fingerprint(settings["config"], settings["files"])
        by_chief(lambda: claim_for(model_dir, settings, overwrite=overwrite))
        record = finished(model_dir)
        if record is not None:
            log.info("%s is finished already; nothing is run again", model_dir)
            return record
        with current_strategy().scope():
            begun, stage = _train(config, sizes, model_dir, made, laps)
        record = _record(config, begun, stage, laps)
        by_chief(lambda: _finish(begun, record, model_dir))
        return record


def _train(
    config: PretrainingConfig, sizes: Sizes, model_dir: pathlib.Path, made: str, laps: Laps
) -> Tuple[_Begun, Optional[Dict[str, Any]]]:
    """Trains the student; returns the run and the record of its stage."""
    begun, stages = _begin(config, sizes, model_dir, made), model_dir / "stages"
    laps.lap("start")
    if begun.stage is None:
        return begun, None
    if not (stages / _STAGE).exists() and is_chief():
        log.info("%s", _time_line(config, begun, begun.stage))
        laps.lap("forecast")
    feed = text_feed(begun.student, begun.text, begun.parts, config.batch, made)
    trainer = Trainer(begun.student.model, begun.student.registry, feed, stages, config.seed,
                      optimizer=config.optimizer, tensorboard=model_dir / "tensorboard")
    (stage,) = trainer.run_plan([begun.stage])
    laps.lap("training")
    _warn_of_start(stage)
    return begun, stage


def _warn_of_start(stage: Dict[str, Any]) -> None:
    """Warns if no part made the student better than its start."""
    if stage["best_epoch"] == 0:
        log.warning("no part of the training lowered the loss on held-out text: the checkpoint is "
                    "the student as it started; try a lower --learning_rate or more text")


def _record(
    config: PretrainingConfig, begun: _Begun, stage: Optional[Dict[str, Any]], laps: Laps
) -> Dict[str, Any]:
    """Returns the contents of pretraining.json."""
    encoder = begun.teacher.config
    return {
        "version": __version__, "seed": config.seed,
        "teacher": {"name": pathlib.PurePath(config.checkpoint).name, "kind": encoder.model_type,
                    "layers": encoder.num_hidden_layers, "width": encoder.hidden_size},
        "student": {"description": _describe(begun),
                    "layers": [layer + 1 for layer in begun.sizes.layers],
                    "relation_layer": begun.sizes.relation_layer,
                    "relation_heads": begun.sizes.relation_heads},
        "text": dict(begun.text.counts), "vocabulary": len(begun.text.tokenizer),
        "stage": stage, "seconds": {**laps.seconds, "total": sum(laps.seconds.values())},
    }


def _finish(begun: _Begun, record: Dict[str, Any], model_dir: pathlib.Path) -> None:
    """Writes the checkpoint, then the record."""
    dropout = getattr(begun.teacher.config, "hidden_dropout_prob", 0.1)
    written = write_checkpoint(model_dir / CHECKPOINT, begun.student.encoder,
                               begun.text.tokenizer, record, dropout=dropout)
    record["student"].update(written)
    write_json(model_dir / RECORD_FILE, record)
