"""Names of the model hub as folders of this machine: `user/name` or `user/name@revision`."""

import functools
import logging
import pathlib
import re
from typing import Optional, Tuple, Union

from xtremedistil_tf.errors import UserError, first_line
from xtremedistil_tf.hub.reach import unreachable

# A user or organisation, and a repository; then perhaps a branch, tag or commit.
REPOSITORY = re.compile(r"([A-Za-z0-9][\w.-]*)/([A-Za-z0-9][\w.-]*)", re.ASCII)
_NAME = re.compile(REPOSITORY.pattern + r"(?:@([\w./-]+))?", re.ASCII)
# Files of a student: its own folder, or a run folder with its exports; and its card.
_STUDENT = ("student/*", "onnx/*", "*.json", "*.npy", "*.tsv", "*.txt", "README.md",
            "weights.safetensors", "model*.onnx")
_MORE = {"savedmodel": ("export/*",), "tflite": ("tflite/*", "*.tflite")}

log = logging.getLogger("absl")


def is_hub_name(folder: Union[str, pathlib.Path]) -> bool:
    """True if a string names a repository of the model hub.

    A folder of this machine wins. So `runs/demo` is no name of a hub where a folder `runs` is here,
    unless a revision is named: a misspelt folder is not looked for on the net.
    """
    found = _NAME.fullmatch(folder) if isinstance(folder, str) else None
    if found is None or pathlib.Path(folder).exists():
        return False
    owner, _, revision = found.groups()
    return bool(revision) or not pathlib.Path(owner).exists()


def _told(name: str, error: Exception) -> UserError:
    """The error for a name that could not be fetched, with advice."""
    from huggingface_hub import constants
    from huggingface_hub.utils import (
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    hub = constants.ENDPOINT
    if isinstance(error, RevisionNotFoundError):
        return UserError(f"{name}: {hub} has the repository, but not this revision")
    if isinstance(error, GatedRepoError):
        return UserError(f"{name}: {hub} gives it to those only who have asked for it there; then "
                         "log in with huggingface-cli login")
    if isinstance(error, RepositoryNotFoundError):
        return UserError(f"{name} is no folder here, and {hub} has no such repository, or a "
                         "private one (huggingface-cli login)")
    reason = unreachable()
    if reason is None:
        return UserError(f"{name} cannot be fetched from {hub}: {first_line(error)}")
    return UserError(f"{name} is no folder here and not in the cache of this machine, and {reason};"
                     " fetch it once where the hub can be reached, and name the folder")


@functools.lru_cache(maxsize=None)
def _fetched(name: str, patterns: Tuple[str, ...]) -> pathlib.Path:
    """Fetches a repository's files, once a process."""
    try:
        import huggingface_hub
    except ImportError:
        raise UserError(f"{name} is no folder here; a name on a model hub needs huggingface_hub: "
                        "install it, or name a folder") from None
    found = _NAME.fullmatch(name)
    assert found is not None, "`is_hub_name` has matched it"
    owner, repository, revision = found.groups()
    try:
        folder = pathlib.Path(huggingface_hub.snapshot_download(
            f"{owner}/{repository}", revision=revision, allow_patterns=list(patterns),
            # The hub is known to be away: only the cache is asked, without waiting.
            local_files_only=unreachable() is not None))
    except Exception as error:  # The exception depends on network and hub.
        raise _told(name, error) from None
    log.info("%s is %s", name, folder)
    return folder


def student_on_hub(
    folder: Union[str, pathlib.Path], *, runtime: Optional[str] = None
) -> pathlib.Path:
    """Returns the folder of a student or run, fetched if it is named on the model hub.

    Files are kept in the hub library's cache (HF_HOME) and fetched anew only if they changed.

    Args:
      folder: a folder, `user/name` or `user/name@revision`.
      runtime: the runtime that it is for; files of other export formats are not fetched.

    Raises:
      UserError: if the hub does not have it or cannot be reached. One line says what to do.
    """
    if not is_hub_name(folder):
        return pathlib.Path(folder)
    more = _MORE.get((runtime or "").split("_")[0], ())
    return _fetched(str(folder), (*_STUDENT, *more))


def teacher_on_hub(folder: Union[str, pathlib.Path]) -> pathlib.Path:
    """Returns the folder of a teacher or of its run, fetched if it is named on the model hub.

    Only `user/name@revision` is such a name here: a folder that is not there yet is where a new
    teacher goes.

    Raises:
      UserError: see `student_on_hub`.
    """
    if "@" not in str(folder) or not is_hub_name(folder):
        return pathlib.Path(folder)
    return _fetched(str(folder), ("teacher/*", "*.json", "*.txt", "*.model", "*.tsv",
                                  "*.safetensors", "tf_model*.h5", "model*.onnx*",
                                  "onnx/model.onnx*"))
