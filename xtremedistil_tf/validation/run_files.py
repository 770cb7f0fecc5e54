"""Records of a run folder with the keys that their readers need."""

import hashlib
import json
import logging
import pathlib
from typing import Any, Callable, Dict, Iterable, List, Optional

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.files.locks import can_write, sole_writer
from xtremedistil_tf.validation.manifest import MANIFEST_FILE, RUN_WAY_OUT, check_manifest
from xtremedistil_tf.validation.records import Field, check_record, read_record

log = logging.getLogger("absl")

METRICS_FILE = "metrics.json"
TEACHER_FILE = "teacher.json"
_TEXT, _NAMES = Field(str), Field(list, each=Field(str))
# Only the student's scores are required.
_METRICS = {"student": Field(dict), "version": Field(str, needed=False),
            "task": Field(str, needed=False), "strategy": Field(str, needed=False),
            "stages": Field(list, needed=False, each=Field(dict)),
            "data": Field(dict, needed=False), "kind": Field(str, needed=False),
            "measure": Field(str, needed=False)}
_CONFIG = {"version": _TEXT, "config": Field(dict), "files": Field(dict), "labels": _NAMES,
           "named": Field(dict, needed=False)}
_DONE = {"fingerprint": _TEXT, "record": Field(dict)}
_STAGE = {"name": _TEXT, "dev": Field(dict), "trainable": _NAMES, "losses": _NAMES,
          "epochs": Field(int), "best_epoch": Field(int), "seconds": Field(float),
          "monitor": _TEXT}
_TEACHER = {"tags": Field(list, least=1, each=_TEXT), "kind": Field(str, needed=False),
            "pairs": Field(bool, needed=False), "decoding": Field(str, needed=False),
            "fingerprint": Field(str, needed=False), "name": Field(str, needed=False),
            "seq_len": Field(int, needed=False, least=3), "squad": Field(dict, needed=False),
            "history": Field(list, needed=False, each=Field(dict))}


def read_metrics(run: pathlib.Path) -> Dict[str, Any]:
    """Reads a run's metrics.json; see `check_run`.

    Raises:
      UserError: if it is missing or damaged.
    """
    return read_record(pathlib.Path(run) / METRICS_FILE, _METRICS)


def check_run(run: pathlib.Path) -> None:
    """Checks scores and predictions of a finished run against its manifest, if it has one.

    Raises:
      UserError: if a file is missing or was changed. The message names it.
    """
    check_manifest(pathlib.Path(run), way_out=RUN_WAY_OUT)


def listed_files(run: pathlib.Path) -> List[str]:
    """Returns the names of the files in a run's manifest; empty without a manifest."""
    path = pathlib.Path(run) / MANIFEST_FILE
    return list(read_record(path, {"sha256": Field(dict)})["sha256"]) if path.is_file() else []


def read_config(run: pathlib.Path) -> Dict[str, Any]:
    """Reads a run's config.json.

    Raises:
      UserError: if it is missing or damaged.
    """
    try:
        return read_record(pathlib.Path(run) / "config.json", _CONFIG)
    except UserError as error:
        raise UserError(f"{error}; {RUN_WAY_OUT}") from None


def read_done(path: pathlib.Path) -> Dict[str, Any]:
    """Reads done.json of a stage.

    Raises:
      UserError: if it is missing or damaged.
    """
    done = read_record(path, _DONE)
    check_record(path, done["record"], _STAGE)
    return done


def read_history(path: pathlib.Path) -> List[Dict[str, Any]]:
    """Reads history.json of a stage.

    Raises:
      UserError: if it is missing or damaged.
    """
    return check_record(path, {"history": read_json(path)},
                        {"history": Field(list, each=Field(dict))})["history"]


def has_teacher(folder: pathlib.Path) -> bool:
    """Returns True if the folder holds a complete teacher."""
    return (pathlib.Path(folder) / TEACHER_FILE).is_file()


def find_teacher(base: pathlib.Path) -> Optional[pathlib.Path]:
    """Returns the folder of a teacher, given that folder or the run folder around it, or None."""
    return next((folder for folder in (base, base / "teacher") if has_teacher(folder)), None)


def read_teacher_record(folder: pathlib.Path, *, whole: bool = False) -> Dict[str, Any]:
    """Reads the record of a fine-tuned teacher, teacher.json.

    Args:
      folder: the teacher's folder.
      whole: also require fingerprint, name and history, which a run needs.

    Raises:
      UserError: if it is missing or damaged.
    """
    path = folder / TEACHER_FILE
    record = read_record(path, _TEACHER)
    missing = [name for name in ("fingerprint", "name", "history") if record.get(name) is None]
    if whole and missing:
        raise UserError(f"{path}: {missing[0]} is missing; fine-tuned teachers have it")
    return record


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def write_sealed(path: pathlib.Path, value: Any) -> None:
    """Writes JSON with its own checksum beside it, which covers the file's name as well."""
    write_json(path, {"sha256": _digest([path.name, value]), "value": value})


def read_sealed(path: pathlib.Path) -> Any:
    """Reads a file of `write_sealed`; None if it is damaged or another file under this name.

    Files of 0.1 have no checksum.
    """
    try:
        found = read_json(path)
    except UserError:
        return None
    if not isinstance(found, dict):
        return None
    if set(found) != {"sha256", "value"}:
        # With one of the keys, the other one is damaged.
        return None if set(found) & {"sha256", "value"} else found
    digest = _digest([path.name, found["value"]])
    return found["value"] if digest == found["sha256"] else None


def made_once(
    path: Optional[pathlib.Path], splits: Iterable[str], make: Callable[[], Dict[str, Any]]
) -> Dict[str, Any]:
    """Reads values by split from a file of `write_sealed`; makes and writes them if there is none.

    Args:
      path: the file; None to keep nothing.
      splits: the splits that it must have; with others, or damaged, it is made anew.
      make: () -> JSON values by split.
    """
    if path is not None and path.is_file():
        kept = read_sealed(path)
        if isinstance(kept, dict) and set(kept) == set(splits):
            return kept
        log.warning("%s is damaged; it is made anew", path)
    made = make()
    # In a folder of others without the right to write, each run makes its own.
    if path is not None and can_write(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        with sole_writer(path):
            write_sealed(path, made)
    return made
