"""The exception for mistakes that the user can fix, and classification of other exceptions."""

import csv
import difflib
import errno
import io
import os
import re
import shlex
from typing import Collection, Iterable, Optional, Set, Tuple

# Characters of another library's message.
_LONGEST_LINE = 300


class UserError(ValueError):
    """A wrong flag, file or folder; the text tells the value, the allowed values and the place."""


def first_line(error: BaseException) -> str:
    """The first line of another library's message; its end is cut if it repeats a long value."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:_LONGEST_LINE]


def near(value: str, allowed: Iterable[str]) -> Optional[str]:
    """The allowed value that is most similar to a misspelt one, or None."""
    by_lower = {name.lower(): name for name in allowed}
    found = difflib.get_close_matches(value.lower(), by_lower, 1, 0.6)
    return by_lower[found[0]] if found else None


def not_allowed(flag: str, value: object, allowed: Iterable[str]) -> UserError:
    """The error for a flag with a forbidden value; suggests a similar allowed value if any."""
    names = list(allowed)
    better = near(str(value), names)
    return UserError(f"--{flag} is {value!r}; allowed: {', '.join(names)}"
                     + (f"; did you mean {better}?" if better else ""))


def as_typed(flag: str, *values: object) -> str:
    """A list's flag as a shell takes it; names may hold spaces, quotes and commas.

    Example:
      >>> print(as_typed("train", "my exports"), as_typed("train", "a,b", "c"))
      --train='my exports' --train='"a,b",c'
    """
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(values)
    return f"--{flag}={shlex.quote(written.getvalue())}"


# Errors of the system for any program: the disk is full, or the file or folder is protected.
_REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
# A wrong path: the user's mistake if the user gave the path, else a bug.
_WRONG_PATH = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG,
               errno.ELOOP)
_TEXTS = {os.strerror(code): code for code in (*_REFUSED, *_WRONG_PATH)}
# TensorFlow's file system writes "<path>; <reason>", after the name of a graph's node.
_OF_TENSORFLOW = re.compile(
    rf"(?:\}}\}} )?([^\n;{{}}]+); ({'|'.join(map(re.escape, _TEXTS))})")
# The formats of Rust libraries and of HDF5.
_NUMBERED = re.compile(r"\(os error (\d+)\)|errno = (\d+)")
_MEMORY = re.compile(r"\bOOM\b|out[ _]of[ _]memory|failed to allocate|cannot allocate memory",
                     re.IGNORECASE)
# Exception classes for damaged files, by name, because their libraries are not imported here.
_DAMAGED = {"SafetensorError", "DataLossError"}


def _kinds(error: BaseException) -> Set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _refusal(error: Exception) -> Tuple[Optional[int], Tuple[str, ...]]:
    """(error number of the file system, paths); None without a file system error."""
    # `files.atomic` gives errors of other libraries a path, too.
    paths = tuple(os.fsdecode(path) for path in (
        getattr(error, "filename", None), getattr(error, "filename2", None))
        if isinstance(path, (str, bytes, os.PathLike)))
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno, paths
    text = str(error)
    told = _OF_TENSORFLOW.search(text)
    if told:
        return _TEXTS[told.group(2)], (told.group(1).strip(),)
    numbered = _NUMBERED.search(text)
    if numbered:
        return int(numbered.group(1) or numbered.group(2)), paths
    full = os.strerror(errno.ENOSPC)
    return (_TEXTS[full] if full in text else None), paths


def _lies_in(path: str, folder: str) -> bool:
    """True if a path equals a folder or lies below it; False for /, which contains all paths."""
    above, below = os.path.realpath(folder), os.path.realpath(path)
    return above != os.sep and (below == above or below.startswith(above + os.sep))


def user_mistake(error: Exception, named: Collection[str]) -> Optional[str]:
    """The one-line message for an error that the user can fix; None for a bug.

    The user can fix a full disk, a protected file or folder, a damaged file, and a path that the
    user gave if it does not exist or has the wrong type.

    Args:
      error: any exception except UserError; TensorFlow's are recognised by class name.
      named: paths that the user gave; it may contain other texts.

    Example:
      >>> user_mistake(FileNotFoundError(2, "No such file or directory", "a/b"), ["a"])
      'a/b: No such file or directory'
      >>> user_mistake(FileNotFoundError(2, "No such file or directory", "c"), ["a"])
    """
    code, paths = _refusal(error)
    if code == errno.ENOENT and "No usable temporary directory" in str(error):
        return f"{first_line(error)}; set TMPDIR to a folder that can be written into"
    if code in _REFUSED or (code in _WRONG_PATH and any(
            _lies_in(path, folder) for path in paths for folder in named if folder)):
        assert code is not None
        return f"{paths[0] if paths else 'file system'}: {os.strerror(code)}"
    if code is None and _kinds(error) & _DAMAGED:
        return first_line(error)
    return None


def is_out_of_memory(error: Exception) -> bool:
    """True if the memory of this machine, or of its GPU, was too small."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    # TensorFlow also reports a full disk as an exhausted resource.
    return _refusal(error)[0] is None and bool(_MEMORY.search(str(error)))


def is_lost_worker(error: Exception) -> bool:
    """True if TensorFlow reports that a worker of the cluster is lost."""
    return "UnavailableError" in _kinds(error) or "Collective ops is aborted" in str(error)
