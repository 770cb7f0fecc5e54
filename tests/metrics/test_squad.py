"""Answers: the best spans over windows, SQuAD's scores by hand, the files of predictions."""

import itertools
import json

import numpy as np
import pytest

from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization.alignment import Contexts
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.inference.answerer import TextAnswerer
from xtremedistil_tf.metrics.answer_spans import Answer, Span, best_spans, find_answers
from xtremedistil_tf.metrics.squad import score_answers, write_answers
from xtremedistil_tf.reporting.answer_table import answer_table
from xtremedistil_tf.tasks import TASKS


def answer(text, odds):
    """An answer whose span has the score 0."""
    return Answer((Span(text, 0.0, 0, len(text)),), float(odds))


def test_the_best_spans_are_those_of_all_pairs():
    random = np.random.default_rng(3)
    starts, ends = random.normal(size=(2, 4, 9)).astype(np.float32)
    allowed = random.random((4, 9)) < 0.7
    first, last, scores = best_spans(starts, ends, allowed, 3, most=5)
    for row in range(4):
        every = sorted(((float(starts[row, one] + ends[row, two]), one, two)
                        for one, two in itertools.product(range(9), repeat=2)
                        if one <= two < one + 3 and allowed[row, one] and allowed[row, two]),
                       reverse=True)[:5]
        assert list(zip(first[row], last[row])) == [(one, two) for _, one, two in every]
        np.testing.assert_allclose(scores[row], [score for score, _, _ in every], rtol=1e-5)
    # Where there are fewer, the rest is marked.
    _, _, few = best_spans(starts, ends, np.eye(4, 9, dtype=bool), 3, most=5)
    assert np.isfinite(few).sum(1).tolist() == [1] * 4


def windowed(texts, owners, spans, longest=2):
    """Contexts whose rows have a marker, then pieces at the given characters."""
    begins = [[-1, *(begin for begin, _ in row)] for row in spans]
    ends = [[-1, *(end for _, end in row)] for row in spans]
    return Contexts(texts, np.array(owners, np.int32), Ragged.of(begins), Ragged.of(ends), longest)


def test_windows_of_a_context_are_joined_and_no_answer_must_win_in_all():
    contexts = windowed(["ab cd ef", "xy"], [0, 0, 1],
                        [[(0, 2), (3, 5)], [(3, 5), (6, 8)], [(0, 2)]])
    logits = np.zeros([3, 3, 2], np.float32)
    logits[0, :, 0], logits[0, :, 1] = [3, 1, 0], [3, 0, 2]      # "ab cd": 1 + 2, none: 6.
    logits[1, :, 0], logits[1, :, 1] = [0.5, 4, 0], [0, 1, 0.5]  # "cd": 5, none: 0.5.
    logits[2, :, 0], logits[2, :, 1] = [2, 0, 9], [2, 1, 9]      # "xy": 1, none: 4; then padding.
    batches = [np.array([2, 0]), np.array([1])]
    found = find_answers(contexts, [(rows, logits[rows]) for rows in batches])
    assert found[0].spans[0] == Span("cd", 5.0, 3, 5) and found[0].null == 0.5
    assert [span.text for span in found[0].spans] == ["cd", "cd ef", "ab cd", "ab", "ef"]
    assert (found[0].text, found[0].null_odds) == ("cd", -4.5)
    assert (found[1].text, found[1].null_odds) == ("", 3.0) and found[1].spans[0].text == "xy"


def test_spaces_that_a_tokenizer_gives_to_a_piece_are_left_out():
    found = find_answers(windowed([" Bonn "], [0], [[(0, 6)]]),
                         [(np.array([0]), np.zeros([1, 2, 2], np.float32))])
    assert found[0].spans == (Span("Bonn", 0.0, 1, 5),)
    nothing = find_answers(windowed([" "], [0], [[(0, 1)]]),
                           [(np.array([0]), np.zeros([1, 2, 2], np.float32))])
    assert (nothing[0].text, nothing[0].null_odds) == ("", 0.0)
    # Surely no answer: there is nothing else.
    said = TextAnswerer.describe(TextAnswerer.__new__(TextAnswerer), nothing[0])
    assert (said["answer"], said["score"], said["start"]) == ("", 1.0, None)


GOLD = [("the Eiffel Tower", "Eiffel"), ("in 1889",), (), ()]
FOUND = [answer("Eiffel tower!", -2), answer("1889", 1), answer("wrong", -1), answer("Paris", 3)]


def test_scores_by_hand():
    scores = score_answers(GOLD, FOUND, ["default"] * 4)
    # 1: right but for case, article and punctuation. 2: none given. 3: one given. 4: none given.
    assert (scores["exact"], scores["f1"], scores["total"]) == (50.0, 50.0, 4)
    assert (scores["HasAns_exact"], scores["HasAns_f1"], scores["HasAns_total"]) == (50, 50, 2)
    assert (scores["NoAns_exact"], scores["NoAns_f1"], scores["NoAns_total"]) == (50, 50, 2)
    # Answers up to -2 only: one more is right, the third question's.
    assert (scores["best_exact"], scores["best_exact_thresh"]) == (75.0, -2.0)
    assert (scores["best_f1"], scores["best_f1_thresh"]) == (75.0, -2.0)
    assert scores["languages"] == {"default": {"exact": 50.0, "f1": 50.0, "support": 4}}
    json.dumps(scores)


def test_f1_counts_words_in_common_with_the_nearest_answer():
    def f1(gold, found):
        return score_answers([gold], [answer(found, -1)], [])["f1"]

    assert f1(("in 1889", "the year"), "1889") == pytest.approx(100 * 2 / 3)
    # Two of four words found, two of three gold ones: the article is none.
    assert f1(("a b b c",), "b b b d") == pytest.approx(100 * 2 * (2 / 4 * 2 / 3) / (2 / 4 + 2 / 3))
    assert f1(("Bonn",), "Porto") == 0 and f1(("Bonn",), "the  BONN.") == 100
    assert f1((), "Bonn") == 0 and score_answers([()], [answer("Bonn", 1)], [])["f1"] == 100


def test_questions_of_one_kind_have_no_scores_of_the_other():
    scores = score_answers([()], [answer("x", 1)], [])
    assert "HasAns_f1" not in scores and scores["NoAns_f1"] == 100


def test_files_score_as_the_run_does(tmp_path):
    questions = [Question(f"id{at}", "?", "c", tags) for at, tags in enumerate(GOLD)]
    TASKS["spans"].write(tmp_path, "dev", "student", questions, FOUND)
    TASKS["spans"].write_gold(tmp_path, "dev", questions)
    read = {name: json.loads((tmp_path / f"dev.student.{name}.json").read_text("utf-8"))
            for name in ("predictions", "null_odds", "best_spans")}
    assert read["predictions"] == {"id0": "Eiffel tower!", "id1": "", "id2": "wrong", "id3": ""}
    assert read["null_odds"] == {"id0": -2.0, "id1": 1.0, "id2": -1.0, "id3": 3.0}
    assert read["best_spans"]["id3"] == "Paris"
    gold = json.loads((tmp_path / "dev.gold.json").read_text("utf-8"))
    assert gold["id1"] == {"question": "?", "answers": ["in 1889"]} and not gold["id2"]["answers"]
    # What the official script makes of predictions.json alone.
    again = score_answers(GOLD, [answer(text, -1) if text else answer("", 1)
                                 for text in read["predictions"].values()], [])
    assert again["exact"] == score_answers(GOLD, FOUND, [])["exact"]
    write_answers(tmp_path, "dev", "student", questions[:1], FOUND[:1])
    assert "id1" not in (tmp_path / "dev.student.predictions.json").read_text("utf-8")
    # Questions of a transfer file have no ids; none may take the place of another.
    write_answers(tmp_path, "held_out", "student", [Question("", "?", "c")] * 4, FOUND)
    assert list(json.loads((tmp_path / "held_out.student.predictions.json").read_text("utf-8"))
                ) == ["0", "1", "2", "3"]


def test_the_reports_table():
    student = {"dev": score_answers(GOLD, FOUND, [])}
    text = answer_table({"student": student, "start": {"name": "small"}})
    assert "## Questions, dev" in text and "| with an answer | 2 | 50.00 | 50.00 |" in text
    assert "exact match 75.00 at -2.0000" in text
    assert answer_table({"student": {}, "start": {"name": "s"}}) == ""
