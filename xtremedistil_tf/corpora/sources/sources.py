"""Sources of rows: files, folders and archives."""

import contextlib
import dataclasses
import logging
import pathlib
import re
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.readers.base import ReadOptions, Row, Tally
from xtremedistil_tf.corpora.readers.formats import read_lines
from xtremedistil_tf.corpora.sources.archives import (
    DAMAGED,
    Opener,
    is_archive,
    members,
    plain_file,
    printable,
)
from xtremedistil_tf.corpora.sources.classes import join_classes
from xtremedistil_tf.corpora.sources.files import OF_ISO_2022, OTHER_ENCODING, File
from xtremedistil_tf.corpora.sources.inside import splits_inside
from xtremedistil_tf.corpora.sources.names import (
    is_hidden,
    is_no_data,
    languages_of,
    split_of_path,
    unsure_languages,
)
from xtremedistil_tf.corpora.sources.parallel import join_parallel
from xtremedistil_tf.corpora.sources.standoff import ANNOTATIONS, standoff
from xtremedistil_tf.data.lines import UTF8, Line, RowError, decode_lines
from xtremedistil_tf.data.split_names import split_of
from xtremedistil_tf.errors import UserError, as_typed, first_line

log = logging.getLogger("absl")
_ARCHIVE = re.compile(r"\.(tar|tgz|tar\.(gz|bz2|xz)|zip)$")
# What --encoding is told for, by the kind of a line's error.
_ENCODINGS = {"not_utf8": OTHER_ENCODING, "iso_2022": OF_ISO_2022}
# (options, tally) -> (format, rows).
Read = Callable[[ReadOptions, Tally], Tuple[str, Iterator[Row]]]


@dataclasses.dataclass(frozen=True)
class Source:
    """A source of rows; every reading starts from the beginning.

    Attributes:
      name: name for messages.
      split: train, dev, test or transfer; None if its name does not show it.
      group: name of its folder or archive, which for WikiAnn is the language.
      read: (options, tally) -> (format, rows).
      language: language of rows that do not state one, from the name of a folder or file.
      opener: opens the file; yields its bytes. None for data sets of Hugging Face.
      records: yields the rows of a data set of Hugging Face, as dicts; None for files.
    """

    name: str
    split: Optional[str]
    group: str
    read: Read
    language: Optional[str] = None
    opener: Optional[Opener] = None
    records: Optional[Callable[[], Iterator[Dict[str, Any]]]] = None


def _source(file: File, split: Optional[str], *, language: Optional[str] = None) -> Source:
    """The source of a file's rows."""
    source = Source(file.name, split, file.group, stream(file.name, file.opener),
                    opener=file.opener)
    return source if language is None else in_language(source, language)


def in_language(source: Source, language: str) -> Source:
    """Sets the language of a source's rows, unless the rows or the options state one."""

    def read(options: ReadOptions, counts: Tally) -> Tuple[str, Iterator[Row]]:
        named = dataclasses.replace(options, language=options.language or language)
        return source.read(named, counts)

    return dataclasses.replace(source, read=read, language=language)


def in_languages_of_inputs(found: Sequence[Tuple[pathlib.Path, Sequence[Source]]]) -> List[Source]:
    """Sources of several inputs, with the languages in the names of the inputs, if there are any.

    Args:
      found: each input with its sources.
    """
    paths = [pathlib.PurePath(path.name, "data" if path.is_dir() else "") for path, _ in found]
    languages = languages_of(paths) if len(paths) > 1 else [None]
    return [in_language(source, language) if language and not source.language else source
            for (_, sources), language in zip(found, languages) for source in sources]


def stream(name: str, opener: Opener) -> Read:
    """Makes a reader of the lines of `opener`.

    Args:
      name: name for messages.
      opener: opens the file; yields bytes, cut behind line feeds.
    """

    def lines(options: ReadOptions) -> Iterator[Line]:
        try:
            with contextlib.ExitStack() as stack:
                for line in decode_lines(opener(stack), encoding=options.encoding, every_cr=True):
                    text = line[1]
                    kind = text.problems[0][0] if isinstance(text, RowError) else ""
                    yield (line[0], RowError((kind, f"{text}; {_ENCODINGS[kind]}"))) \
                        if kind in _ENCODINGS else line
        except DAMAGED as error:
            raise UserError(f"{name} is damaged: {first_line(error)}") from None

    def named(rows: Iterator[Row]) -> Iterator[Row]:
        try:
            yield from rows
        except UserError as error:
            if isinstance(error, RowError) or name in str(error):
                raise
            raise UserError(f"{name}: {error}") from None

    def read(options: ReadOptions, counts: Tally) -> Tuple[str, Iterator[Row]]:
        form, rows = read_lines(lines(options), options, counts)
        return form, named(rows)

    return read


def _opener(path: pathlib.Path) -> Opener:
    """Opens a file, and with a text of brat its entities."""
    has_entities = path.suffix == ".txt" and path.with_suffix(ANNOTATIONS).is_file()
    return standoff(path) if has_entities else plain_file(path)


def _files(root: pathlib.Path) -> Iterator[File]:
    """Yields the files of a folder or archive, except hidden ones."""
    for path in [root] if root.is_file() else sorted(root.rglob("*")):
        below = path.relative_to(root) if path != root else pathlib.PurePath(path.name)
        if path.is_symlink() and not path.exists() and not is_hidden(below) and (
                split_of_path(below)):
            raise UserError(f"{path} is a link to a file that is not there; fetch the file, or "
                            "remove the link")
        # The input itself may be hidden, but not the files in it.
        if not path.is_file() or path != root and is_hidden(below):
            continue
        if path.suffix == ANNOTATIONS and path.with_suffix(".txt").is_file():
            continue  # Read with its text.
        if not is_archive(path):
            yield File(str(path), below, path.parent.name, _opener(path))
            continue
        stem = _ARCHIVE.sub("", path.name)
        for name, opener in sorted(members(path), key=lambda one: one[0]):
            member = pathlib.PurePosixPath(name)
            if not is_hidden(member):
                yield File(f"{path}/{printable(name)}", below.parent / stem / member, stem, opener)


def _with_eval(files: List[File]) -> List[Tuple[File, Optional[str]]]:
    """Files with their splits; "eval" is dev or, if there is a dev split, test."""
    splits = {file.split for file in files}
    is_eval = next((split for split in ("dev", "test") if split not in splits), None)
    return [(file, is_eval if file.split == "eval" else file.split) for file in files]


def _of_rows(files: Sequence[File], encoding: str) -> List[File]:
    """Files without splits in their names that are read nevertheless.

    These are files whose rows name their splits, or several that were joined to one, to divide.
    """
    data = [file for file in files if not is_no_data(file.path)]
    parts = [splits_inside(file, encoding) for file in data]
    if parts and all(parts):
        return [part for found in parts for part in found]
    joined = [file for file in data if file.joined]
    return joined if len(joined) == 1 else []


def find_sources(
    path: pathlib.Path, *, split: Optional[str] = None, encoding: str = UTF8
) -> Tuple[List[Source], List[str]]:
    """Lists the sources at a path.

    In a folder or archive, a file is read if its name, or that of its folder, shows a split. The
    names of the other files are returned.

    Args:
      path: a file, an archive, or a folder of files and archives.
      split: the split of all files; None takes it from the names.
      encoding: encoding of files without a byte order mark, for those that are joined.

    Returns:
      (sources, names of the files that are not read).

    Raises:
      UserError: if the path does not exist or no file name shows a split.
    """
    if not path.exists():
        raise UserError(f"--{split or 'input'} {path}: no such file or folder")
    if not (path.is_file() or path.is_dir()):
        raise UserError(f"--{split or 'input'} {path} is a pipe or a device, and files are read "
                        "more than once; allowed: a file, an archive or a folder")
    if path.is_file() and not is_archive(path):
        file = File(str(path), path, path.parent.name, _opener(path))
        split = split or _only(split_of(path.name))
        parts = (splits_inside(file, encoding) if split is None else []) or [file]
        return [_source(part, split or own) for part, own in _with_eval(parts)], []
    files = join_parallel(join_classes(list(_files(path)), encoding), encoding)
    found = _with_eval(files)
    if split is not None:
        # If names show splits, only files of this split are read; unlabelled text is no other's.
        others_too = all(of != split for _, of in found)
        found = [(file, split if of == split or others_too and of != "transfer" else None)
                 for file, of in found if not is_no_data(file.path)]
    elif len(files) == 1 and found[0][1] is None:
        found = [(files[0], _only(split_of(path.name)))]
    read: List[Tuple[File, Optional[str]]] = [one for one in found if one[1] is not None]
    others = [file.name for file, of in found if of is None]
    if not read and split is None:
        read = [(file, own or _only(split_of(path.name)))
                for file, own in _with_eval(_of_rows(files, encoding))]
        others = [name for name in others if not any(
            file.name == name or file.name.startswith(f"{name}[") for file, _ in read)]
    if not read:
        raise UserError(
            f"{path}: no file in it speaks of a split in its name; it holds "
            f"{', '.join(others[:5]) or 'nothing'}; allowed are parts of names such as train, dev, "
            f"testa, test, extra; or all of it is labelled, and dev and test are taken out of it: "
            f"{as_typed('train', path)}")
    languages = languages_of([file.path for file, _ in read])
    unsure = None if any(languages) else unsure_languages([file.path for file, _ in read])
    if unsure:
        log.warning("%s: %s", path, unsure)
    sources = [
        _source(file, of, language=language) for (file, of), language in zip(read, languages)]
    return sources, others


def _only(split: Optional[str]) -> Optional[str]:
    """The split of a single file; "eval" is dev here."""
    return "dev" if split == "eval" else split
