"""Recognises the kind of task of a conversion's sources."""

import dataclasses
import itertools
from typing import Optional, Sequence

from xtremedistil_tf.corpora.jobs.kinds import Asked, is_conllu
from xtremedistil_tf.corpora.readers.layout import tag_of_features
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.columns import are_pairs
from xtremedistil_tf.corpora.texts.recognise import (
    head_of,
    looks_like_questions,
    looks_like_texts,
    refuse_entities_and_label,
    refuse_split_column,
    refuse_unread,
    refuse_without_label,
)
from xtremedistil_tf.corpora.texts.tables.opening import open_lines
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import TASKS, task_kind

# Lines that show what is annotated.
_SAMPLE = 2000


def _of_kind(kind: str, asked: Asked) -> Asked:
    return dataclasses.replace(asked, kind=kind)


def _parts_of_speech(source: Source, encoding: str) -> str:
    """The kind of task of a CoNLL-U file.

    Raises:
      UserError: if it has entities among its features, too.
    """
    lines = itertools.islice(open_lines(source, encoding), _SAMPLE)
    if any(tag_of_features(line.rstrip("\r\n").rpartition("\t")[2]) != "O" for line in lines):
        raise UserError(f"{source.name}: its words have parts of speech in column 4 and entities "
                        "in column 10; --kind=word_tagging or --kind=tagging says which to learn")
    return next(name for name, record in TASKS.items()
                if record.tags_words and not record.entities)


def _is_empty(source: Source) -> bool:
    """True for a file without a row."""
    if source.opener is None:
        return False
    try:
        return not any(line.strip() for line in open_lines(source, "latin-1"))
    except UserError:
        return False  # Told when it is read.


def recognise_kind(sources: Sequence[Source], asked: Asked, kind: Optional[str] = None) -> Asked:
    """Completes what was asked by the kind of task.

    Args:
      sources: the sources; the first labelled one that is not empty decides, one of train if
        there is one: dev and test may lack labels.
      asked: what the user asked for.
      kind: name of the kind of task, if the user named it.

    Returns:
      `asked` with the kind, and with `wanted.pairs`.

    Raises:
      UserError: for a table of texts in which no column is the label by its name, for data that two
        kinds of task could learn from, and for tagged sentences that a column divides into splits.
    """
    labelled = [one for one in sources if one.split != "transfer"]
    if labelled:
        ordered = sorted(labelled, key=lambda one: one.split in ("dev", "test"))
        first = next((one for one in ordered if not _is_empty(one)), ordered[0])
        found = _completed(first, asked, kind)
    else:
        found = asked if kind is None else _of_kind(kind, asked)
    if task_kind(found.kind).tags_words:
        for source in labelled:
            refuse_split_column(source, found.texts.read)
    return found


def _completed(labelled: Source, asked: Asked, kind: Optional[str]) -> Asked:
    if kind is None and is_conllu(labelled) and asked.read.tag_column is None:
        return _of_kind(_parts_of_speech(labelled, asked.read.encoding), asked)
    if kind is None and looks_like_questions(labelled, asked.read.encoding):
        kind = next(name for name, record in TASKS.items() if record.windows)
    pooled = kind is not None and task_kind(kind).pooled
    if kind is not None and not pooled:
        return _of_kind(kind, asked)
    named = bool(asked.wanted.texts or asked.wanted.label)
    tagged = (asked.read.word_column, asked.read.tag_column, *asked.read.tag_names)
    plain = not any(tagged) and asked.read.format in ("auto", "csv", "table", "jsonl")
    if kind is None and not named and not plain:
        return asked
    texts = dataclasses.replace(asked, kind=kind or "classification")
    head = None if asked.wanted.texts else head_of(labelled, texts.texts.read)
    pairs: Optional[bool] = None
    if head is not None and kind is not None:  # Whatever the label is called.
        pairs = are_pairs(head.table, head.sample)
    elif head is not None:
        pairs = looks_like_texts(head, texts.texts.read.wanted)
    open_kind = kind is None and not named
    if open_kind and head is None:
        refuse_unread(labelled, texts.texts.read)
    if open_kind and head is not None:
        (refuse_without_label if pairs is None else refuse_entities_and_label)(head)
    if open_kind and pairs is None:
        return asked
    return dataclasses.replace(texts, wanted=dataclasses.replace(
        asked.wanted, pairs=asked.wanted.pairs or bool(pairs)))
