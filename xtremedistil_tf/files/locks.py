"""Locks between processes that write into the same folder."""

import contextlib
import logging
import os
import pathlib
from typing import Iterator

from xtremedistil_tf.environment import check_no_pattern
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.leftovers import LOCK, short_name, sweep_beside, sweep_leftovers

log = logging.getLogger("absl")


def can_write(folder: pathlib.Path) -> bool:
    """Returns True if this user may write into a folder, or make it."""
    return os.access(next(one for one in (folder, *folder.absolute().parents) if one.exists()),
                     os.W_OK)


@contextlib.contextmanager
def one_at_a_time(path: pathlib.Path) -> Iterator[None]:
    """Waits for the lock of work that other runs may be doing now.

    A folder without the right to write needs none: what it holds is read, and anything else fails.

    Args:
      path: the lock's file.
    """
    import filelock

    lock = filelock.FileLock(path)
    if path.parent.is_dir() and not can_write(path.parent):
        yield
        return
    try:
        held = lock.acquire(timeout=0)
    except filelock.Timeout:
        log.info("waiting for another run, which is writing into %s", path.parent)
        held = lock.acquire()
    with held:
        yield


@contextlib.contextmanager
def sole_writer(*paths: pathlib.Path, lock_stays: bool = True) -> Iterator[None]:
    """Waits for the lock beside the first path; removes what killed writers of any path left.

    Without `lock_stays` the lock's file goes at the end: it would lie among the user's own.
    """
    lock = paths[0].with_name(f".{short_name(paths[0].name)}.lock")
    with one_at_a_time(lock):
        if can_write(lock.parent):
            for path in paths:
                sweep_beside(path)
        try:
            yield
        finally:
            if not lock_stays:
                with contextlib.suppress(OSError):  # On Windows it goes when it is released.
                    lock.unlink()


@contextlib.contextmanager
def locked(folder: pathlib.Path, *, sweep: bool = True) -> Iterator[None]:
    """Locks the folder for this process; the system releases the lock when the process ends.

    Args:
      folder: the folder; it is made.
      sweep: remove what killed runs left anywhere below it.

    Raises:
      UserError: if another process has locked it, the folder is not writable, or TensorFlow could
        not read checkpoints from it.
    """
    import filelock

    check_no_pattern(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = filelock.FileLock(folder / LOCK).acquire(timeout=0)
    except filelock.Timeout:
        raise UserError(f"{folder} is in use by another run; wait for it or use another folder") \
            from None
    except OSError as error:
        raise UserError(f"cannot write into {folder}: {error.strerror or error}") from None
    with held:
        if sweep:
            sweep_leftovers(folder)
        yield
