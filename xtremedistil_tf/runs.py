"""The run folder: atomic writes, fingerprints, derived seeds and the lock."""

import contextlib
import errno
import functools
import hashlib
import io
import json
import logging
import os
import pathlib
import re
import secrets
import shutil
from typing import Any, Iterable, Iterator, Tuple

import numpy as np

from xtremedistil_tf.environment import check_no_pattern
from xtremedistil_tf.errors import UserError, first_line

log = logging.getLogger("absl")

# Temporary names of atomic_path and atomic_folder: digits of its own, then the final name.
_TEMPORARY = re.compile(r"\.tmp-\d+-.+")
# Bytes of a name that leaves room for the digits, and characters kept of a longer one.
_LONGEST_NAME, _KEPT = 230, 50
# Folder in a run folder into which processes without the run's lock may write.
SHARED = "targets"
_LOCK = ".lock"
# Endings of what determines a model: weights, tokenizer, configuration.
_MODEL_FILES = (".safetensors", ".h5", ".json", ".txt", ".model", ".onnx", ".onnx_data")
# Bytes of a file that takes longer to write than a file system's clock takes to tick: its time of
# change tells every change.
_LARGE = 1 << 20
# Names of what a writer has not finished yet, or was killed at.
LEFTOVERS = (".old-*", ".tmp-*")
_OLD = re.compile(r"\.old-\d+-(.+)")


def fingerprint(*parts: Any) -> str:
    """Hashes JSON values and bytes into a short hexadecimal name (16 digits)."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        digest.update(len(raw).to_bytes(8, "little") + raw)
    return digest.hexdigest()[:16]


def sha256_of(path: pathlib.Path) -> str:
    """Returns a file's SHA-256 as `sha256sum` prints it."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def file_fingerprint(path: pathlib.Path) -> str:
    """Hashes a file's bytes (16 hexadecimal digits)."""
    return sha256_of(path)[:16]


def folder_fingerprint(folder: pathlib.Path) -> str:
    """Hashes the weights, tokenizer and configuration files of a checkpoint folder.

    A plan and its run both ask for it, so a process reads large weights again only if they changed.
    """
    def hashed(path: pathlib.Path) -> str:
        stamp = stamp_of(path)
        return _read_once(path.resolve(), stamp) if stamp[1] >= _LARGE else file_fingerprint(path)

    files = sorted(path for path in pathlib.Path(folder).iterdir() if path.suffix in _MODEL_FILES)
    return fingerprint([[path.name, hashed(path)] for path in files])


@functools.lru_cache(maxsize=None)
def _read_once(path: pathlib.Path, stamp: Tuple[int, int]) -> str:
    """Returns the `file_fingerprint` of a file while it has this stamp; see `stamp_of`."""
    del stamp  # It is part of the cache's key.
    return file_fingerprint(path)


def content_fingerprint(path: pathlib.Path) -> str:
    """Hashes a file, or the files of a checkpoint folder."""
    return folder_fingerprint(path) if path.is_dir() else file_fingerprint(path)


def stamp_of(path: pathlib.Path) -> Tuple[int, int]:
    """Returns a file's time of change (ns) and size (bytes), for caches of its contents."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def derive_seed(seed: int, *names: Any) -> int:
    """Derives an independent 31-bit seed from the run's seed and a path of names."""
    return int(fingerprint([seed, *[str(name) for name in names]]), 16) % (1 << 31)


def _short(name: str) -> str:
    """A name that leaves room for more; the start of one too long is cut."""
    return name if len(os.fsencode(name)) <= _LONGEST_NAME else name[-_KEPT:]


def _beside(path: pathlib.Path, mark: str) -> pathlib.Path:
    """A name beside `path` that no other writer has.

    Not the process id: containers that share a folder have equal ones.
    """
    return path.with_name(f".{mark}-{secrets.randbelow(10**12)}-{_short(path.name)}")


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
    temporary = _beside(path, "tmp")
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
    temporary = _beside(path, "tmp")
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
            old = _beside(path, "old")
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


def write_json(path: pathlib.Path, value: Any) -> None:
    """Writes a JSON file atomically, keys in the given order."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def write_array(path: pathlib.Path, array: np.ndarray) -> None:
    """Writes a .npy file.

    `np.save` writes into a file past Python: on a full disk it may lose the array's end without a
    word, or tell of it without an error number.

    Args:
      path: the file, such as one of `atomic_path`.
      array: of any shape and dtype except object.
    """
    written = io.BytesIO()
    np.save(written, array, allow_pickle=False)
    path.write_bytes(written.getvalue())


def read_json(path: pathlib.Path) -> Any:
    """Reads a JSON file.

    Raises:
      UserError: if the file is missing, not JSON, or nested too deeply to be read.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not a JSON file: {first_line(error)}") from None


def read_text(path: pathlib.Path) -> str:
    """Reads a file in UTF-8.

    Raises:
      UserError: if the file is missing or not UTF-8.
    """
    try:
        return pathlib.Path(path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UserError(f"file not found: {path}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a JSON file: {first_line(error)}") from None


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
        return SHARED not in between and not any(
            folder.joinpath(*between[:depth], _LOCK).exists()
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
    lock = paths[0].with_name(f".{_short(paths[0].name)}.lock")
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
        held = filelock.FileLock(folder / _LOCK).acquire(timeout=0)
    except filelock.Timeout:
        raise UserError(f"{folder} is in use by another run; wait for it or use another folder") \
            from None
    except OSError as error:
        raise UserError(f"cannot write into {folder}: {error.strerror or error}") from None
    with held:
        if sweep:
            sweep_leftovers(folder)
        yield
