"""The parts of an evaluation for tagging."""

import pathlib
from typing import Dict, List, Sequence, Tuple

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.rows import Example, split_language, wrong_tags
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.kinds.prediction_rows import read_rows, value_of
from xtremedistil_tf.metrics.significance import count_phrases, f1_of_counts
from xtremedistil_tf.metrics.uncertainty.resampling import Resampled

Tags = Sequence[str]


def resampled(
    gold: Sequence[Tags], answers: Sequence[Sequence[Tags]], languages: Sequence[str],
    labels: LabelSet,
) -> Resampled:
    """Macro-F1 (mean over languages) and micro-F1 of all models under weights of the sentences."""
    counts = np.array([[count_phrases(true, own) for own in found]
                       for true, found in zip(gold, zip(*answers))], float)
    code = np.array(list(languages))
    of_language = [np.flatnonzero(code == name) for name in sorted(set(languages))]
    # A language without entities has no score, as in `score_tags`.
    scored = [rows for rows in of_language if counts[rows, 0, 2].any()]

    def scores(weights: np.ndarray) -> Dict[str, np.ndarray]:
        def f1(rows: np.ndarray) -> np.ndarray:
            return f1_of_counts(np.tensordot(weights[:, rows], counts[rows], 1))

        parts = [f1(rows) for rows in scored] or [f1(np.arange(len(counts)))]
        return {"macro_f1": np.mean(parts, axis=0), "micro_f1": f1(np.arange(len(counts)))}

    return scores


def unit_right(gold: Tags, answer: Tags) -> np.ndarray:
    """True for each word whose tag is right."""
    return np.array([true == own for true, own in zip(gold, answer)], bool)


def error_size(gold: Tags, answer: Tags) -> float:
    """Number of entities that were missed or are wrong; words for tags without entities."""
    there, found = set(get_entities(list(gold))), set(get_entities(list(answer)))
    return float(len(there ^ found))


def _shown(words: Sequence[str], tags: Tags) -> str:
    return "; ".join(f"{kind}: {' '.join(words[first:last + 1])}"
                     for kind, first, last in get_entities(list(tags)))


def show_gold(row: Example) -> str:
    """The entities of a sentence, as `LOC: Bonn; PER: Anna Weber`."""
    return _shown(row.words, row.tags)


def show_answer(row: Example, answer: Tags) -> str:
    """The predicted entities, in the form of `show_gold`."""
    return _shown(row.words, answer)


def read_predictions(
    path: pathlib.Path, rows: Sequence[Example], labels: LabelSet
) -> Tuple[List[List[str]], None]:
    """Reads lines `words<TAB>tags`, as runs and xtremedistil-predict --format=tsv write them.

    Raises:
      UserError: for rows that are not those of the labelled file, or tags that it does not have.
    """
    answers = []
    for found, row in zip(read_rows(path, rows), rows):
        if isinstance(found.answer, dict):
            raise UserError(f"{found.place}: JSON; tags are read from lines words<TAB>tags, which "
                            "xtremedistil-predict --format=tsv writes")
        tags = [split_language(tag, labels)[1] for tag in value_of(found, "tags").split()]
        if len(tags) != len(row.words):
            raise UserError(f"{found.place}: {len(tags)} tags for {len(row.words)} words")
        wrong = wrong_tags(tags, lambda tag: tag in labels)
        if wrong:
            raise UserError(f"{found.place}: {wrong[0]}; allowed: {', '.join(labels.tags)}")
        answers.append(tags)
    return answers, None
