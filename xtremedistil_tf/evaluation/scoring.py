"""What is measured of a model and written of its predictions, by the kind of task."""

import dataclasses
from typing import Any, Callable, Dict, List, Sequence

from xtremedistil_tf.config import CLASSIFICATION, REGRESSION, TAGGING
from xtremedistil_tf.evaluation.classification import class_details, predict_labels, score_labels
from xtremedistil_tf.evaluation.measures import MEASURE_NAMES
from xtremedistil_tf.evaluation.regression import predict_numbers, score_numbers
from xtremedistil_tf.evaluation.tagging import predict_tags, score_tags
from xtremedistil_tf.inputs.alignment import Features, Labels
from xtremedistil_tf.inputs.examples import DEFAULT_LANGUAGE, Example

Rows = Sequence[Sequence[str]]


def _tagged(row: Example, predicted: Sequence[str]) -> str:
    """`words<TAB>lang:tag ...`."""
    return " ".join(row.words) + "\t" + " ".join(f"{row.language}:{tag}" for tag in predicted)


def _classified(row: Example, predicted: Sequence[str]) -> str:
    """`text<TAB>label`, or two texts before it, with `lang:` where the row has one."""
    prefix = "" if row.language == DEFAULT_LANGUAGE else f"{row.language}:"
    return row.text + "\t" + prefix + predicted[0]


def _no_details(gold: Rows, predicted: Rows, labels: Labels) -> Dict[str, Any]:
    return {}


@dataclasses.dataclass(frozen=True)
class Scorer:
    """How a kind of task is measured.

    Attributes:
      predict: (forward, features, labels) -> labels a row.
      score: (gold, predicted, languages, names of all labels) -> scores, 0 to 100.
      details: (gold, predicted, labels) -> what final scores have beside them.
      line: (example, predicted) -> a line of a predictions file.
      headline: the scores that one line of text names.
    """

    predict: Callable[[Any, Features, Any], List[List[str]]]
    score: Callable[[Rows, Rows, Sequence[str], Sequence[str]], Dict[str, Any]]
    details: Callable[[Rows, Rows, Any], Dict[str, Any]]
    line: Callable[[Example, Sequence[str]], str]
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


SCORERS: Dict[str, Scorer] = {
    TAGGING: Scorer(predict_tags, score_tags, _no_details, _tagged, ("macro_f1", "micro_f1")),
    CLASSIFICATION: Scorer(predict_labels, score_labels, class_details, _classified,
                           ("accuracy", "macro_f1", "f1", "matthews")),
    REGRESSION: Scorer(predict_numbers, score_numbers, _no_details, _classified,
                       ("pearson", "spearman")),
}


def scorer_of(labels: Labels) -> Scorer:
    """The scorer of a label set's kind of task."""
    return SCORERS[labels.kind]
