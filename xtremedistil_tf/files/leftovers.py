"""Names of files and folders that are not finished yet; removes those of killed writers."""

import os
import pathlib
import re
import secrets
import shutil
from typing import Iterable

# Names of what a writer has not finished yet, or was killed at.
LEFTOVERS = (".old-*", ".tmp-*")
# The lock of a folder; see `files.locks`.
LOCK = ".lock"
# Temporary names: digits of their own, then the final name.
_TEMPORARY = re.compile(r"\.tmp-\d+-.+")
_OLD = re.compile(r"\.old-\d+-(.+)")
# Bytes of a name that leaves room for the digits, and characters kept of a longer one.
_LONGEST_NAME, _KEPT = 230, 50
# Folder in a run folder into which processes without the run's lock may write.
_SHARED = "targets"


def short_name(name: str) -> str:
    """A name that leaves room for more; the start of one too long is cut."""
    return name if len(os.fsencode(name)) <= _LONGEST_NAME else name[-_KEPT:]


def name_beside(path: pathlib.Path, mark: str) -> pathlib.Path:
    """A name beside `path` that no other writer has.

    Not the process id: containers that share a folder have equal ones.
    """
    return path.with_name(f".{mark}-{secrets.randbelow(10**12)}-{short_name(path.name)}")


def sweep_beside(path: pathlib.Path) -> None:
    """Removes what killed writers of this file or folder left; call it with its lock held."""
    _sweep(left for left in path.parent.glob(".*-*") if left.name.split("-", 2)[-1] == path.name)


def sweep_leftovers(folder: pathlib.Path) -> None:
    """Removes incomplete files of a killed run; call it with the lock held.

    Target shards stay unchanged: other processes may be writing them, and the process that claims
    one cleans it. So do runs inside the folder, such as those of a study: each has its own lock.
    """
    def ours(path: pathlib.Path) -> bool:
        between = path.relative_to(folder).parts[:-1]
        return _SHARED not in between and not any(
            folder.joinpath(*between[:depth], LOCK).exists()
            for depth in range(1, len(between) + 1))

    _sweep(path for pattern in LEFTOVERS for path in folder.rglob(pattern) if ours(path))


def _sweep(left: Iterable[pathlib.Path]) -> None:
    """Removes leftovers; a folder that was moved away and not replaced is moved back."""
    for path in list(left):
        moved = _OLD.fullmatch(path.name)
        if moved and path.is_dir() and not path.with_name(moved.group(1)).exists():
            os.replace(path, path.with_name(moved.group(1)))
        elif path.is_dir() and (moved or _TEMPORARY.fullmatch(path.name)):
            shutil.rmtree(path, ignore_errors=True)
        elif _TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)
