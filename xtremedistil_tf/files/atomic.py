"""Files and folders that are written whole or not at all."""

import contextlib
import errno
import os
import pathlib
import shutil
from typing import Any, Iterator

from xtremedistil_tf.files.leftovers import name_beside


@contextlib.contextmanager
def told_of(path: pathlib.Path, temporary: pathlib.Path) -> Iterator[None]:
    """Has errors name the place that users know, also those of a full disk that name none."""
    try:
        yield
    except Exception as failed:
        error: Any = failed
        told = getattr(error, "filename", None)
        if told is None:  # Libraries in Rust have errors of their own.
            nameless = not isinstance(error, OSError) or error.errno in (
                errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        else:
            nameless = os.fsdecode(told) == os.fspath(temporary)
        if nameless:
            error.filename = os.fspath(path)
        raise


@contextlib.contextmanager
def atomic_path(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields a temporary file name beside `path`; moves it to `path` if the block succeeds.

    The temporary file has the ending of `path`, because writers choose formats by it.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = name_beside(path, "tmp")
    with told_of(path, temporary):
        temporary.touch()
    mode = temporary.stat().st_mode
    temporary.unlink()
    try:
        with told_of(path, temporary):
            yield temporary
        # Some writers (safetensors) create files that only their owner can read.
        temporary.chmod(mode)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields a temporary folder beside `path`; it replaces what `path` leads to at the end."""
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = name_beside(path, "tmp")
    with told_of(path, temporary):
        temporary.mkdir()
    mode = temporary.stat().st_mode & 0o666
    try:
        with told_of(path, temporary):
            yield temporary
        for inside in temporary.rglob("*"):
            if inside.is_file() and inside.stat().st_mode & 0o666 != mode:
                inside.chmod(mode)
        if path.exists():
            # A folder cannot be replaced atomically; the old one is moved away first.
            old = name_beside(path, "old")
            os.replace(path, old)
            try:
                os.replace(temporary, path)
            except BaseException:
                os.replace(old, path)
                raise
            shutil.rmtree(old)
        else:
            os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
