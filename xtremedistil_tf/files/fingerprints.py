"""Fingerprints of settings and files, and the seeds derived from them."""

import functools
import hashlib
import json
import pathlib
from typing import Any, Tuple

# Endings of what determines a model: weights, tokenizer, configuration.
_MODEL_FILES = (".safetensors", ".h5", ".json", ".txt", ".model", ".onnx", ".onnx_data")
# Bytes of a file that takes longer to write than a file system's clock takes to tick: its time of
# change tells every change.
_LARGE = 1 << 20


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
