"""Scores of a tagger by both decodings, for the benchmarks that compare them."""

import dataclasses
import pathlib
import statistics
from typing import Any, Callable, Dict, List, Sequence

import xtremedistil_tf
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.inference.assets import load_assets, student_path
from xtremedistil_tf.inference.tagger import Tagger
from xtremedistil_tf.metrics.tagging import score_tags

WAYS = {"constrained": "constrained", "each word alone": "independent"}


def both_ways(
    rows: Sequence[Example], tags: Sequence[str], predict: Callable[[LabelSet], List[List[str]]]
) -> Dict[str, Any]:
    """Macro-F1 both ways, and the share of sentences whose tags are not valid.

    Args:
      rows: labelled sentences.
      tags: the tags in the order of labels.tsv.
      predict: tags all rows as the label set's decoding says.
    """
    found: Dict[str, Any] = {}
    for name, way in WAYS.items():
        labels = LabelSet(tags, way)
        predicted = predict(labels)
        scores = score_tags([row.tags for row in rows], predicted, [row.language for row in rows])
        found[name] = {"macro_f1": scores["macro_f1"], "not_valid": statistics.fmean(
            labels.repair(own)[1] > 0 for own in predicted)}
    return found


def run_both_ways(run: pathlib.Path, rows: Sequence[Example], *, cut: bool) -> Dict[str, Any]:
    """The same of a run folder's student.

    Args:
      run: a finished run folder.
      rows: labelled sentences.
      cut: words beyond the training's seq_len are O, as in a run's own scores.
    """
    assets = load_assets(student_path(run))
    logits = xtremedistil_tf.load(run, "keras").logits
    words = [list(row.words) for row in rows]

    def predict(labels: LabelSet) -> List[List[str]]:
        tagger = Tagger(dataclasses.replace(assets, labels=labels), logits)
        tagger = tagger.cut_at_seq_len() if cut else tagger
        return [list(own) for own, _ in tagger.tag_words(words)]

    return both_ways(rows, assets.labels.tags, predict)
