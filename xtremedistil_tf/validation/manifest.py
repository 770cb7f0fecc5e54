"""Checksums of a folder's files, written with them and held against them when it is opened.

A flipped bit, a file of another student or one that is gone would else change answers without a
word. Folders of before have no manifest, and are opened without this check.
"""

import hashlib
import pathlib
from typing import Any, Dict, Iterator, Sequence

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.runs import write_json
from xtremedistil_tf.validation.records import Field, read_record

MANIFEST_FILE = "manifest.json"
# The card is for its reader, who may add to it: nothing reads it.
_LEFT_OUT = (MANIFEST_FILE, "README.md")
_FIELDS = {"sha256": Field(dict, most=100_000, each=Field(str, least=64, most=64)),
           "bytes": Field(dict, most=100_000, each=Field(int, least=0))}
STUDENT_WAY_OUT = ("copy the folder anew, or load it as it is with --noverify, in Python with "
                   "verify=False")
RUN_WAY_OUT = "put the file back, or start the run anew with --overwrite"


def sha256_of(path: pathlib.Path) -> str:
    """A file's SHA-256 as `sha256sum` prints it."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _files(folder: pathlib.Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in _LEFT_OUT:
            yield name


def write_manifest(folder: pathlib.Path, *, names: Sequence[str] = ()) -> None:
    """Writes the manifest of a folder that is whole.

    Args:
      folder: where the files lie; in folders below, too.
      names: of the files; empty for all.
    """
    found = [name for name in names or _files(folder) if (folder / name).is_file()]
    write_json(folder / MANIFEST_FILE,
               {"sha256": {name: sha256_of(folder / name) for name in found},
                "bytes": {name: (folder / name).stat().st_size for name in found}})


def drop_manifest(folder: pathlib.Path) -> None:
    """Removes a folder's manifest, before a file that it names is written anew."""
    (folder / MANIFEST_FILE).unlink(missing_ok=True)


def check_manifest(
    folder: pathlib.Path, *, reads: Sequence[str] = (), skip: Sequence[str] = (),
    way_out: str = STUDENT_WAY_OUT,
) -> None:
    """Holds a folder's files against its manifest, if it has one.

    Args:
      folder: what is about to be opened.
      reads: files that will be read, which the manifest must therefore name.
      skip: files that will not be, and may be gone.
      way_out: what the reader of the message can do.

    Raises:
      UserError: naming the first file that is missing, or is not the one that was written.
    """
    path = folder / MANIFEST_FILE
    if not path.exists():
        return
    record: Dict[str, Any] = read_record(path, _FIELDS)
    digests, sizes = record["sha256"], record["bytes"]
    if set(digests) != set(sizes):
        raise UserError(f"{path} is damaged: it does not name the same files twice; {way_out}")
    for name in reads:
        if name not in digests:
            raise UserError(f"{folder / name} was not written with this folder ({MANIFEST_FILE} "
                            f"does not name it); {way_out}")
    for name, digest in digests.items():
        if name in skip:
            continue
        file = folder / name
        if pathlib.PurePosixPath(name).is_absolute() or ".." in pathlib.PurePosixPath(name).parts:
            raise UserError(f"{path} names {name!r:.80}, which lies outside the folder; {way_out}")
        if not file.is_file():
            raise UserError(f"{file} is missing ({MANIFEST_FILE} names it); {way_out}")
        if file.stat().st_size != sizes[name]:
            raise UserError(f"{file} has {file.stat().st_size:,} bytes; it was written with "
                            f"{sizes[name]:,}; {way_out}")
        if sha256_of(file) != digest:
            raise UserError(f"{file} is not the file that was written with this folder: its "
                            f"checksum differs from {MANIFEST_FILE}'s; {way_out}")
