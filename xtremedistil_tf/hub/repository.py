"""A run folder as a repository of the model hub: card, student and exports."""

import logging
import pathlib
import shutil
from typing import Any, Dict, List

from xtremedistil_tf.errors import UserError, first_line
from xtremedistil_tf.files.leftovers import LEFTOVERS
from xtremedistil_tf.hub.folders import REPOSITORY
from xtremedistil_tf.hub.reach import unreachable

CARD_FILE = "README.md"
# Folders of a run that are published, with what a user of the hub opens them by.
_FOLDERS = {"student": "Keras", "onnx": "ONNX Runtime and others", "tflite": "phones",
            "export": "TensorFlow Serving"}
# Files of the checkpoint for transformers that are of its own folder only.
_OWN = ("student.json", "manifest.json", "check.json", CARD_FILE)
_CHECKPOINT = "huggingface"

log = logging.getLogger("absl")


def _card(run: pathlib.Path, name: str, parts: List[str]) -> str:
    """The card of the repository: that of the student, with the repository's name in it."""
    own = next((path for path in (run / _CHECKPOINT / CARD_FILE, run / "student" / CARD_FILE)
                if path.is_file()), None)
    if own is None:
        raise UserError(f"{run / 'student' / CARD_FILE} is missing: a finished run writes the card "
                        "that a repository needs")
    text = own.read_text("utf-8").rstrip()
    text = text.replace("PATH/TO/THIS/FOLDER", name).replace("PATH OR NAME", name)
    opened = "".join(f"- `{part}/`: {_FOLDERS[part]}\n" for part in parts if part in _FOLDERS)
    return (f"{text}\n\n## Files\n\n{opened}\n```python\nimport xtremedistil_tf\n\n"
            f"model = xtremedistil_tf.load(\"{name}\")\n```\n")


def lay_out(run: pathlib.Path, name: str, folder: pathlib.Path) -> List[str]:
    """Writes the repository of a run folder into an empty folder.

    The checkpoint of transformers lies on top, where transformers looks for it; the student and its
    other exports lie in folders of their own, as in the run folder.

    Args:
      run: the run folder.
      name: user/name.
      folder: where the repository goes.

    Returns:
      The published parts.

    Raises:
      UserError: if the folder is no finished run.
    """
    if not (run / "student" / "student.json").is_file():
        raise UserError(f"{run} is no run folder with a student (student/student.json is missing)")
    parts = [part for part in _FOLDERS if (run / part).is_dir()]
    for part in parts:
        shutil.copytree(run / part, folder / part,
                        ignore=shutil.ignore_patterns(*LEFTOVERS))
    checkpoint = run / _CHECKPOINT
    if checkpoint.is_dir():
        parts.append(_CHECKPOINT)
        for path in checkpoint.iterdir():
            if path.name not in _OWN:
                shutil.copy(path, folder / path.name)
    (folder / CARD_FILE).write_text(_card(run, name, parts), "utf-8")
    (folder / "student" / CARD_FILE).unlink(missing_ok=True)
    return parts


def sizes(folder: pathlib.Path) -> Dict[str, int]:
    """Bytes of each file of a repository."""
    return {path.relative_to(folder).as_posix(): path.stat().st_size
            for path in sorted(folder.rglob("*")) if path.is_file()}


def check_name(name: str) -> None:
    """Refuses a name that no repository can have.

    Raises:
      UserError: if it is not user/name.
    """
    if not REPOSITORY.fullmatch(name):
        raise UserError(f"--repository is {name!r}; allowed: user/name, or organisation/name")


def publish(folder: pathlib.Path, name: str, *, private: bool, message: str) -> str:
    """Makes a repository on the model hub, if there is none, and uploads a folder.

    Args:
      folder: the repository's files. Others that the repository has stay.
      name: user/name.
      private: make a new repository private.
      message: message of the commit.

    Returns:
      Its address.

    Raises:
      UserError: if nobody is logged in, the hub cannot be reached, or it refuses.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.utils import HfHubHTTPError

    reason = unreachable()
    if reason is not None:
        raise UserError(f"nothing was uploaded: {reason}; run the command again where the hub can "
                        "be reached")
    if get_token() is None:
        raise UserError("nothing was uploaded: nobody is logged in on this machine; "
                        "huggingface-cli login, or HF_TOKEN")
    api = HfApi()
    try:
        address = str(api.create_repo(name, private=private, exist_ok=True))
        commit: Any = api.upload_folder(repo_id=name, folder_path=str(folder),
                                        commit_message=message)
    except HfHubHTTPError as error:
        raise UserError(f"{name} was not uploaded: {first_line(error)}") from None
    log.info("commit %s", commit.oid)
    return address
