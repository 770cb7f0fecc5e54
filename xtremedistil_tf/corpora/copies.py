"""The same rows in several files, as where a corpus comes in two formats."""

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


def _entities(row: Example) -> str:
    """The entities of a row, however its words are cut."""
    told, counts = "", Tally()
    for word, tag in zip(row.words, schemes.to_iob2(clean_tags(row.tags, counts), counts)):
        if tag != "O":
            told += word if tag[0] == "I" else f"\0{tag[2:]}\0{word}"
    return told


def _digests(source: Source, options: ConvertOptions) -> Optional[Tuple[bytes, bytes]]:
    """Numbers of a source's text and of its entities; None where a row cannot be used."""
    text, entities = hashlib.blake2b(), hashlib.blake2b()
    read = dataclasses.replace(options.read, labelled=source.split != "transfer")
    for _, row in rows_of(source, read, Tally())[1]:
        if not isinstance(row, Example):
            return None
        text.update("".join("".join(row.words).split()).encode("utf-8", "surrogatepass"))
        try:
            entities.update(_entities(row).encode("utf-8", "surrogatepass"))
        except UserError:
            return None
    return text.digest(), entities.digest()


def leave_out_copies(sources: Sequence[Source], options: ConvertOptions
                     ) -> Tuple[List[Source], List[List[str]]]:
    """Leaves out sources that hold the rows of an earlier one of the same split and language.

    Args:
      sources: all that are to be read; they are read once more where several may be copies.
      options: how they are read.

    Returns:
      (the sources that are kept, pairs of a copy's name and the other's).

    Raises:
      UserError: for the same text with other entities: only one can be meant.
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
    """Pairs of sources that are read both, though their names differ in the ending only."""
    first: Dict[Tuple, str] = {}
    twins = []
    for source in sources:
        path = pathlib.PurePath(re.sub(r"\.(gz|bz2|xz)$", "", source.name))
        key = source.split, path.parent, path.stem
        # eng.testa and eng.testb have their splits for endings.
        if source.split is None or split_of(path.stem) != source.split:
            continue
        if key in first:
            twins.append([first[key], source.name])
        first.setdefault(key, source.name)
    return twins
