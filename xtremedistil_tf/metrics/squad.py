"""Answers to labelled questions: SQuAD 2.0's scores and prediction files."""

import pathlib
import types
from typing import Any, Dict, List, Sequence

from xtremedistil_tf.compat import squad_evaluate
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization.alignment import Features, Labels
from xtremedistil_tf.metrics.answer_spans import Answer, find_answers
from xtremedistil_tf.runs import write_json


def predict_answers(forward: Any, features: Features, labels: Labels) -> List[Answer]:
    """Answers every question.

    Args:
      forward: a `models.forward.Forward` that returns "logits" [batch, time, 2].
      features: sequences of `data.tokenization.windows.window_features`.
      labels: ignored.

    Returns:
      One answer for each question.
    """
    assert features.contexts is not None, "windows have them"
    return find_answers(features.contexts, (
        (rows, outputs["logits"]) for rows, _, outputs in forward.batches(features.input_ids)))


def score_answers(
    gold: Sequence[Sequence[str]], predicted: Sequence[Answer], languages: Sequence[str],
    names: Sequence[str] = (),
) -> Dict[str, Any]:
    """SQuAD 2.0's scores, by the script in transformers that follows the official one.

    Args:
      gold: the accepted answers of each question; empty for unanswerable questions.
      predicted: the predicted answers.
      languages, names: ignored.

    Returns:
      Scores from 0 to 100 under the official script's names: `exact` and `f1` of all questions, of
      answerable ones (HasAns_) and of unanswerable ones (NoAns_), with "no answer" predicted if
      `null_odds` is above 0; their numbers under `total`; `best_exact` and `best_f1` with their
      thresholds of `null_odds` (_thresh). Also `languages`: {default: exact, f1, support}.

    Source: Rajpurkar et al. (2018), section 5; their evaluation script.
    """
    examples = [types.SimpleNamespace(qas_id=at, answers=[{"text": text} for text in texts])
                for at, texts in enumerate(gold)]
    texts = {at: answer.spans[0].text for at, answer in enumerate(predicted)}
    odds = {at: answer.null_odds for at, answer in enumerate(predicted)}
    scores = dict(squad_evaluate()(examples, texts, odds, 0.0))
    return {**scores, "languages": {DEFAULT_LANGUAGE: {
        "exact": scores["exact"], "f1": scores["f1"], "support": scores["total"]}}}


def write_answers(
    folder: pathlib.Path, split: str, who: str, questions: Sequence[Question],
    predicted: Sequence[Answer],
) -> None:
    """Writes answers in the format of SQuAD's script.

    Three objects by question id: the answers (predictions.json), `Answer.null_odds`
    (null_odds.json), and the best spans even if "no answer" won (best_spans.json).
    """
    for name, value in (("null_odds", lambda answer: answer.null_odds),
                        ("best_spans", lambda answer: answer.spans[0].text),
                        ("predictions", lambda answer: answer.text)):
        write_json(folder / f"{split}.{who}.{name}.json",
                   {question.id: value(answer) for question, answer in zip(questions, predicted)})


def write_gold_answers(folder: pathlib.Path, split: str, questions: Sequence[Question]) -> None:
    """Writes questions with their accepted answers, for comparison with the predictions."""
    write_json(folder / f"{split}.gold.json",
               {question.id: {"question": question.text, "answers": list(question.tags)}
                for question in questions})


