"""The teacher job: fine-tune, score and save."""

import contextlib
import logging
import pathlib
import shutil
from typing import Any, Dict

from xtremedistil_tf.config import RunConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.folders.task_features import features_of
from xtremedistil_tf.data.folders.transfer import find_transfer_file
from xtremedistil_tf.distribution import by_chief, current_strategy, is_chief
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.files.locks import locked
from xtremedistil_tf.jobs.obtain_teacher import obtain_teacher
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.places import check_teacher, known_labels

_METRICS_FILE = "teacher_metrics.json"

log = logging.getLogger("absl")


def _remove_teacher(model_dir: pathlib.Path) -> None:
    # First the mark of a finished teacher: a study reads it after a kill.
    (model_dir / _METRICS_FILE).unlink(missing_ok=True)
    shutil.rmtree(model_dir / "teacher", ignore_errors=True)


def _reads_transfer(config: RunConfig) -> bool:
    """True if the transfer file is named, or is there and shapes the teacher.

    A teacher from --teacher_config has its vocabulary from it, too, and --teacher_lm_epochs learns
    from it. So `run_distillation.py`, which always reads it, gets the same teacher.
    """
    teacher = config.teacher
    if config.data.transfer_file or not (teacher.config_file or teacher.lm_epochs):
        return bool(config.data.transfer_file)
    try:
        find_transfer_file(config.data)
    except UserError:  # A teacher alone needs none.
        return False
    return True


def run_teacher(
    config: RunConfig, model_dir: pathlib.Path, *, overwrite: bool = False
) -> Dict[str, Dict[str, Any]]:
    """Fine-tunes the teacher of a run folder, or loads it if it is there already.

    Writes `teacher/` and `teacher_metrics.json`. `run_distillation.py` uses this teacher with the
    same --model_dir and teacher flags, or with --teacher_model_dir. A finished model and outputs
    from elsewhere stay where they are.

    Args:
      config: data and teacher settings.
      model_dir: the run folder.
      overwrite: fine-tune again, whatever teacher the run folder has; one that
        --teacher_model_dir names stays as it is.

    Returns:
      The scores by labelled split: dev, test and further ones. A teacher that is known by its
      outputs alone has none.

    Raises:
      UserError: for every mistake in settings or data.
    """
    with locked(model_dir) if is_chief() else contextlib.nullcontext():
        task = read_task(config.data, with_transfer=_reads_transfer(config),
                         names=known_labels(config, model_dir, anew=overwrite))
        for warning in task.warnings:
            log.warning("%s", warning)
        sizes = check_teacher(config, model_dir, anew=overwrite, task=task)
        if overwrite:
            by_chief(lambda: _remove_teacher(model_dir))
        with current_strategy().scope():
            teacher, _ = obtain_teacher(config, task, model_dir)
        splits = task.scored if teacher.answers_any else ()
        if not teacher.answers_any:
            log.warning("the teacher is known by its outputs alone, so it has no scores")
        if hasattr(teacher, "remember"):
            teacher.remember(row for split in splits for row in task.examples[split])
        forward = teacher.forward()
        scores = {
            split: dict(task_kind(task.labels.kind).evaluate(
                forward, features_of(task, split, teacher.tokenizer, config.data), task.labels))
            for split in splits
        }
        metrics = {"parameters": teacher.parameters, "layers": sizes.layers,
                   "embedding": sizes.embedding, **scores}
        by_chief(lambda: write_json(model_dir / _METRICS_FILE, metrics))
        return scores
