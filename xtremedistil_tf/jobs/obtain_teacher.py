"""The teacher of a run: loaded if it is fine-tuned already, else fine-tuned now."""

import contextlib
import dataclasses
import itertools
import logging
import pathlib
import shutil
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.config import RunConfig
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.folders.task_features import features_of
from xtremedistil_tf.data.folders.trouble import text_trouble
from xtremedistil_tf.data.pipelines.batches import PieceMasking, labelled_batches
from xtremedistil_tf.data.pipelines.buckets import count_steps
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.distribution import by_chief, is_chief, replicas, spread
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.fingerprints import (
    derive_seed,
    file_fingerprint,
    fingerprint,
    folder_fingerprint,
)
from xtremedistil_tf.files.locks import locked
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.inference import Forward
from xtremedistil_tf.models.pretrained_encoders import (
    check_configuration,
    create_encoder,
    load_encoder,
)
from xtremedistil_tf.models.teacher import Teacher, build_teacher, save_teacher
from xtremedistil_tf.runtime import precision
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers import load_ready, teacher_kind
from xtremedistil_tf.teachers.language_model import adapt_to_text
from xtremedistil_tf.teachers.places import (
    check_known,
    is_ready,
    teacher_folders,
    wanted_of,
)
from xtremedistil_tf.training.plans import build_teacher_plan
from xtremedistil_tf.training.sparse_adam import UsedRows
from xtremedistil_tf.training.stage_feed import StageFeed
from xtremedistil_tf.training.stages import Stage
from xtremedistil_tf.training.trainer import Trainer
from xtremedistil_tf.validation.run_files import read_history, read_teacher_record

log = logging.getLogger("absl")


def _recipe_fingerprint(config: RunConfig, task: Task, *, with_policy: bool = True) -> str:
    """Hashes the settings and data that determine the fine-tuned weights.

    Args:
      config, task: the run.
      with_policy: False as in versions before 0.2, which left --opt_policy out. In float32 both
        hashes are equal, so that older teachers are still accepted.
    """
    teacher = config.to_dict()["teacher"]
    for name in ("layer", "model_dir", "asked_epochs", "label_map", "scheme", "outputs",
                 "tokenizer", "weights", "languages", "opt_policy"):
        teacher.pop(name)
    if not config.teacher.lm_epochs:
        teacher.pop("lm_epochs")
    checkpoint = pathlib.Path(config.teacher.checkpoint)
    if config.teacher.config_file:
        teacher["config_file"] = file_fingerprint(pathlib.Path(config.teacher.config_file))
        texts = [task.fingerprints[name] for name in ("dev", "labels", "train", "transfer")
                 if name in task.fingerprints]
    else:
        texts = []
        if checkpoint.is_dir():
            teacher["checkpoint"] = folder_fingerprint(checkpoint)
        if config.teacher.lm_epochs and "transfer" in task.fingerprints:
            texts = [task.fingerprints["transfer"]]
    data = [task.fingerprints[name] for name in ("train", "dev", "labels")]
    policy = [config.teacher_policy] if with_policy and config.teacher_policy else []
    return fingerprint(teacher, config.data.seq_len, config.data.on_bad_row, config.data.kind,
                       config.data.measure, config.seed, data, texts, *policy)


def _check_known(folder: pathlib.Path, config: RunConfig, task: Task) -> None:
    """Refuses a teacher of another task; in the run folder, also one of other settings."""
    check_known(folder, config, task)
    if config.teacher.model_dir is not None:
        return
    record = read_teacher_record(folder, whole=True)
    # Versions before 0.2 noted --opt_policy nowhere.
    recipe = _recipe_fingerprint(config, task, with_policy="opt_policy" in record)
    if record["fingerprint"] != recipe:
        raise UserError(
            f"the teacher in {folder} was fine-tuned by other settings or data; use another "
            "--model_dir, or --overwrite"
        )


class _Words:
    """Iterates over the words of train and transfer set; the transfer set stays on disk."""

    def __init__(self, task: Task):
        self._task = task

    def __iter__(self) -> Iterator[Sequence[str]]:
        rows = itertools.chain(self._task.examples["train"], self._task.transfer or ())
        return (words for row in rows for words in row.texts)


def fresh_teacher(config: RunConfig, task: Task) -> Teacher:
    """Returns the teacher before fine-tuning, with a new logits layer."""
    if config.teacher.config_file:
        encoder, tokenizer = create_encoder(config.teacher, _Words(task))
    else:
        encoder, tokenizer = load_encoder(config.teacher)
    check_configuration(encoder.config, config.teacher.layer, config.data.seq_len)
    return build_teacher(encoder, tokenizer, task.labels.size, config.teacher.layer,
                         pooled=task.labels.pooled, matched=config.matched_layers,
                         pairs=config.data.pairs, competing=task.labels.competing)


def _feed(
    mask_rate: float, teacher: Teacher, *, train: Features, dev: Features, task: Task, recipe: str
) -> StageFeed:
    pad_id = teacher.tokenizer.pad_token_id
    masking = None
    if mask_rate:
        masking = PieceMasking(mask_rate, teacher.tokenizer.mask_token_id,
                               teacher.tokenizer.sep_token_id if teacher.pairs else None)
    forward = Forward(teacher.model, pad_id=pad_id)

    def score() -> Dict[str, Any]:
        return dict(task_kind(task.labels.kind).evaluate(forward, dev, task.labels))

    def batches(stage: Stage, seed: int) -> tf.data.Dataset:
        return spread(lambda share: labelled_batches(
            train, stage.batch, seed, pad_id=pad_id, masking=masking, share=share))

    return StageFeed(
        batches=batches,
        steps=lambda stage: count_steps(train.input_ids.lengths, stage.batch, replicas=replicas()),
        measure=lambda stage: score()[stage.monitor],
        score=score,
        fingerprint=recipe,
        used=UsedRows(teacher.table, teacher.used_rows(train.input_ids.values)),
    )


def _training_folder(folder: pathlib.Path) -> pathlib.Path:
    """The folder of the stages of a teacher that is being fine-tuned."""
    return folder.with_name(folder.name + "_training")


def _record(
    config: RunConfig, task: Task, recipe: str, stages: Sequence[Mapping[str, Any]],
    history: Sequence[Mapping[str, float]], text: Optional[Mapping[str, Any]],
) -> Dict[str, Any]:
    """Returns the JSON values that are saved with a teacher.

    Args:
      config, task: the run.
      recipe: fingerprint of the settings and data of the fine-tuning.
      stages: the trainer's record of each stage.
      history: one entry an epoch.
      text: record of masked language modelling on the transfer text; None without it.
    """
    name = config.teacher.config_file or config.teacher.checkpoint
    return {
        "fingerprint": recipe, "name": pathlib.Path(name).name, "kind": task.labels.kind,
        "tags": list(task.labels.tags), "pairs": config.data.pairs,
        "opt_policy": config.teacher_policy, "decoding": config.data.decoding,
        "segmentation": task.segmentation, "seq_len": config.data.seq_len,
        "squad": None if config.data.squad is None else dataclasses.asdict(config.data.squad),
        "dev": stages[-1]["dev"], "epochs": sum(stage["epochs"] for stage in stages),
        **({} if text is None else {"text": text}),
        "seconds": sum(stage["seconds"] for stage in stages), "history": history,
        "steps": sum(stage["steps"] for stage in stages),
        "rates": [rate for stage in stages for rate in stage["rates"]],
    }


def _fine_tune(
    config: RunConfig, task: Task, folder: pathlib.Path, recipe: str,
    tensorboard: Optional[pathlib.Path],
) -> Teacher:
    tf.keras.utils.set_random_seed(derive_seed(config.seed, "teacher"))
    teacher = fresh_teacher(config, task)
    train, dev = (
        features_of(task, split, teacher.tokenizer, config.data) for split in ("train", "dev")
    )
    for line in text_trouble("train", train, task.examples["train"], teacher.tokenizer,
                             config.data.seq_len):
        log.warning("%s", line)
    feed = _feed(config.teacher.mask_rate, teacher, train=train, dev=dev, task=task, recipe=recipe)
    training = _training_folder(folder)

    def claim() -> None:
        if training.is_dir() and not (training / recipe).is_file():
            shutil.rmtree(training)  # A killed run with other settings left it.
        training.mkdir(parents=True, exist_ok=True)
        (training / recipe).touch()

    by_chief(claim)
    text = adapt_to_text(teacher, config, task, training, recipe, tensorboard=tensorboard) \
        if config.teacher.lm_epochs else None
    trainer = Trainer(
        teacher.model, teacher.registry, feed, training, config.seed, tensorboard=tensorboard
    )
    stages = build_teacher_plan(teacher.registry.names, config.teacher, measure=config.data.measure,
                                labels_loss=config.data.labels_loss)
    records = trainer.run_plan(stages)
    history = [
        epoch for stage in stages for epoch in read_history(training / stage.name / "history.json")
    ]
    record = _record(config, task, recipe, records, history, text)

    def keep() -> None:
        save_teacher(teacher, folder, record)
        shutil.rmtree(training, ignore_errors=True)

    by_chief(keep)
    return teacher


def obtain_teacher(
    config: RunConfig, task: Task, model_dir: pathlib.Path
) -> Tuple[Any, Tuple[pathlib.Path, ...]]:
    """Loads the run's teacher or ensemble; fine-tunes the teacher if there is none yet.

    Args:
      config: the run's settings.
      task: the data.
      model_dir: the run folder. The caller holds its lock.

    Returns:
      (a `teachers.Teaches`, folders of the teacher or of each teacher of the ensemble).

    Raises:
      UserError: if the teacher has other labels, or if the teacher in the run folder was made with
        other settings.
    """
    folders = teacher_folders(config.teacher, model_dir)
    folder = folders[0]
    own = folder.parent == model_dir.resolve()
    alone = own or is_ready(config.teacher, model_dir) or not is_chief()
    with contextlib.nullcontext() if alone else locked(folder.parent), \
            precision(config.teacher_policy):
        return _find_or_tune(config, task, folders, model_dir), folders


def _find_or_tune(config: RunConfig, task: Task, folders: Sequence[pathlib.Path],
                  model_dir: pathlib.Path) -> Any:
    folder = folders[0]
    if teacher_kind(folder) is not None:
        for known in folders:
            kind = teacher_kind(known)
            if kind is None or kind.tuned_here:
                log.info("teacher: %s, fine-tuned before", known)
                _check_known(known, config, task)
            else:
                log.info("teacher: %s, as it is", known)
        if config.teacher.model_dir is None:  # A run that was killed before it removed this.
            by_chief(lambda: shutil.rmtree(_training_folder(folder), ignore_errors=True))
        return load_ready(folders, wanted_of(config, task))
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(
            f"{folder} is not empty and holds no teacher fine-tuned here; use another "
            "--teacher_model_dir, or give a checkpoint as --pt_teacher_checkpoint"
        )
    log.info("teacher: none in %s yet; fine-tuning it", folder)
    return _fine_tune(config, task, folder, _recipe_fingerprint(config, task),
                      model_dir / "tensorboard")
