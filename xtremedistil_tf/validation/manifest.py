"""Manifests: checksums of a folder's files, which are checked when the folder is opened.

Without them, a flipped bit, a file of another student or a missing file could silently change
predictions. Older folders have no manifest and are not checked.
"""

import hashlib
import pathlib
from typing import Any, Dict, Iterator, Sequence

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.files.fingerprints import sha256_of
from xtremedistil_tf.validation.records import Field, read_record

MANIFEST_FILE = "manifest.json"
# Users may edit the model card, and no code reads it.
_LEFT_OUT = (MANIFEST_FILE, "README.md")
_FIELDS = {"sha256": Field(dict, most=100_000, each=Field(str, least=64, most=64)),
           "bytes": Field(dict, most=100_000, each=Field(int, least=0))}
# Larger files are weights, not text.
_LARGEST_TEXT = 1 << 26
# Not every command has --noverify, and a folder without a manifest is not checked.
STUDENT_WAY_OUT = ("copy the folder anew, or load it as it is with --noverify, in Python with "
                   f"verify=False, or without {MANIFEST_FILE}")
TEACHER_WAY_OUT = (f"copy the folder anew, or remove its {MANIFEST_FILE} to load it as it is, or "
                   "fine-tune the teacher again")
RUN_WAY_OUT = "put the file back, or start the run anew with --overwrite"


def _has_windows_line_ends(path: pathlib.Path, digest: str) -> bool:
    """Returns True if a file has its checksum once its line ends are those of Unix."""
    if path.stat().st_size > _LARGEST_TEXT:
        return False
    raw = path.read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(raw).hexdigest() == digest


def _files(folder: pathlib.Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in _LEFT_OUT:
            yield name


def write_manifest(folder: pathlib.Path, *, names: Sequence[str] = ()) -> None:
    """Writes the manifest of a finished folder.

    Args:
      folder: the folder.
      names: names of the files; empty for all, including those in subfolders.
    """
    found = [name for name in names or _files(folder) if (folder / name).is_file()]
    write_json(folder / MANIFEST_FILE,
               {"sha256": {name: sha256_of(folder / name) for name in found},
                "bytes": {name: (folder / name).stat().st_size for name in found}})


def drop_manifest(folder: pathlib.Path) -> None:
    """Removes a folder's manifest before one of its files is replaced."""
    (folder / MANIFEST_FILE).unlink(missing_ok=True)


def check_manifest(
    folder: pathlib.Path, *, reads: Sequence[str] = (), skip: Sequence[str] = (),
    way_out: str = STUDENT_WAY_OUT,
) -> None:
    """Checks a folder's files against its manifest, if it has one.

    Args:
      folder: the folder.
      reads: files that the caller reads. The manifest must name them.
      skip: files that nobody reads. They may be missing.
      way_out: advice at the end of the message.

    Raises:
      UserError: if a file is missing or was changed. The message names the first one.
    """
    path = folder / MANIFEST_FILE
    if not path.exists():
        return
    try:
        record: Dict[str, Any] = read_record(path, _FIELDS)
    except UserError as error:
        raise UserError(f"{error}; {way_out}") from None
    digests, sizes = record["sha256"], record["bytes"]
    if set(digests) != set(sizes):
        raise UserError(f"{path} is damaged: its checksums and its sizes are of different files; "
                        f"{way_out}")
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
        if file.stat().st_size > sizes[name] and _has_windows_line_ends(file, digest):
            raise UserError(f"{file} has the line ends of Windows; it was written without them. "
                            "git's core.autocrlf changes them: check the folder out with "
                            f"core.autocrlf=false, or {way_out}")
        if file.stat().st_size != sizes[name]:
            raise UserError(f"{file} has {file.stat().st_size:,} bytes; it was written with "
                            f"{sizes[name]:,}; {way_out}")
        if sha256_of(file) != digest:
            raise UserError(f"{file} is not the file that was written with this folder: its "
                            f"checksum differs from {MANIFEST_FILE}'s; {way_out}")
