"""Answers to labelled questions: SQuAD 2.0's scores and prediction files."""

import collections
import dataclasses
import pathlib
import types
from typing import Any, Dict, Iterable, List, Sequence

from xtremedistil_tf.compat import squad_evaluate
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization.alignment import Features, Labels
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.metrics.answer_spans import Answer, find_answers


def predict_answers(forward: Any, features: Features, labels: Labels) -> List[Answer]:
    """Answers every question.

    Args:
      forward: a `models.inference.Forward` that returns "logits" [batch, time, 2].
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
      languages: the language of each question.
      names: ignored.

    Returns:
      Scores from 0 to 100 under the official script's names: `exact` and `f1` of all questions, of
      answerable ones (HasAns_) and of unanswerable ones (NoAns_), with "no answer" predicted if
      `null_odds` is above 0; their numbers under `total`; `best_exact` and `best_f1` with their
      thresholds of `null_odds` (_thresh). Also `languages`: exact, f1 and support of each language.

    Source: Rajpurkar et al. (2018), section 5; their evaluation script.
    """
    rows: Dict[str, List[int]] = collections.defaultdict(list)
    for at, language in enumerate(languages):
        rows[language].append(at)
    whole = _official(gold, predicted, range(len(gold)))
    each = {name: whole if len(rows) == 1 else _official(gold, predicted, own)
            for name, own in sorted(rows.items())}
    return {**whole, "languages": {
        name: {"exact": scores["exact"], "f1": scores["f1"], "support": scores["total"]}
        for name, scores in each.items()}}


def _official(
    gold: Sequence[Sequence[str]], predicted: Sequence[Answer], rows: Iterable[int]
) -> Dict[str, Any]:
    """The script's scores of some questions."""
    rows = list(rows)
    examples = [types.SimpleNamespace(qas_id=at, answers=[{"text": text} for text in gold[at]])
                for at in rows]
    return dict(squad_evaluate()(
        examples, {at: predicted[at].spans[0].text for at in rows},
        {at: predicted[at].null_odds for at in rows}, 0.0))


def without_answer(row: Question, labels: Labels) -> Question:
    """A question as it is: tokenization needs no answer."""
    return row


def with_answer(row: Question, answer: Answer) -> Question:
    """A question whose only accepted answer is a model's; for no answer it has none."""
    if not answer.text:
        return dataclasses.replace(row, tags=(), start=-1)
    return dataclasses.replace(row, tags=(answer.text,), start=answer.spans[0].begin)


def write_answers(
    folder: pathlib.Path, split: str, who: str, questions: Sequence[Question],
    predicted: Sequence[Answer],
) -> None:
    """Writes answers in the format of SQuAD's script.

    Three objects by question id: the answers (predictions.json), `Answer.null_odds`
    (null_odds.json), and the best spans even if "no answer" won (best_spans.json). Questions
    without an id, as those of a transfer file, have their numbers from 0.
    """
    names = [question.id or str(number) for number, question in enumerate(questions)]
    for name, value in (("null_odds", lambda answer: answer.null_odds),
                        ("best_spans", lambda answer: answer.spans[0].text),
                        ("predictions", lambda answer: answer.text)):
        write_json(folder / f"{split}.{who}.{name}.json",
                   dict(zip(names, map(value, predicted))))


def write_gold_answers(folder: pathlib.Path, split: str, questions: Sequence[Question]) -> None:
    """Writes questions with their accepted answers, for comparison with the predictions."""
    write_json(folder / f"{split}.gold.json",
               {question.id: {"question": question.text, "answers": list(question.tags)}
                for question in questions})


