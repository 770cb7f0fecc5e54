"""What is measured of a model and written of its predictions, by the kind of task."""

import dataclasses
import functools
import pathlib
from typing import Any, Callable, Dict, List, Sequence

from xtremedistil_tf.config import CLASSIFICATION, REGRESSION, SPANS, TAGGING
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example
from xtremedistil_tf.data.tokenization.alignment import Features, Labels
from xtremedistil_tf.metrics.classification import class_details, predict_labels, score_labels
from xtremedistil_tf.metrics.measures import MEASURE_NAMES
from xtremedistil_tf.metrics.prediction_files import write_predictions
from xtremedistil_tf.metrics.regression import predict_numbers, score_numbers
from xtremedistil_tf.metrics.squad import (
    predict_answers,
    score_answers,
    write_answers,
    write_gold_answers,
)
from xtremedistil_tf.metrics.tagging import predict_tags, score_tags

Rows = Sequence[Sequence[str]]


def _tagged(row: Example, predicted: Sequence[str]) -> str:
    """`words<TAB>lang:tag ...`."""
    return " ".join(row.words) + "\t" + " ".join(f"{row.language}:{tag}" for tag in predicted)


def _classified(row: Example, predicted: Sequence[str]) -> str:
    """`text<TAB>label`, or two texts before it, with `lang:` where the row has one."""
    prefix = "" if row.language == DEFAULT_LANGUAGE else f"{row.language}:"
    return row.text + "\t" + prefix + predicted[0]


def _write_rows(
    line: Callable[[Example, Sequence[str]], str], folder: pathlib.Path, split: str, who: str,
    examples: Sequence[Example], predicted: Rows,
) -> None:
    write_predictions(folder / f"{split}.{who}.tsv",
                      [line(*pair) for pair in zip(examples, predicted)])


def _write_gold_rows(
    line: Callable[[Example, Sequence[str]], str], folder: pathlib.Path, split: str,
    examples: Sequence[Example],
) -> None:
    _write_rows(line, folder, split, "gold", examples, [row.tags for row in examples])


def _no_details(gold: Rows, predicted: Any, labels: Labels) -> Dict[str, Any]:
    return {}


@dataclasses.dataclass(frozen=True)
class Scorer:
    """How a kind of task is measured.

    Attributes:
      predict: (forward, features, labels) -> labels a row, or an answer a question.
      score: (gold, predicted, languages, names of all labels) -> scores, 0 to 100.
      details: (gold, predicted, labels) -> what final scores have beside them.
      write: (folder, split, whose, examples, predicted): writes the files of predictions.
      write_gold: (folder, split, examples): writes what they are held against.
      headline: the scores that one line of text names.
    """

    predict: Callable[[Any, Features, Any], List[Any]]
    score: Callable[[Rows, Any, Sequence[str], Sequence[str]], Dict[str, Any]]
    details: Callable[[Rows, Any, Any], Dict[str, Any]]
    write: Callable[[pathlib.Path, str, str, Any, Any], None]
    write_gold: Callable[[pathlib.Path, str, Any], None]
    headline: Sequence[str]

    def evaluate(self, forward: Any, features: Features, labels: Labels) -> Dict[str, Any]:
        """Predicts and scores labelled rows."""
        predicted = self.predict(forward, features, labels)
        return self.score(features.tags, predicted, features.languages, labels.tags)

    def describe(self, scores: Dict[str, Any]) -> str:
        """The headline's scores as text, those that there are."""
        told = ", ".join(f"{MEASURE_NAMES[name]} {scores[name]:.2f}" for name in self.headline
                         if name in scores)
        languages = len(scores["languages"])
        spread = f", std {scores['std_f1']:.2f} over {languages} languages" \
            if "std_f1" in scores else ""
        return told + spread


def _writers(line: Callable[[Example, Sequence[str]], str]) -> Dict[str, Any]:
    """What writes files of a line a row."""
    return {"write": functools.partial(_write_rows, line),
            "write_gold": functools.partial(_write_gold_rows, line)}


SCORERS: Dict[str, Scorer] = {
    TAGGING: Scorer(predict_tags, score_tags, _no_details, headline=("macro_f1", "micro_f1"),
                    **_writers(_tagged)),
    CLASSIFICATION: Scorer(predict_labels, score_labels, class_details,
                           headline=("accuracy", "macro_f1", "f1", "matthews"),
                           **_writers(_classified)),
    REGRESSION: Scorer(predict_numbers, score_numbers, _no_details,
                       headline=("pearson", "spearman"), **_writers(_classified)),
    SPANS: Scorer(predict_answers, score_answers, _no_details, write_answers, write_gold_answers,
                  ("f1", "exact", "best_f1", "best_exact")),
}


def scorer_of(labels: Labels) -> Scorer:
    """The scorer of a label set's kind of task."""
    return SCORERS[labels.kind]
