"""Which kind of task the sources of a conversion are."""

import dataclasses
from typing import Optional, Sequence

from xtremedistil_tf.corpora.jobs.kinds import Asked, is_conllu
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.recognise import (
    looks_like_questions,
    looks_like_texts,
    refuse_without_label,
)
from xtremedistil_tf.tasks import TASKS, task_kind


def _single(kind: str, asked: Asked) -> Asked:
    return dataclasses.replace(asked, kind=kind)


def recognise_kind(sources: Sequence[Source], asked: Asked, kind: Optional[str] = None) -> Asked:
    """Completes what was asked by the kind of task.

    Args:
      sources: the sources; the first labelled one decides.
      asked: what the user asked for.
      kind: name of the kind of task, if the user named it.

    Returns:
      `asked` with the kind, and with `wanted.pairs`.

    Raises:
      UserError: for a table of texts in which no column is the label by its name.
    """
    labelled = next((one for one in sources if one.split != "transfer"), None)
    if labelled is None:
        return asked if kind is None else _single(kind, asked)
    if kind is None and is_conllu(labelled) and asked.read.tag_column is None:
        return _single(next(name for name, record in TASKS.items()
                            if record.tags_words and not record.entities), asked)
    if kind is None and looks_like_questions(labelled, asked.read.encoding):
        kind = next(name for name, record in TASKS.items() if record.windows)
    pooled = kind is not None and task_kind(kind).pooled
    if kind is not None and not pooled:
        return _single(kind, asked)
    named = bool(asked.wanted.texts or asked.wanted.label)
    plain = asked.read.word_column is None and asked.read.tag_column is None \
        and asked.read.format in ("auto", "csv", "table", "jsonl")
    if kind is None and not named and not plain:
        return asked
    texts = dataclasses.replace(asked, kind=kind or "classification")
    pairs = None if asked.wanted.texts else looks_like_texts(labelled, texts.texts.read)
    if kind is None and not named and pairs is None:
        refuse_without_label(labelled, texts.texts.read)
        return asked
    return dataclasses.replace(texts, wanted=dataclasses.replace(
        asked.wanted, pairs=asked.wanted.pairs or bool(pairs)))
