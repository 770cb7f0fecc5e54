"""Scores of a tagger: entity F1 by language, and its mean and deviation over languages."""

import collections
import warnings
from typing import Any, Dict, List, Sequence

import numpy as np
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.metrics.decoding import decode


def predict_tags(forward: Any, features: Features, labels: LabelSet) -> List[List[str]]:
    """Tags every word of every sequence; words that were cut off are O.

    Args:
      forward: a `models.inference.Forward` that returns "logits".
      features: the sequences.
      labels: the label set.

    Returns:
      A list of tags for each sequence, in the order of the features.
    """
    predicted: List[List[str]] = [[] for _ in range(len(features))]
    # A finished teacher may need the words to tell a B- tag from an I- tag.
    asked = {"starts": features.word_starts} if getattr(forward, "wants_starts", False) else {}
    for rows, _, outputs in forward.batches(features.input_ids, **asked):
        starts = [features.word_starts[row] for row in rows]
        logits = outputs["logits"]
        if labels.transitions is not None:
            logits = logits / labels.transitions.temperature
        for row, (tags, _) in zip(rows, decode(logits, starts, labels)):
            predicted[row] = tags
    return predicted


def _phrase_scores(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Dict:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The score of a language without entities is zero here.
        precision, recall, f1, support = precision_recall_fscore_support(
            [list(tags) for tags in gold], [list(tags) for tags in predicted], average="micro",
            zero_division=0,
        )
    return {"precision": 100.0 * float(precision), "recall": 100.0 * float(recall),
            "f1": 100.0 * float(f1), "support": int(support)}


def score_tags(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], languages: Sequence[str],
    names: Sequence[str] = (),
) -> Dict[str, Any]:
    """Entity-level precision, recall and F1.

    Args:
      gold, predicted: IOB2 tags, one list for each sentence, of equal lengths.
      languages: the language of each sentence.
      names: ignored.

    Returns:
      `macro_f1` and `std_f1` (mean and standard deviation over languages with entities), `micro_f1`
      (all sentences together) and `languages`: {name: precision, recall, f1, support}. Scores are 0
      to 100.

    Source: paper section 6, "average F1-score and standard deviation across languages for
    phrase-level evaluation".
    """
    rows = collections.defaultdict(list)
    for row, language in enumerate(languages):
        rows[language].append(row)
    by_language = {
        language: _phrase_scores([gold[r] for r in rows[language]],
                                 [predicted[r] for r in rows[language]])
        for language in sorted(rows)
    }
    f1 = [scores["f1"] for scores in by_language.values() if scores["support"]] or [0.0]
    return {
        "macro_f1": float(np.mean(f1)),
        "micro_f1": _phrase_scores(gold, predicted)["f1"],
        "std_f1": float(np.std(f1)),
        "languages": by_language,
    }
