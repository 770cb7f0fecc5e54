"""JSON of tools: what annotators rejected, what is no row, and refusals with the row's keys."""

import pytest

from tests.corpora.readers.test_records import TAGGED, TEXT, rows_of, spans

PER = (TAGGED[0], ("B-PER", "O", "O", "O"))


@pytest.mark.parametrize("mark", [
    {"correct": False}, {"status": "rejected"}, {"answer": "reject"}, {"deleted": True},
    {"is_correct": "false"}, {"accepted": False}, {"State": "Discarded"}, {"isDeleted": True}])
def test_entities_that_annotators_rejected_are_left_out_and_told(mark):
    first, second = spans()
    kept = {name: True if value is False else False if value is True else "accepted"
            for name, value in mark.items()}
    rows, counts = rows_of({"text": TEXT, "annotations": [{**first, **kept}, {**second, **mark}]},
                           {"text": TEXT, "annotations": [first, second]},
                           {"text": TEXT, "annotations": [{**second, **mark}]})
    assert rows == [PER, TAGGED, (TAGGED[0], ("O",) * 4)] and counts["rejected_entities"] == 2


@pytest.mark.parametrize("mark", [{"correct": None}, {"status": "negated"}, {"correct": True},
                                  {"certainty": "rejected"}])
def test_what_else_is_said_of_an_entity_keeps_it(mark):
    (row,), counts = rows_of({"text": TEXT, "entities": [{**one, **mark} for one in spans()]})
    assert row == TAGGED and not counts["rejected_entities"]


@pytest.mark.parametrize(("states", "answers", "expected"), [
    (["discarded"], [spans()], []), (["draft"], [spans()], []), (["submitted"], [spans()],
                                                                 [TAGGED]),
    (["discarded", "submitted"], [[], spans()], [TAGGED]),
    (["draft", "submitted"], [[], spans()], [TAGGED]),
    (["discarded", "draft"], [spans(), spans()], []), (None, [spans()], [TAGGED])])
def test_discarded_answers_of_argilla_are_no_gold(states, answers, expected):
    rows, counts = rows_of({"text": TEXT, "span.responses": answers, "status": "completed",
                            "span.responses.status": states,
                            "span.responses.users": ["u", "v"][:len(answers)]})
    assert rows == expected and counts["rejected_rows"] == (not expected)
