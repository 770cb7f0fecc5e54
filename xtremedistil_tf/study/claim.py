"""What a study's folder was made with: study.json keeps other flags and data out of it."""

import pathlib
from typing import Any, Dict, Mapping, Sequence

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.transfer import find_transfer_file
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.files.fingerprints import content_fingerprint
from xtremedistil_tf.validation.run_files import find_teacher

# Flags that name a model or file from which all runs start.
_STARTS = ("pt_teacher_checkpoint", "teacher_config", "pt_student_checkpoint", "word_emb_file")


def _lacking(flags: Sequence[str], others: Sequence[str]) -> str:
    """Formats the command-line arguments that others lack, for a message."""
    return " ".join(item for item in flags if item not in others) or "none"


def claim(
    folder: pathlib.Path, *, base: Sequence[str], given: Mapping[str, Any], data: DataConfig,
    writes: bool = True,
) -> None:
    """Writes study.json, or compares it with what this command gives.

    Args:
      folder: the study's folder.
      base: command-line arguments of all runs.
      given: values of all flags.
      data: data settings of the runs.
      writes: False to compare alone.

    Raises:
      UserError: if the folder was made with other flags, data or models.
    """
    path, files = folder / "study.json", _files(given, data)
    # A study that was refused, such as for an unknown line, has made nothing to keep apart.
    made = any((folder / name).is_dir() for name in ("runs", "teachers"))
    before: Dict[str, Any] = read_json(path) if made and path.is_file() else {"flags": list(base)}
    if before["flags"] != list(base):
        then, now = _lacking(before["flags"], base), _lacking(base, before["flags"])
        raise UserError(f"{folder} was made with other flags: {then}; the command has "
                        f"instead: {now}; use another --model_dir")
    # Studies of earlier versions noted no files.
    changed = [name for name, made in before.get("files", files).items() if files.get(name) != made]
    if changed:
        raise UserError(f"{folder} was made with other data: {', '.join(changed)} changed; use "
                        "another --model_dir")
    if writes:
        write_json(path, {"flags": list(base), "files": files})


def _files(given: Mapping[str, Any], data: DataConfig) -> Dict[str, str]:
    """Fingerprints of data and models by name; all runs of a study read the same."""
    task = pathlib.Path(data.task)
    paths = {**{split: task / name for split, name in data.files.items()},
             "transfer": find_transfer_file(data)}
    # Models and files that all runs start from, as far as they are named and here.
    paths.update((name, pathlib.Path(str(given[name]))) for name in _STARTS if given.get(name))
    for name in filter(None, (given.get("teacher_model_dir") or "").split(",")):
        # One that is fine-tuned there in the first run has nothing to compare yet.
        place = find_teacher(pathlib.Path(name)) or pathlib.Path(name)
        if place.is_file() or (place / "config.json").is_file():
            paths[f"teacher {name}"] = place
    return {name: content_fingerprint(path) for name, path in paths.items() if path.exists()}
