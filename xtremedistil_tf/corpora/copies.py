"""Finds files with the same rows, such as a corpus in two formats."""

import collections
import dataclasses
import hashlib
import pathlib
import re
from typing import Dict, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.readers import schemes
from xtremedistil_tf.corpora.readers.base import Tally, clean_tags
from xtremedistil_tf.corpora.source_rows import ConvertOptions, rows_of
from xtremedistil_tf.corpora.sources.names import split_of
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.data.readers.rows import Example
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


def leave_out_copies(sources: Sequence[Source], options: ConvertOptions
                     ) -> Tuple[List[Source], List[List[str]]]:
    """Leaves out sources with the rows of an earlier source of the same split and language.

    Args:
      sources: all sources; possible copies are read an additional time.
      options: settings of the conversion.

    Returns:
      (the sources to keep, pairs of a copy's name and its original's).

    Raises:
      UserError: if two sources have the same text with different entities.
    """
    groups: Dict[Tuple, List[Source]] = collections.defaultdict(list)
    for source in sources:
        groups[source.split, source.language].append(source)
    copies: List[List[str]] = []
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
            else:
                raise UserError(f"{source.name} and {seen[text][1]} hold the same text with other "
                                "entities; name the one that is meant (--train, --dev, --test)")
    left_out = {name for name, _ in copies}
    return [source for source in sources if source.name not in left_out], copies


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
