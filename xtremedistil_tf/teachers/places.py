"""Finds a run's teachers, reads what they know, and checks that they fit the run."""

import functools
import json
import logging
import pathlib
from typing import Any, Dict, Optional, Sequence, Tuple

from xtremedistil_tf.config import RunConfig, TeacherConfig
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.label_map import make_label_map, parse_label_map, task_labels
from xtremedistil_tf.errors import UserError, first_line
from xtremedistil_tf.files.fingerprints import fingerprint
from xtremedistil_tf.hub.folders import teacher_on_hub
from xtremedistil_tf.models.pretrained_encoders import peek_configuration
from xtremedistil_tf.tasks import task_kind, task_kind_of
from xtremedistil_tf.teachers import TeacherKind, Wanted, teacher_kind
from xtremedistil_tf.teachers.base import Sizes
from xtremedistil_tf.teachers.fine_tuned import sizes_of
from xtremedistil_tf.teachers.finished import task_of
from xtremedistil_tf.teachers.outputs import read_file
from xtremedistil_tf.validation.run_files import has_teacher, read_teacher_record

log = logging.getLogger("absl")

# Files of a finished model on a hub; weights for PyTorch alone are not among them.
_WANTED = ("*.json", "*.txt", "*.model", "model*.safetensors", "tf_model*.h5")


@functools.lru_cache(maxsize=None)
def _from_hub(name: str) -> Optional[pathlib.Path]:
    """Fetches a finished model; None if the name is unknown or a bare encoder."""
    from huggingface_hub import snapshot_download
    from transformers.utils import cached_file

    try:
        settings = json.loads(pathlib.Path(cached_file(name, "config.json")).read_text("utf-8"))
    except Exception:  # Reading the name as an encoder's reports what is wrong with it.
        return None
    if task_of(settings) is None:
        return None
    try:
        return pathlib.Path(snapshot_download(name, allow_patterns=list(_WANTED)))
    except Exception as error:  # The exception depends on network and hub.
        raise UserError(f"the finished model {name} cannot be fetched: "
                        f"{first_line(error)}") from error


def finished_checkpoint(config: TeacherConfig) -> Optional[pathlib.Path]:
    """Returns the folder of a --pt_teacher_checkpoint that teaches as it is; None for encoders.

    With --teacher_epochs, a finished model is an encoder like others, to be fine-tuned.
    """
    if config.outputs or config.config_file or config.asked_epochs is not None:
        return None
    folder = pathlib.Path(config.checkpoint)
    if not folder.is_dir():
        return None if folder.exists() else _from_hub(config.checkpoint)
    kind = teacher_kind(folder)
    return None if kind is None or kind.tuned_here else folder.resolve()


def teacher_folders(config: TeacherConfig, model_dir: pathlib.Path) -> Tuple[pathlib.Path, ...]:
    """Returns the folders of the run's teachers, most often one; they may not exist yet.

    --teacher_model_dir may name a teacher folder or the run folder around it, and with a revision
    one on the model hub. A new teacher is written to a folder `teacher` inside, so that other files
    in it are safe.
    """
    if config.outputs:
        return tuple(pathlib.Path(name).resolve() for name in config.outputs)
    if config.model_dir is None:
        own = model_dir.resolve() / "teacher"
        finished = None if has_teacher(own) else finished_checkpoint(config)
        return (finished or own,)
    named = [teacher_on_hub(name).resolve() for name in config.model_dirs]
    return tuple(folder if teacher_kind(folder) else folder / "teacher" for folder in named)


def ready_kinds(
    config: TeacherConfig, model_dir: pathlib.Path, *, anew: bool = False
) -> Dict[pathlib.Path, Optional[TeacherKind]]:
    """Returns the kind of each of the run's teachers, None for one that must be fine-tuned first.

    Args:
      config: origin of the teachers.
      model_dir: the run folder.
      anew: True if a teacher in the run folder is about to be removed.
    """
    own = model_dir.resolve() / "teacher"
    folders = teacher_folders(config, model_dir)
    if anew and folders == (own,):
        folders = (finished_checkpoint(config) or own,)
    return {folder: None if anew and folder == own else teacher_kind(folder) for folder in folders}


def is_ready(config: TeacherConfig, model_dir: pathlib.Path) -> bool:
    """Returns True if no teacher must be fine-tuned; arguments as in `ready_kinds`."""
    return all(ready_kinds(config, model_dir).values())


def known_labels(
    config: RunConfig, model_dir: pathlib.Path, *, anew: bool = False
) -> Optional[Tuple[str, ...]]:
    """Returns the labels that a ready teacher gives to a task without labels.tsv.

    Raises:
      UserError: if the teacher is for another kind of task.
    """
    kinds = ready_kinds(config.teacher, model_dir, anew=anew)
    if None in kinds.values():
        return None
    found: Dict[str, None] = {}
    renames = parse_label_map(config.teacher.label_map)
    for folder, kind in kinds.items():
        if kind is None:
            continue
        made_for, names = kind.labels(folder, config.data)
        _check_kind(config, folder, kind, made_for)
        if kind.tuned_here:
            return names
        found.update(dict.fromkeys(task_labels(made_for, names, renames)))
        if kind.says_all:
            break
    return tuple(found)


def _check_kind(
    config: RunConfig, folder: pathlib.Path, kind: TeacherKind, made_for: str
) -> None:
    tags = task_kind(made_for).tags_words and task_kind(config.data.kind).tags_words
    if made_for == config.data.kind or tags and not kind.tuned_here:
        return
    if kind.tuned_here:
        raise UserError(f"the teacher in {folder} was fine-tuned for {made_for}; the task is "
                        f"{config.data.kind}")
    allowed = task_kind(made_for).flag or f"leave out {task_kind(config.data.kind).flag}"
    raise UserError(f"the teacher in {folder} is a finished model for {made_for}; the task is "
                    f"{config.data.kind}; allowed: {allowed}, or --teacher_epochs, which gives the "
                    "model a new head")


def wanted_of(config: RunConfig, task: Task) -> Wanted:
    """Returns the outputs that a run asks of its teachers."""
    teacher, renames = config.teacher, parse_label_map(config.teacher.label_map)
    return Wanted(
        task.labels.kind, tuple(task.labels.tags), teacher.layer, matched=config.matched_layers,
        pairs=config.data.pairs, label_map=tuple(sorted(renames.items())), scheme=teacher.scheme,
        seq_len=config.data.seq_len, tokenizer=teacher.tokenizer, weights=teacher.weights or (),
        languages=teacher.languages or (), squad=config.data.squad)


def check_teacher(
    config: RunConfig, model_dir: pathlib.Path, *, anew: bool = False, task: Optional[Task] = None
) -> Sizes:
    """Checks the teachers' layers, positions and labels before any work.

    Args:
      config: the run's settings.
      model_dir: the run folder.
      anew: True if a teacher in the run folder is about to be removed.
      task: the data, to check the labels; None checks all else.

    Returns:
      The sizes of the (first) teacher.

    Raises:
      UserError: for settings that do not fit the teacher.
    """
    kinds = ready_kinds(config.teacher, model_dir, anew=anew)
    if len(kinds) > 1 and not all(kinds.values()):
        missing = next(folder for folder, kind in kinds.items() if kind is None)
        raise UserError("--teacher_model_dir names several teachers, and "
                        f"{missing.parent} holds none; fine-tune each with run_teacher.py first")
    sizes = []
    for number, (folder, kind) in enumerate(kinds.items()):
        layer = 0 if number else config.teacher.layer
        if kind is None:
            sizes.append(sizes_of(peek_configuration(config.teacher, None), config.data.seq_len,
                                  layer))
            continue
        sizes.append(kind.sizes(folder, config.data, layer))
        if task is not None and not kind.tuned_here:
            made_for, names = kind.labels(folder, config.data)
            _check_kind(config, folder, kind, made_for)
            _check_map(config, task, folder, names, partial=not kind.says_all)
    if task is not None and config.teacher.outputs:
        _check_rows(config, task, list(kinds))
    if config.teacher.label_map and all(kind is None or kind.tuned_here for kind in kinds.values()):
        raise UserError("--label_map is for finished models and outputs from elsewhere; the "
                        "teacher is fine-tuned here, on the task's own labels")
    return sizes[0]


def _check_rows(config: RunConfig, task: Task, paths: Sequence[pathlib.Path]) -> None:
    """Tells of sentences without outputs, and of outputs without a sentence.

    Raises:
      UserError: if no sentence of the transfer file has outputs.
    """
    if task.transfer is None:
        return
    own = task.transfer.path.resolve() == paths[0]
    if own and len(paths) == 1:
        return
    said = {row.texts for path in paths for row in read_file(
        path, config.data.kind, config.data.pairs).examples}
    # One pass, which keeps only what the files have: a transfer set may be large.
    missing, met = 0, said & {row.texts for row in task.held}
    for row in task.transfer:
        if row.texts in said:
            met.add(row.texts)
        else:
            missing += 1
    names = ", ".join(map(str, paths))
    if len(paths) > 1 and len(met) < len(said):
        log.warning("%d of %d sentences of %s do not stand in the transfer set, %s; their outputs "
                    "teach nothing. --transfer_file takes a file with all sentences",
                    len(said) - len(met), len(said), names, task.transfer.path)
    if own:
        return
    if missing == task.transfer_rows:
        raise UserError(f"no sentence of {task.transfer.path} stands in {names}; both must have "
                        "the same words, or leave --transfer_file out")
    if missing:
        log.warning("%d of %d sentences of %s have no outputs in %s; they teach nothing", missing,
                    task.transfer_rows, task.transfer.path, names)


def _check_map(
    config: RunConfig, task: Task, folder: pathlib.Path, names: Sequence[str], *, partial: bool
) -> None:
    """Checks that labels have counterparts; see `make_label_map`."""
    try:
        make_label_map(names, task.labels, renames=parse_label_map(config.teacher.label_map),
                       scheme=config.teacher.scheme, partial=partial)
    except UserError as error:
        raise UserError(f"{folder}: {error}") from None


def teachers_fingerprint(folders: Sequence[pathlib.Path], wanted: Wanted) -> str:
    """Hashes a run's teachers, and how their labels are mapped.

    Args:
      folders: the teacher, or the teachers of an ensemble.
      wanted: the outputs that the run asks for.
    """
    kinds = [teacher_kind(folder) for folder in folders]
    prints = [kind.fingerprint(folder) for kind, folder in zip(kinds, folders) if kind is not None]
    assert len(prints) == len(folders), "only teachers that are ready have outputs"
    made = prints[0] if len(prints) == 1 else fingerprint(prints)
    plain = not (wanted.weights or wanted.languages)
    if plain and all(kind is not None and kind.tuned_here for kind in kinds):
        return made
    return fingerprint(made, list(wanted.tags), [list(pair) for pair in wanted.label_map],
                       wanted.scheme, wanted.tokenizer, list(wanted.weights), *wanted.languages)


def teacher_record(folders: Sequence[pathlib.Path]) -> Dict[str, Any]:
    """Returns the record of a teacher; for an ensemble the first one's, with all names."""
    kinds = [teacher_kind(folder) for folder in folders]
    names = [kind.name(folder) for kind, folder in zip(kinds, folders) if kind is not None]
    own = kinds[0] is not None and kinds[0].tuned_here
    record = read_teacher_record(folders[0], whole=True) if own else {"history": []}
    return {**record, "name": " + ".join(names)}


def check_known(folder: pathlib.Path, config: RunConfig, task: Task) -> None:
    """Refuses a teacher fine-tuned by this package for another task.

    Raises:
      UserError: for another kind of task, number of texts or labels.
    """
    record = read_teacher_record(folder, whole=True)
    kind = task_kind_of(record).kind
    if kind != task.labels.kind:
        raise UserError(f"the teacher in {folder} was fine-tuned for {kind}; the task is "
                        f"{task.labels.kind}")
    if bool(record.get("pairs")) != config.data.pairs:
        raise UserError(f"the teacher in {folder} was fine-tuned for rows of "
                        f"{2 if record.get('pairs') else 1} texts; --do_pairwise and --glue_task "
                        "say how many the task's have")
    if record["tags"] != list(task.labels.tags):
        raise UserError(
            f"the teacher in {folder} knows the labels {', '.join(record['tags'])}; the task has "
            f"{', '.join(task.labels.tags)}"
        )
