"""Texts in folders, or in files, whose names are the labels: a text a file, or a text a line."""

import collections
import functools
import itertools
import os
import pathlib
import re
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.sources.files import File, json_lines, text_lines
from xtremedistil_tf.corpora.sources.names import are_languages, is_no_data
from xtremedistil_tf.data.readers.recognise import recognise
from xtremedistil_tf.data.split_names import split_of
from xtremedistil_tf.errors import UserError

# Endings of a text; old corpora number their files, or have the date or a hash behind the dot.
_TEXT_ENDING = re.compile(r"(\.te?xt|\.[0-9a-f]*\d[0-9a-f]*)?", re.IGNORECASE)
# Forms of files that have labels of their own.
_LABELLED = frozenset({"columns", "wikiann", "tsv", "jsonl", "inline", "webanno", "prefixed",
                       "subtitles"})
# Files with more bytes on average are no single texts.
_MOST_BYTES = 50_000
_PEEKED, _PEEKED_LINES = 3, 200
# Labels that are the endings of files of one stem, with a text a line, as in rt-polarity.
_ENDINGS = frozenset({".pos", ".neg"})
_Folders = Dict[pathlib.PurePath, List[File]]


def _has_labels(file: File) -> bool:
    """True if a file is no running text, but has labels inside."""
    lines = text_lines(file, "latin-1")
    return recognise(list(itertools.islice(lines, _PEEKED_LINES))) in _LABELLED


def _are_texts(found: Sequence[File]) -> bool:
    """True if files are single texts, by their names, sizes and first lines."""
    if any(split_of(file.path.name) or not _TEXT_ENDING.fullmatch(file.path.suffix)
           for file in found):
        return False
    real = [file.name for file in found if os.path.isfile(file.name)]
    if sum(map(os.path.getsize, real)) > _MOST_BYTES * len(found):
        return False
    firsts = {file.path.parent: file for file in found}
    peeked = list(firsts.values())[:_PEEKED]
    return 2 * sum(map(_has_labels, peeked)) < len(peeked)


def _label_folders(files: Sequence[File]) -> _Folders:
    """The folders that are labels, and beside them those of unlabelled text; else nothing."""
    data = [file for file in files if not is_no_data(file.path)]
    folders: _Folders = collections.defaultdict(list)
    for file in data:
        folders[file.path.parent].append(file)
    above = {parent for folder in folders for parent in folder.parents}
    leaves = {folder: found for folder, found in folders.items() if folder not in above}
    if any(file.split for folder in folders if folder in above for file in folders[folder]):
        return {}
    labels: Dict[pathlib.PurePath, List[str]] = collections.defaultdict(list)
    for folder in leaves:
        told = split_of(folder.name)
        if told is None:
            labels[folder.parent].append(folder.name)
        elif told != "transfer":
            return {}
    found = [file for folder, own in leaves.items() if split_of(folder.name) is None
             for file in own]
    several = bool(labels) and all(len(own) > 1 and not are_languages(own)
                                   for own in labels.values())
    beside = {folder.parent for folder in leaves} <= set(labels)
    many = len(found) > sum(map(len, labels.values()))
    return leaves if several and beside and many and _are_texts(found) else {}


def _texts(files: Sequence[File], labelled: bool, encoding: str) -> Iterator[Dict[str, str]]:
    for file in files:
        text = "\n".join(text_lines(file, encoding))
        yield {"text": text, "label": file.path.parent.name} if labelled else {"text": text}


def _lines(files: Sequence[File], encoding: str) -> Iterator[Dict[str, str]]:
    for file in files:
        for line in text_lines(file, encoding):
            if line.strip():
                yield {"text": line, "label": file.path.suffix[1:].lower()}


def _in_folders(files: Sequence[File], folders: _Folders, encoding: str) -> List[File]:
    """Joins the files of label folders into one for each split."""
    by_parent: Dict[Tuple[pathlib.PurePath, bool], List[File]] = collections.defaultdict(list)
    for folder, found in folders.items():
        by_parent[folder.parent, split_of(folder.name) is None].extend(found)
    inside = {id(file) for found in folders.values() for file in found}
    joined = [file for file in files if id(file) not in inside]
    for (parent, labelled), found in by_parent.items():
        first = found[0]
        if not os.path.isfile(first.name):
            raise UserError(f"{first.name}: a text in a folder of its label; unpack the archive "
                            "first, since it holds a file for each text")
        names = list(dict.fromkeys(file.path.parent.name for file in found))
        told = names[0] if len(names) == 1 else f"{{{','.join(names)}}}" if len(names) < 4 else "*"
        split: Optional[str] = "transfer" if not labelled else next(
            filter(None, map(split_of, reversed(parent.parts))), None)
        joined.append(File(
            str(pathlib.Path(first.name).parent.parent / told / "*"), parent / "texts",
            parent.name, json_lines(functools.partial(_texts, found, labelled, encoding)), split,
            joined=True))
    return joined


def join_classes(files: Sequence[File], encoding: str) -> List[File]:
    """Joins texts with their labels, if the names of folders or endings are the labels.

    Args:
      files: all files of an input.
      encoding: encoding of those without a byte order mark.

    Returns:
      One file for each split in place of those of label folders, and the other files.

    Raises:
      UserError: if the folders stand in an archive.
    """
    folders = _label_folders(files)
    if folders:
        return _in_folders(files, folders, encoding)
    stems: Dict[pathlib.PurePath, List[File]] = collections.defaultdict(list)
    for file in files:
        if file.path.suffix.lower() in _ENDINGS:
            stems[file.path.with_suffix("")].append(file)
    joined = list(files)
    for stem, found in stems.items():
        if len(found) == len(_ENDINGS):
            joined = [file for file in joined if file not in found]
            name = re.sub(r"\.\w+$", ".{neg,pos}", found[0].name)
            joined.append(File(name, stem, found[0].group, json_lines(
                functools.partial(_lines, found, encoding)), joined=True))
    return joined
