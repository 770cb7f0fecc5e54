"""Scores of taggers as deployed: on whole sentences, and on text in its natural spelling."""

import logging
import pathlib
from typing import Any, Dict, List, Mapping, Optional, Sequence, cast

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.words import DICTIONARY, has_dictionary, has_unspaced
from xtremedistil_tf.inference.runtimes.keras import load_keras
from xtremedistil_tf.inference.runtimes.teacher import teacher_model
from xtremedistil_tf.inference.tagger import TextTagger
from xtremedistil_tf.jobs.prepared import Prepared
from xtremedistil_tf.jobs.results import Taught
from xtremedistil_tf.metrics.as_written import (
    found_entities,
    gold_entities,
    score_entities,
    written,
)
from xtremedistil_tf.models.teacher import Teacher
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.validation.run_files import made_once

log = logging.getLogger("absl")


def _uncut(
    tagger: TextTagger, features: Features, predicted: Sequence[Sequence[str]],
    examples: Sequence[Example],
) -> List[List[str]]:
    """Tags sentences that `seq_len` had cut again, in windows as the runtimes do."""
    cut = [row for row in range(len(features)) if (features.word_starts[row] < 0).any()]
    again = tagger.tag_words([examples[row].words for row in cut])
    tags = [list(row) for row in predicted]
    for row, (own, _) in zip(cut, again):
        tags[row] = list(own)
    return tags


def _written_scores(
    tagger: TextTagger, examples: Sequence[Example], segmentation: Optional[str]
) -> Dict[str, Any]:
    """Scores running text in languages that are mostly written without spaces."""
    chars: Dict[str, List[int]] = {}
    for row in examples:
        of_language = chars.setdefault(row.language, [0, 0])
        of_language[0] += sum(map(has_unspaced, row.words))
        of_language[1] += len(row.words)
    unspaced = {name for name, (there, all_words) in chars.items() if 2 * there > all_words}
    rows = [row for row in examples if row.language in unspaced]
    if not rows:
        return {}
    if segmentation == DICTIONARY and not has_dictionary():
        log.warning("%s: not scored as written, since a dictionary splits their words; the extra "
                    "[segmentation] has it", ", ".join(sorted(unspaced)))
        return {}
    texts = [written(row.words) for row in rows]
    found = tagger([text for text, _ in texts])
    return score_entities(
        [gold_entities(words, row.tags) for (_, words), row in zip(texts, rows)],
        [found_entities(entities) for entities in found], [row.language for row in rows])


def _read(
    tagger: TextTagger, prepared: Prepared, rows: Mapping[str, Features],
    predicted: Mapping[str, Sequence[Sequence[str]]],
) -> Dict[str, Dict[str, Any]]:
    """Reads the scored splits as deployed; by split "tags" and, with entities, "as_written"."""
    task = prepared.task
    entities = task_kind(task.labels.kind).entities
    return {split: {
        "tags": _uncut(tagger, rows[split], predicted[split], task.examples[split]),
        "as_written": _written_scores(tagger, task.examples[split], prepared.segmentation)
        if entities else {}} for split in task.scored}


def _read_by_teacher(
    teacher: Teacher, record: Mapping[str, Any], prepared: Prepared,
    predicted: Mapping[str, Sequence[Sequence[str]]],
) -> Dict[str, Dict[str, Any]]:
    """Reads as `_read`, and decodes as the run does.

    Runs that share a targets folder have the teacher read once.
    """
    path = None
    if prepared.answers is not None:
        rule = prepared.segmentation or "spaces"
        if rule == DICTIONARY and not has_dictionary():
            rule = "no_dictionary"  # Nothing is scored as written; a later run may have one.
        path = prepared.answers.with_name(f"{prepared.answers.stem}-deployed-{rule}.json")

    def read() -> Dict[str, Dict[str, Any]]:
        tagger = teacher_model(teacher, {
            **record, "segmentation": prepared.task.segmentation,
            "decoding": getattr(prepared.task.labels, "decoding", None)})
        return _read(cast(TextTagger, tagger), prepared, prepared.teacher_features, predicted)

    return made_once(path, prepared.task.scored, read)


def deployed_scores(
    prepared: Prepared, taught: Optional[Taught], folder: pathlib.Path,
    predictions: Dict[str, Dict[str, Any]],
) -> Dict[str, Dict[str, Any]]:
    """Scores teacher and student as deployed, beside the paper's scores at `seq_len`.

    Args:
      prepared: the data.
      taught: the teacher; None without one.
      folder: the run folder with the saved student.
      predictions: tags at `seq_len`, by model and split.

    Returns:
      By "teacher" and "student": "deployed" has scores by split on whole sentences; "as_written"
      has scores by split and language on running text in scripts without spaces (if there is such a
      language). Empty for other kinds of task.

    Source: not in the paper, where words beyond 32 subword tokens count as O.
    """
    task = prepared.task
    kind = task_kind(task.labels.kind)
    if not kind.tags_words or not task.scored:
        return {}
    found = {"student": _read(cast(TextTagger, load_keras(folder)), prepared, prepared.features,
                              predictions["student"])}
    # Finished models are scored at seq_len only.
    if taught is not None and isinstance(taught.teacher, Teacher):
        found["teacher"] = _read_by_teacher(taught.teacher, taught.record, prepared,
                                            predictions["teacher"])
    scores: Dict[str, Dict[str, Any]] = {}
    for who, read in found.items():
        rows = prepared.teacher_features if who == "teacher" else prepared.features
        scores[who] = {"deployed": {}}
        for split, answers in read.items():
            scores[who]["deployed"][split] = kind.score_fully(
                rows[split].tags, answers["tags"], rows[split].languages, task.labels)
        if any(answers["as_written"] for answers in read.values()):
            scores[who]["as_written"] = {
                split: answers["as_written"] for split, answers in read.items()}
    return scores
