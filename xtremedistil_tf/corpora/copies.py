"""Finds what stands several times: files, given twice or in two formats, and sentences."""

import array
import collections
import dataclasses
import hashlib
import pathlib
import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.corpora.readers import schemes
from xtremedistil_tf.corpora.readers.base import Tally, clean_tags
from xtremedistil_tf.corpora.source_rows import ConvertOptions, digest, rows_of
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.split_names import split_of
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind


def _entities(row: Example, kind: str) -> str:
    """The entities of a row in a form that does not depend on word segmentation."""
    told, counts = "", Tally()
    if not task_kind(kind).entities:
        return " ".join(row.tags)
    for word, tag in zip(row.words, schemes.to_iob2(clean_tags(row.tags, counts), counts)):
        if tag != "O":
            told += word if tag[0] == "I" else f"\0{tag[2:]}\0{word}"
    return told


def _digests(source: Source, options: ConvertOptions) -> Optional[Tuple[bytes, bytes]]:
    """Hashes of a source's text and of its entities; None if a row is unusable."""
    text, entities = hashlib.blake2b(), hashlib.blake2b()
    read = dataclasses.replace(options.read, labelled=source.split != "transfer")
    for _, row in rows_of(source, read, Tally(), kind=options.kind)[1]:
        if not isinstance(row, Example):
            return None
        text.update("".join("".join(row.words).split()).encode("utf-8", "surrogatepass"))
        try:
            entities.update(_entities(row, options.kind).encode("utf-8", "surrogatepass"))
        except UserError:
            return None
    return text.digest(), entities.digest()


class Repeats:
    """Counts labelled sentences that stand several times; needs 16 bytes for each sentence."""

    def __init__(self) -> None:
        self._words: Dict[str, array.array] = collections.defaultdict(lambda: array.array("Q"))
        self._rows: Dict[str, array.array] = collections.defaultdict(lambda: array.array("Q"))

    def add(self, split: str, row: Example, number: int) -> None:
        """Notes a row of a split; `number` is the digest of its words."""
        self._words[split].append(number)
        self._rows[split].append(digest([*row.words, "\t", *row.tags]))

    def found(self) -> Dict[str, Any]:
        """The counts as JSON values.

        Returns:
          "duplicates", by split the sentences that stand in it before already; "contradictions",
          the sentences with other tags in other rows; "dev_in_test", the sentences of both.
        """
        words = {split: np.frombuffer(found, np.uint64) for split, found in self._words.items()}
        rows = [np.frombuffer(found, np.uint64) for found in self._rows.values()]
        different = np.unique(np.stack([np.concatenate([*words.values()]), np.concatenate(rows)]),
                              axis=1)[0] if words else np.zeros(0, np.uint64)
        dev, test = (words.get(split, different[:0]) for split in ("dev", "test"))
        return {
            "duplicates": {split: len(own) - len(np.unique(own)) for split, own in words.items()},
            "contradictions": int((np.unique(different, return_counts=True)[1] > 1).sum()),
            "dev_in_test": len(np.intersect1d(dev, test)),
        }


def _once(sources: Sequence[Source]) -> Tuple[List[Source], List[List[str]]]:
    """(sources without files that are given again for the same split, pairs of their names)."""
    first: Dict[Tuple[str, pathlib.Path], Source] = {}
    kept: List[Source] = []
    twice: List[List[str]] = []
    for source in sources:
        path = pathlib.Path(source.name)
        # Rows without a split are divided together with those of train.
        key = source.split or "train", path.resolve()
        # Members of archives and data sets are no files; their rows show whether they are copies.
        if path.is_file() and first.setdefault(key, source) is not source:
            twice.append([source.name, first[key].name])
        else:
            kept.append(source)
    return kept, twice


def leave_out_copies(sources: Sequence[Source], options: ConvertOptions
                     ) -> Tuple[List[Source], List[List[str]]]:
    """Leaves out sources with the rows of an earlier source of the same split and language.

    A file that is given twice, such as in its folder and by its name, is read once.

    Args:
      sources: all sources; possible copies are read an additional time.
      options: settings of the conversion.

    Returns:
      (the sources to keep, pairs of a copy's name and its original's).

    Raises:
      UserError: if two sources have the same text with different entities.
    """
    sources, copies = _once(sources)
    groups: Dict[Tuple, List[Source]] = collections.defaultdict(list)
    for source in sources:
        groups[source.split, source.language].append(source)
    kept = list(sources)
    for group in groups.values():
        seen: Dict[bytes, Tuple[bytes, str]] = {}
        for source in group if len(group) > 1 else []:
            found = _digests(source, options)
            if found is None:
                continue
            text, entities = found
            if text not in seen:
                seen[text] = entities, source.name
            elif seen[text][0] == entities or source.split == "transfer":
                copies.append([source.name, seen[text][1]])
                # By identity: the copy may have the name of its original.
                kept = [one for one in kept if one is not source]
            else:
                raise UserError(f"{source.name} and {seen[text][1]} hold the same text with other "
                                "entities; name the one that is meant (--train, --dev, --test)")
    return kept, copies


def find_twins(sources: Sequence[Source]) -> List[List[str]]:
    """Pairs of sources whose names differ only in the ending; both are read."""
    first: Dict[Tuple, str] = {}
    twins = []
    for source in sources:
        path = pathlib.PurePath(re.sub(r"\.(gz|bz2|xz)$", "", source.name))
        key = source.split, path.parent, path.stem
        # In eng.testa and eng.testb the ending is the split.
        if source.split is None or split_of(path.stem) != source.split:
            continue
        if key in first:
            twins.append([first[key], source.name])
        first.setdefault(key, source.name)
    return twins
