"""The run folder: it belongs to one set of settings and data and holds these outputs."""

import dataclasses
import logging
import pathlib
import shutil
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.config import (
    Resources,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    differences,
    with_defaults,
)
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.tokenization.text_store import has_texts
from xtremedistil_tf.data.tokenization.token_store import tokenised_counts
from xtremedistil_tf.distribution import by_chief
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.export import export_formats
from xtremedistil_tf.export.huggingface.heads import check_text_head
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.files.fingerprints import content_fingerprint, fingerprint
from xtremedistil_tf.inference.assets import FORMAT_FOLDERS
from xtremedistil_tf.targets.manifest import is_finished
from xtremedistil_tf.targets.own_tokens import has_own_tokens
from xtremedistil_tf.targets.spec import Place
from xtremedistil_tf.teachers.places import teacher_folders, teacher_kind
from xtremedistil_tf.validation.run_files import read_config
from xtremedistil_tf.version import __version__

log = logging.getLogger("absl")

# Outputs of a run below --model_dir. --overwrite removes these and nothing else, starting with
# those that mark a run as finished.
OUTPUTS = ("metrics.json", "pretraining.json", "manifest.json", "report.md", "student",
           "checkpoint", *FORMAT_FOLDERS.values(), "stages", "alone", "forecast.json",
           "pretraining", "targets", "teacher", "teacher_training", "teacher_metrics.json",
           "predictions", "plots", "tensorboard", "config.json")


def _remove(target: pathlib.Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)


def remove_exports(model_dir: pathlib.Path) -> None:
    """Removes all exports of a run folder before its student is replaced."""
    for name in FORMAT_FOLDERS.values():
        _remove(model_dir / name)


def run_formats(student: StudentConfig, task_kind: str, resources: Resources) -> Tuple[str, ...]:
    """Returns the export formats that a run makes at its end.

    Raises:
      UserError: if --forms names a format that this kind of student does not have.
    """
    if not resources.export:
        return ()
    return export_formats(student, task_kind, asked=resources.forms)


def check_formats(
    formats: Sequence[str], student: StudentConfig, task: Task, width: int
) -> None:
    """Checks before any training what an export format demands of the projection's width.

    Args:
      formats: export formats of the run.
      student: the student's settings.
      task: the data.
      width: width of the projection, that of the teacher's states.

    Raises:
      UserError: if the student will not have one of the formats.
    """
    if "huggingface" in formats and task.labels.pooled:
        check_text_head(student.head_activation, width, task.labels.size, student.hidden_size)


def needed_formats(formats: Sequence[str], resources: Resources) -> Sequence[str]:
    """Returns the export formats without which a run is not finished.

    The installed libraries may have changed since the run. Without --forms, the first of the
    default formats is enough.
    """
    return formats if resources.forms is not None else formats[:1]


def starts_anew(model_dir: pathlib.Path, overwrite: bool) -> bool:
    """Returns True if `claim` will empty the folder, so that its contents do not matter."""
    return overwrite and ((model_dir / "config.json").is_file()
                          or (model_dir / "teacher_metrics.json").is_file())


def student_contents(student: StudentConfig) -> Dict[str, str]:
    """Fingerprints of the checkpoint and word vectors that a student starts from, if here."""
    return _contents(pt_student_checkpoint=student.pt_student_checkpoint,
                     word_emb_file=student.word_emb_file)


def teacher_contents(config: TeacherConfig, model_dir: pathlib.Path) -> Dict[str, str]:
    """Fingerprints of what a run's teacher is or starts from, if it is here.

    A teacher that the run has fine-tuned itself is known by its recipe.
    """
    own = model_dir.resolve() / "teacher"
    found = {folder: teacher_kind(folder) for folder in teacher_folders(config, model_dir)}
    made = [kind.fingerprint(folder) for folder, kind in found.items() if kind and folder != own]
    if made:
        return {"teacher": fingerprint(*made)}
    return _contents(teacher_config=config.config_file, pt_teacher_checkpoint=config.checkpoint)


def _contents(**paths: Optional[str]) -> Dict[str, str]:
    there = {name: pathlib.Path(path) for name, path in paths.items() if path is not None}
    return {name: content_fingerprint(path) for name, path in there.items() if path.exists()}


def claim(
    model_dir: pathlib.Path, settings: Dict[str, Any], task: Task, *, overwrite: bool,
    start: Optional[str] = None, named: Optional[Mapping[str, str]] = None,
) -> None:
    """Records a run's settings, or checks that the folder was made with equal settings.

    Args:
      model_dir: the run folder.
      settings: the run's settings. They are changed.
      task: the data.
      overwrite: empty the folder, whatever settings made it.
      start: fingerprint of the student folder that the run starts from; None without one.
      named: fingerprints of the models that the settings name, see `teacher_contents`.

    Raises:
      UserError: if the folder has other settings or data. The message names the differences.
    """
    # Folders may move: the fingerprints compare the contents of files, not their paths.
    for name in ("task", "transfer_file"):
        settings["data"].pop(name)
    files = task.fingerprints if start is None else {**task.fingerprints, "start": start}
    claim_for(model_dir, {"version": __version__, "config": settings, "files": files,
                          "named": dict(named or {}), "labels": list(task.labels.tags)},
              overwrite=overwrite)


def _that_count(record: Dict[str, Any], other: Dict[str, Any]) -> Dict[str, Any]:
    """The parts of a config.json that are compared with those of another.

    Not the size of target shards: a store that is there keeps its own. Nor a model that only one
    of them names by its contents: versions before did not, and it may be removed after the run.
    """
    config = with_defaults(record["config"])
    config.get("distil", {}).pop("chunk_size", None)
    named = {name: made for name, made in record.get("named", {}).items()
             if name in other.get("named", {})}
    return {**record, "config": config, "named": named}


def claim_for(model_dir: pathlib.Path, now: Dict[str, Any], *, overwrite: bool) -> None:
    """Writes config.json, or checks that the folder was made with equal settings.

    Args:
      model_dir: the run folder.
      now: contents of config.json: version, config, files and named (fingerprints), labels.
      overwrite: empty the folder, whatever settings made it.

    Raises:
      UserError: if the folder has other settings or data. The message names the differences.
    """
    path = model_dir / "config.json"
    if starts_anew(model_dir, overwrite):
        for name in OUTPUTS:
            _remove(model_dir / name)
    elif path.is_file():
        before = read_config(model_dir)
        if before["version"] != __version__:
            log.warning("%s was begun by version %s; going on with %s", model_dir,
                        before["version"], __version__)
        before["version"] = __version__
        changed = differences(_that_count(before, now), _that_count(now, before))
        made = [name for name in OUTPUTS if name != path.name and (model_dir / name).exists()]
        if changed and made:
            raise UserError(
                f"{model_dir} was made by other settings or data: {'; '.join(changed)}. "
                "Use another --model_dir, or --overwrite to start it again"
            )
    if not path.is_file() or read_json(path) != now:
        write_json(path, now)


def _target_fingerprint(
    config: RunConfig, task: Task, *, teacher_print: str, split: str, layer: int
) -> str:
    # The student's tokenizer was part of it. Without one of its own that was None; it stays, so
    # that earlier stores are found.
    return fingerprint(teacher_print, task.fingerprints[split], config.data.seq_len,
                       config.data.on_bad_row, layer, config.teacher_policy, None,
                       config.matched_layers)


def _tokenised(folder: pathlib.Path, made: str) -> bool:
    return bool(tokenised_counts(folder, made))


# By folder: True if it holds all that has a fingerprint, undamaged. Each store says so itself.
_WHOLE: Dict[str, Callable[[pathlib.Path, str], bool]] = {
    "pieces": _tokenised, "words": _tokenised, "texts": has_texts, "transfer": is_finished,
    "dev": is_finished, "own_pieces": _tokenised, "own_transfer": has_own_tokens,
    "own_dev": has_own_tokens}


def targets_folder(model_dir: pathlib.Path, resources: Resources) -> pathlib.Path:
    """Returns the folder of everything that a run stores of its teacher; it may not exist yet."""
    if resources.targets_dir is None:
        return model_dir / "targets"
    return pathlib.Path(resources.targets_dir)


@dataclasses.dataclass(frozen=True)
class Places:
    """The folders of everything that a run stores of its teacher.

    These are "pieces" (token ids of the transfer set), "texts" (its words), "words" (the
    ids with the positions that have logits, of a teacher that has them for words only), "transfer"
    and "dev" (targets); `answers` are the teacher's predictions on held-out splits. They depend
    on teacher and text alone. A student with a tokenizer of its own has more; see `of_student`.

    Attributes:
      base: the folder around them.
      shared: True in a --targets_dir. Folder names then contain the fingerprint, so runs with the
        same teacher and data share these folders; other runs do not. If it is the `targets` of a
        finished run with the same teacher and data, that run's folders serve.
      prints: fingerprints by name.
    """

    base: pathlib.Path
    shared: bool
    prints: Dict[str, str]
    # Decided once: to see that a store is whole, its files are read.
    _decided: Dict[Tuple[str, str], Place] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False)

    def _place(self, name: str, made: str) -> Place:
        if (name, made) not in self._decided:
            own = self.base / name
            serves = not self.shared or _WHOLE[name](own, made)
            self._decided[name, made] = Place(
                own if serves else self.base / f"{name}-{made}", made)
        return self._decided[name, made]

    def __getitem__(self, name: str) -> Place:
        return self._place(name, self.prints[name])

    @property
    def answers(self) -> pathlib.Path:
        """File of the teacher's predictions on the held-out splits; its name has the print."""
        return self.base / "answers" / f"{self.prints['answers']}.json"

    def of_student(self, name: str, text: Optional[str]) -> Place:
        """Returns the place of what a student with its own tokenizer reads instead.

        Args:
          name: "pieces" (token ids of the transfer set), or "transfer" or "dev" (its sequences
            beside their targets).
          text: fingerprint of its tokenizer.
        """
        return self._place(f"own_{name}", fingerprint(self.prints[name], text))


def places_of(
    config: RunConfig, task: Task, *, teacher_print: str, layer: int, model_dir: pathlib.Path,
    resources: Resources,
) -> Places:
    """Returns the folders of a run; see `Places`.

    Args:
      config, task: the run.
      teacher_print: fingerprint of its teachers, see `places.teachers_fingerprint`.
      layer: the teacher's layer that the student learns.
      model_dir: the run folder.
      resources: says whether the folders lie in a --targets_dir.
    """
    prints = {"pieces": fingerprint(teacher_print, task.fingerprints["transfer"],
                                    config.data.seq_len, config.data.on_bad_row)}
    held_out = [task.fingerprints[split] for split in task.held_out]
    prints["texts"] = prints["pieces"]
    prints["words"] = fingerprint(prints["pieces"], "words")
    prints["answers"] = fingerprint(
        teacher_print, held_out, task.fingerprints["labels"], config.data.seq_len,
        config.data.on_bad_row, config.teacher_policy)
    for split in ("transfer", "dev"):
        prints[split] = _target_fingerprint(config, task, teacher_print=teacher_print, split=split,
                                            layer=layer)
    return Places(targets_folder(model_dir, resources), resources.targets_dir is not None, prints)


def kept_forecast(
    model_dir: pathlib.Path, forecast: Optional[Mapping[str, Any]]
) -> Optional[Mapping[str, Any]]:
    """Keeps a run's forecast in its folder; returns that of its start, if it can be read."""
    path = model_dir / "forecast.json"
    if forecast is None:
        try:
            return read_json(path) if path.is_file() else None
        except UserError as error:  # It decides nothing.
            log.warning("%s; the run goes on without its forecast", error)
            return None
    by_chief(lambda: write_json(path, forecast))
    return forecast
