"""Opens files by their first bytes: compressed files, archives, and files that are not text."""

import bz2
import contextlib
import gzip
import io
import lzma
import pathlib
import re
import tarfile
import zipfile
import zlib
from typing import Any, Callable, Iterable, List, Tuple

from xtremedistil_tf.corpora.sources.parquet import parquet_lines
from xtremedistil_tf.corpora.sources.pubtator import FIRST_LINE, pubtator_lines
from xtremedistil_tf.data.first_bytes import AS_TEXT, PARQUET, no_text
from xtremedistil_tf.errors import UserError, first_line

Opener = Callable[[contextlib.ExitStack], Iterable[bytes]]
# Exceptions of libraries for damaged archives.
DAMAGED = (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile, lzma.LZMAError,
           zipfile.BadZipFile, NotImplementedError)

_COMPRESSED: Tuple[Tuple[bytes, Callable[[Any], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file, mode="rb")),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
    # The older form, .lzma, by the sizes of its dictionary.
    *((b"]\0\0" + bytes([size]), lzma.LZMAFile) for size in (0x04, 0x10, 0x20, 0x40, 0x80)),
)
# The first line of an .ann file.
_BRAT = re.compile(rb"T\d+\t\S+ \d+ \d")
# A tar archive's mark, and its place: behind the name, size and owner of the first file.
_TAR, _TAR_AT = b"ustar", 257


def unpacked(file: Any, name: str, stack: contextlib.ExitStack) -> Iterable[bytes]:
    """Yields a file's lines, decompressed if its first bytes show a compression.

    Parquet and PubTator's form become JSON lines.

    Raises:
      UserError: for a file that is not text.
    """
    while True:
        buffered = stack.enter_context(io.BufferedReader(file))
        head = buffered.peek(_TAR_AT + len(_TAR))
        if head.startswith(PARQUET):
            return parquet_lines(buffered, name)
        if FIRST_LINE.match(head):
            return pubtator_lines(buffered, name)
        if _BRAT.match(head):
            raise UserError(f"{name} holds brat's entities without their text; name the folder "
                            "that holds the texts (.txt), too")
        if head.startswith(_TAR, _TAR_AT):
            raise UserError(f"{name} is a tar archive inside another; unpack it first")
        opener = next((opener for begin, opener in _COMPRESSED if head.startswith(begin)), None)
        if opener is None:
            refused = no_text(head)
            if refused is not None:
                raise UserError(f"{name} is {'; '.join(refused)}")
            return buffered
        file = opener(buffered)


def printable(name: str) -> str:
    """Escapes a name from an archive, which may contain anything, to fit in one line."""
    return "".join(char if char.isprintable() else "?" for char in name)


def plain_file(path: pathlib.Path) -> Opener:
    """Opens a file that is not an archive."""
    return lambda stack: unpacked(stack.enter_context(open(path, "rb")), str(path), stack)


def is_archive(path: pathlib.Path) -> bool:
    """True if a file is a zip or tar archive, by its content, or for tar by its name."""
    if path.name.endswith((".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".zip")):
        return True
    try:
        return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)
    except (OSError, *DAMAGED):
        return False


def members(path: pathlib.Path) -> List[Tuple[str, Opener]]:
    """(name, opener) of each file in an archive; nothing is unpacked on disk.

    Of several files with one name it is the last, as in unpacking.

    Raises:
      UserError: if the archive cannot be read.
    """
    kind = "zip" if zipfile.is_zipfile(path) or path.name.endswith(".zip") else "tar"
    try:
        return _of_zip(path) if kind == "zip" else _of_tar(path)
    except (OSError, *DAMAGED) as error:
        raise UserError(
            f"{path} cannot be read as a {kind} archive: {first_line(error)}") from None


def _names(names: Iterable[str]) -> List[str]:
    """The names without repeats: opening by name finds the last file of this name."""
    return list(dict.fromkeys(names))


def _of_tar(path: pathlib.Path) -> List[Tuple[str, Opener]]:
    def opener(name: str) -> Opener:
        # A member is streamed from the archive, never written under its own name.
        def read(stack: contextlib.ExitStack) -> Iterable[bytes]:
            file = stack.enter_context(tarfile.open(path)).extractfile(name)
            assert file is not None, "members that are no files are not listed"
            return unpacked(file, f"{path}/{printable(name)}", stack)

        return read

    with tarfile.open(path) as archive:
        return [(name, opener(name)) for name in _names(
            one.name for one in archive if one.isfile())]


def _of_zip(path: pathlib.Path) -> List[Tuple[str, Opener]]:
    def opener(name: str) -> Opener:
        def read(stack: contextlib.ExitStack) -> Iterable[bytes]:
            file = stack.enter_context(zipfile.ZipFile(path)).open(name)
            return unpacked(file, f"{path}/{printable(name)}", stack)

        return read

    with zipfile.ZipFile(path) as archive:
        found = [one for one in archive.infolist() if not one.is_dir()]
    if any(one.filename == "[Content_Types].xml" for one in found):
        raise UserError(f"{path} is an Office file; {AS_TEXT}")
    if any(one.flag_bits & 1 for one in found):
        raise UserError(f"{path} is encrypted; unpack it first")
    return [(name, opener(name)) for name in _names(one.filename for one in found)]
