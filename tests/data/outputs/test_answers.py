"""Files of a teacher's answers: every form, every mistake with its line, and their targets."""

import json

import numpy as np
import pytest

from tests.squad import WORDS
from xtremedistil_tf.config import SquadConfig
from xtremedistil_tf.data.outputs.answers import (
    AnswersText,
    Candidate,
    parse_answers,
    read_answers,
    window_logits,
)
from xtremedistil_tf.data.tokenization.windows import WindowCutter
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.models.tokenizers import train_wordpiece

CONTEXT = "he came by Porto and Bonn"
ASKED = {"question": "Which city ?", "context": CONTEXT}


def write(folder, *rows, name="answers.jsonl"):
    path = folder / name
    path.write_text("".join(f"{json.dumps({**ASKED, **row})}\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize(("said", "candidates"), [
    ({"answer": "Porto"}, [Candidate(11, 16, 0.99)]),
    ({"answer": " Bonn ", "start": 20, "score": 0.4, "end": 25}, [Candidate(21, 25, 0.4)]),
    ({"answer": ""}, [Candidate(-1, -1, 0.99)]),
    ({"answers": []}, [Candidate(-1, -1, 0.99)]),
    ({"answers": [{"text": "Porto", "answer_start": 11, "probability": 0.5},
                  {"answer": "", "start": 0, "end": 0, "score": 0.3}, "Bonn"]},
     [Candidate(11, 16, 0.5), Candidate(-1, -1, 0.3), Candidate(21, 25, 0.99)]),
    ({"answer": None}, []), ({}, []),
    ({"answer": "an"}, [Candidate(17, 19, 0.99)]), ({"answer": "me"}, [Candidate(5, 7, 0.99)]),
    ({"answer": "e", "context": "he or e"}, [Candidate(6, 7, 0.99)]),
])
def test_answers_in_every_form(said, candidates):
    question, found = parse_answers({**ASKED, "language": "pt", **said})
    assert list(found) == candidates
    assert (question.text, question.context, question.language) == (
        "Which city ?", said.get("context", CONTEXT), "pt")


@pytest.mark.parametrize(("said", "message"), [
    ({"answer": "Tver"}, "the answer 'Tver' does not stand in the context"),
    ({"answer": "Bonn", "start": 11}, "at 11 the context has 'Port', not 'Bonn'"),
    ({"answer": "Bonn", "start": True}, "'start' is True; needed is a whole number"),
    ({"answer": "Bonn", "start": "4"}, "'start' is '4'; needed is a whole number"),
    ({"answer": "Bonn", "start": -1}, "'start' is -1; needed is a whole number"),
    ({"answer": "Bonn", "start": 21.5}, "'start' is 21.5; needed is a whole number"),
    ({"answer": "Bonn", "start": float("nan")}, "'start' is nan; needed is a whole number"),
    ({"answer": "Bonn", "score": float("inf")}, "a score is inf; needed is a probability"),
    ({"answer": "\ud800"}, "an escape that is half a character"),
    ({"answer": "Bonn", "score": 1.5}, "a score is 1.5; needed is a probability, 0 to 1"),
    ({"answer": "Bonn", "score": "high"}, "a score is 'high'; needed is a probability, 0 to 1"),
    ({"answer": {"start": 3}}, "needed is its text in 'answer'"),
    ({"answer": 3}, "needed is its text in 'answer'"),
    ({"answers": "Bonn"}, "'answers' are 'Bonn'; needed is a list"),
    ({"answers": [3]}, "an answer is 3; needed is a text or an object"),
    ({"context": " "}, "'context' is ' '; needed is a text"),
    ({"question": None}, "'question' is None; needed is a text"),
    ({"language": 3}, "'language' is 3; needed is a code"),
])
def test_mistakes_are_told_with_their_line(tmp_path, said, message):
    path = write(tmp_path, {"answer": "Porto", "question": "Where ?"}, said)
    with pytest.raises(UserError, match=rf"answers.jsonl:2: .*{message}"):
        read_answers(path)


def test_a_file_is_read_whole(tmp_path):
    path = write(tmp_path, {"answer": "Porto"}, {"answer": "Porto"}, {"question": "Who ?"})
    found = read_answers(path)
    assert [len(one) for one in found.candidates] == [1, 0]
    assert [row.text for row in AnswersText(path)] == ["Which city ?", "Who ?"]
    with pytest.raises(UserError, match="jsonl:2: repeats a question with other answers"):
        read_answers(write(tmp_path, {"answer": "Porto"}, {"answer": "Bonn"}))
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\nnothing\n")
    with pytest.raises(UserError, match="empty.jsonl:2: not JSON"):
        read_answers(empty)
    empty.write_text("\n")
    with pytest.raises(UserError, match="no row in it"):
        read_answers(empty)


@pytest.fixture(name="tokenizer", scope="module")
def _tokenizer():
    return train_wordpiece([*WORDS, CONTEXT.split() * 2], 200, False)


def _windows(tokenizer, paths, seq_len, weights=(1.0,)):
    cutter = WindowCutter(tokenizer.backend_tokenizer, seq_len, SquadConfig(1, 3))
    return [(tokenizer.convert_ids_to_tokens(ids), np.exp(logits.astype(float))) for ids, logits
            in window_logits([read_answers(path) for path in paths], weights, cutter)]


def test_each_window_has_the_answer_or_none(tokenizer, tmp_path):
    path = write(tmp_path, {"answer": "Porto and", "score": 0.6}, {"question": "Who ?"})
    ((tokens, whole),) = _windows(tokenizer, [path], 30)  # Of "Who ?" nothing is said.
    assert tokens == ["[CLS]", "Which", "city", "?", "[SEP]", *CONTEXT.split(), "[SEP]"]
    rest = 0.4 / 6  # Six tokens of context share what is left.
    np.testing.assert_allclose(whole[8], [0.6 + rest, rest])
    np.testing.assert_allclose(whole[9], [rest, 0.6 + rest])
    assert whole[0].max() < 1e-5 and whole[11].max() < 1e-5
    np.testing.assert_allclose(whole.sum(axis=0), 1.0, atol=1e-4)
    parts = _windows(tokenizer, [path], 9)  # Windows of three words, one of them shared.
    assert [tokens[5:-1] for tokens, _ in parts] == [
        ["he", "came", "by"], ["by", "Porto", "and"], ["and", "Bonn"]]
    assert [found[:, 0].argmax() for _, found in parts] == [0, 6, 0]
    assert [found[:, 1].argmax() for _, found in parts] == [0, 7, 0]


def test_several_teachers_are_averaged_and_scores_are_scaled(tokenizer, tmp_path):
    one = write(tmp_path, {"answers": [{"answer": "Porto", "score": 0.9},
                                       {"answer": "", "score": 0.9}]})
    other = write(tmp_path, {"answer": "Bonn"}, {"question": "Who ?", "answer": "he"},
                  name="other.jsonl")
    (_, found), (_, alone) = _windows(tokenizer, [one, other], 30, (3.0, 1.0))
    np.testing.assert_allclose(found[[0, 8, 10], 0], [0.75 * 0.495, 0.75 * 0.495, 0.25 * 0.99],
                               atol=0.01)
    assert alone[4 if len(alone) < 12 else 5:, 0].argmax() == 0
