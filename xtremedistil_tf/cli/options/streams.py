"""The input and output of a command that reads lines: files, pipes, standard input and output."""

import contextlib
import os
import pathlib
import sys
from typing import BinaryIO, Callable, Iterator

from xtremedistil_tf.errors import UserError


def counting(file: BinaryIO, advance: Callable[[int], object]) -> Iterator[bytes]:
    """Yields a file's lines, and tells the bytes of each to `advance`."""
    for raw in file:
        advance(len(raw))
        yield raw


@contextlib.contextmanager
def reading_progress(file: BinaryIO) -> Iterator[Callable[[int], object]]:
    """Yields a function that counts bytes; shows a progress bar if the size is known."""
    from xtremedistil_tf.progress import Progress

    size = os.fstat(file.fileno()).st_size  # 0 for a pipe or a terminal.
    if not size:
        yield lambda count: None
        return
    with Progress(size, "reading", "bytes") as bar:
        yield bar.advance


@contextlib.contextmanager
def opened_input(name: str) -> Iterator[BinaryIO]:
    """Opens the file of --input, or standard input for "-".

    Raises:
      UserError: if the file cannot be opened.
    """
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = open(name, "rb")
    except OSError as error:
        raise UserError(f"--input {name}: {error.strerror}") from None
    with file:
        yield file


def is_device(path: pathlib.Path) -> bool:
    """True for a device or pipe, which must not be replaced by a file."""
    return path.exists() and not (path.is_file() or path.is_dir())


@contextlib.contextmanager
def opened_output(name: str) -> Iterator[Callable[[str], object]]:
    """Opens the file of --output, or standard output for "-"; yields a function that writes text.

    A file replaces the one that was there at the end of the block; pipes and devices stay.
    """
    from xtremedistil_tf.files.atomic import atomic_path, told_of
    from xtremedistil_tf.files.locks import sole_writer

    path = pathlib.Path(name)
    if is_device(path):
        with told_of(path, path), open(path, "wb") as file:
            yield lambda text: file.write(text.encode("utf-8"))
        return
    if name == "-":
        yield lambda text: sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
        return
    with sole_writer(path, lock_stays=False), atomic_path(path) as temporary, \
            open(temporary, "wb") as file:
        yield lambda text: file.write(text.encode("utf-8"))
