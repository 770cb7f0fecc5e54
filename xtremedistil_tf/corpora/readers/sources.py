"""Where rows come from: files, folders, tar archives, and Hugging Face datasets by name."""

import contextlib
import dataclasses
import gzip
import pathlib
import re
import tarfile
import zlib
from typing import Any, Callable, Counter, Iterable, Iterator, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.readers.formats import Line, ReadOptions, Row, from_record, read_lines
from xtremedistil_tf.data.lines import RowError, decode_lines
from xtremedistil_tf.errors import UserError

# Parts of file names, and names of splits in the Hugging Face datasets.
_SPLIT_NAMES = {
    "train": "train", "training": "train",
    "dev": "dev", "valid": "dev", "validation": "dev", "val": "dev", "testa": "dev",
    "test": "test", "testb": "test",
    "extra": "transfer", "transfer": "transfer", "unlabeled": "transfer",
    "unlabelled": "transfer", "unsupervised": "transfer",
}
_ARCHIVE = re.compile(r"\.(tar|tgz|tar\.(gz|bz2|xz))$")


@dataclasses.dataclass(frozen=True)
class Source:
    """Rows from one place; every reading begins anew.

    Attributes:
      name: for messages.
      split: train, dev, test or transfer; None where its name says nothing.
      group: name of its folder or archive, which for WikiAnn is the language.
      read: (options, counts) -> (format, rows).
    """

    name: str
    split: Optional[str]
    group: str
    read: Callable[[ReadOptions, Counter[str]], Tuple[str, Iterator[Row]]]


def split_of(name: str) -> Optional[str]:
    """The split that a file's name speaks of: train.txt, eng.testa, de-dev.conll, extra."""
    parts = re.split(r"[^a-z]+", pathlib.PurePosixPath(name).name.lower())
    return next((_SPLIT_NAMES[part] for part in parts if part in _SPLIT_NAMES), None)


def _stream(name: str, opener: Callable[[contextlib.ExitStack], Iterable[bytes]]
            ) -> Callable[..., Tuple[str, Iterator[Row]]]:
    """Reads what `opener` opens, a line at a time."""

    def read(options: ReadOptions, counts: Counter[str]) -> Tuple[str, Iterator[Row]]:
        def lines() -> Iterator[Line]:
            try:
                with contextlib.ExitStack() as stack:
                    yield from decode_lines(opener(stack))
            except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
                raise UserError(f"{name} is damaged: {error}") from None

        return read_lines(lines(), options, counts)

    return read


def _file(path: pathlib.Path, split: Optional[str]) -> Source:
    def opener(stack: contextlib.ExitStack) -> Iterable[bytes]:
        if path.suffix == ".gz":
            return stack.enter_context(gzip.open(path, "rb"))
        return stack.enter_context(open(path, "rb"))

    return Source(str(path), split, path.parent.name, _stream(str(path), opener))


def _archive(path: pathlib.Path) -> Tuple[List[Source], List[str]]:
    """The files of an archive whose names speak of a split; nothing is unpacked on disk."""
    sources, others = [], []

    def opener(member: str) -> Callable[[contextlib.ExitStack], Iterable[bytes]]:
        # Stream by stream: a member is read in the archive, never written under its own name.
        def read(stack: contextlib.ExitStack) -> Iterable[bytes]:
            file = stack.enter_context(tarfile.open(path)).extractfile(member)
            assert file is not None, "members that are no files are not listed"
            return stack.enter_context(file)

        return read

    try:
        with tarfile.open(path) as archive:
            names = [member.name for member in archive if member.isfile()]
    except (tarfile.TarError, EOFError, OSError) as error:
        raise UserError(f"{path} cannot be read as a tar archive: {error}") from None
    for name in sorted(names):
        if split_of(name):
            sources.append(Source(f"{path}/{name}", split_of(name), _ARCHIVE.sub("", path.name),
                                  _stream(f"{path}/{name}", opener(name))))
        else:
            others.append(f"{path}/{name}")
    return sources, others


def find_sources(path: pathlib.Path, split: Optional[str] = None) -> Tuple[List[Source], List[str]]:
    """Lists what can be read at a path.

    In a folder or archive the files are read whose names speak of a split; the others are named.

    Args:
      path: a file, a tar archive, or a folder of such.
      split: the split of a file; by its name where None.

    Returns:
      (sources, names of the files that are not read).

    Raises:
      UserError: if nothing is there or no file in it speaks of a split.
    """
    if not path.exists():
        raise UserError(f"--input {path}: no such file or folder")
    if path.is_file() and not _ARCHIVE.search(path.name):
        return [_file(path, split or split_of(path.name))], []
    sources: List[Source] = []
    others: List[str] = []
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if _ARCHIVE.search(file.name):
            found, rest = _archive(file)
            sources += found
            others += rest
        elif file.is_file() and split_of(file.name):
            sources.append(_file(file, split_of(file.name)))
        elif file.is_file():
            others.append(str(file))
    if not sources:
        raise UserError(
            f"{path}: no file in it speaks of a split in its name; it holds "
            f"{', '.join(others[:5]) or 'nothing'}; allowed are parts of names such as train, dev, "
            "testa, test, extra, or naming the file itself")
    return sources, others


def _tag_names(features: Any) -> Tuple[str, ...]:
    """Names of a data set's number tags, as its features give them."""
    for name in ("ner_tags", "tags", "labels", "ner"):
        column = (features or {}).get(name)
        names = getattr(getattr(column, "feature", None), "names", None)
        if names:
            return tuple(names)
    return ()


def dataset_sources(name: str, configs: Sequence[str]) -> List[Source]:
    """The splits of a Hugging Face data set, by name or folder; no code of it is run.

    Raises:
      UserError: if the library is not installed or the data set cannot be had.
    """
    try:
        import datasets
    except ImportError:
        raise UserError(
            "--format=datasets needs the datasets library: pip install xtremedistil-tf[datasets]"
        ) from None
    sources = []
    wanted: Sequence[Optional[str]] = configs or [None]
    for config in wanted:
        try:
            loaded = datasets.load_dataset(name, config)
        except Exception as error:  # The library raises many kinds, by where it looked.
            raise UserError(f"--input {name}: {str(error).splitlines()[0]}") from None
        for split, rows in loaded.items():
            sources.append(Source(f"{name}/{config or 'default'}/{split}", split_of(split),
                                  config or "", _records(rows)))
    return sources


def _records(rows: Any) -> Callable[..., Tuple[str, Iterator[Row]]]:
    def read(options: ReadOptions, counts: Counter[str]) -> Tuple[str, Iterator[Row]]:
        named = dataclasses.replace(
            options, tag_names=options.tag_names or _tag_names(rows.features))

        def examples() -> Iterator[Row]:
            for number, record in enumerate(rows, 1):
                try:
                    yield number, from_record(record, named, counts)
                except RowError as error:
                    yield number, error

        return "datasets", examples()

    return read
