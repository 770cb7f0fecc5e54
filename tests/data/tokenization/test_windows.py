"""Windows of contexts: what they share, where answers stand in them, what is cut out again."""

import numpy as np
import pytest

from tests.squad import WORDS
from xtremedistil_tf.config import BatchSize, SquadConfig
from xtremedistil_tf.data.pipelines.batches import labelled_batches
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization import windows as windows_module
from xtremedistil_tf.data.tokenization.cut import cut_tokenizer
from xtremedistil_tf.data.tokenization.realign_windows import realigned_windows
from xtremedistil_tf.data.tokenization.windows import WindowCutter, answer_place, window_features
from xtremedistil_tf.models.tokenizers import train_wordpiece

# Windows of 11 - 3 markers - 3 of the question = 5 pieces, 2 of them shared.
SETTINGS = SquadConfig(doc_stride=2, max_query_length=3, max_answer_length=4)
SEQ_LEN = 11


@pytest.fixture(scope="module")
def cities():
    return train_wordpiece(WORDS, 200, False)


def asked(context, answer=None, text="Which city ?"):
    return Question("q", text, context, *([(answer,), context.index(answer)] if answer else []))


def windows(tokenizer, *questions, settings=SETTINGS):
    return window_features(tokenizer, questions, SEQ_LEN, settings)


def pieces(tokenizer, features, row):
    return tokenizer.convert_ids_to_tokens(features.input_ids[row].tolist())


def cut_out(features, row):
    """The text between the two labels of a window; None where they point at the marker."""
    first, last = features.label_ids[row]
    begin, end = features.contexts.begins[row][first], features.contexts.ends[row][last]
    text = features.contexts.texts[features.contexts.owners[row]]
    return None if first == 0 else text[begin:end]


def test_windows_share_pieces_and_keep_question_and_markers(cities):
    features = windows(cities, asked("he she we saw the old tree house"), asked("a day"))
    question = ["[CLS]", "Which", "city", "?", "[SEP]"]
    assert [pieces(cities, features, row) for row in range(len(features))] == [
        [*question, "he", "she", "we", "saw", "the", "[SEP]"],
        [*question, "saw", "the", "old", "tree", "house", "[SEP]"],
        [*question, "a", "day", "[SEP]"]]
    assert features.contexts.owners.tolist() == [0, 0, 1]
    assert features.contexts.begins[2].tolist() == [-1] * 5 + [0, 2, -1]
    assert features.contexts.ends[2].tolist() == [-1] * 5 + [1, 5, -1]
    assert features.counts["windows"] == 3 and features.counts["cut_sentences"] == 1
    assert features.tags == [(), ()] and len(features.languages) == 3


def test_an_answer_at_an_edge_of_windows_and_one_cut_apart(cities):
    context = "he she we Bonn Porto old tree house"
    whole = windows(cities, asked(context, "Bonn Porto"))
    # The fourth and fifth piece are the last of one window and the first of the next.
    assert [cut_out(whole, row) for row in range(2)] == ["Bonn Porto", "Bonn Porto"]
    assert whole.label_ids.padded(np.arange(2), -1).tolist() == [[8, 9], [5, 6]]
    long = windows(cities, asked(context, "we Bonn Porto old"))
    # It is whole in no window: both say that there is none, and that is told.
    assert [cut_out(long, row) for row in range(2)] == [None, None]
    assert long.counts["lost_answers"] == 1 and whole.counts["lost_answers"] == 0
    only = windows(cities, asked("he she we saw the old Bonn house", "Bonn"))
    assert [cut_out(only, row) for row in range(2)] == [None, "Bonn"]
    assert only.counts["lost_answers"] == 0 and only.counts["answerable"] == 1


def test_offsets_are_characters_of_the_context_as_it_stands(cities):
    context = "  he\u00a0𝄞  Łódź, Bonnhouse"
    features = windows(cities, asked(context, "Łódź"), settings=SquadConfig(1, 3, 4))
    found = {cut_out(features, row) for row in range(len(features))} - {None}
    assert found == {"Łódź"}
    # An answer within a word: the pieces that it touches.
    inside = windows(cities, asked(context, "nnh"), settings=SquadConfig(1, 3, 4))
    (found,) = {cut_out(inside, row) for row in range(len(inside))} - {None}
    assert "nnh" in found and found in "Bonnhouse"


def test_a_marker_in_a_text_is_text_and_long_questions_are_cut(cities):
    context = "he [SEP] she"
    features = windows(cities, asked(context, "she", "Which city ? he she we saw"))
    assert pieces(cities, features, 0)[:5] == ["[CLS]", "Which", "city", "?", "[SEP]"]
    ids = np.concatenate([features.input_ids[row] for row in range(len(features))])
    assert (ids == cities.sep_token_id).sum() == 2 * len(features)
    # What is left of a word may have more pieces than the word's own.
    cutter = WindowCutter(cities.backend_tokenizer, SEQ_LEN, SETTINGS)
    ((window, *_),) = cutter([("he heheshexx", context)])
    assert sum(text == 0 for text in window.sequence_ids) <= 3


def test_answers_in_a_window_by_hand():
    begins, ends = np.array([-1, -1, -1, 3, 6, 8, -1]), np.array([-1, -1, -1, 5, 8, 12, -1])
    for start, end, place in ((3, 5, (3, 3)), (6, 12, (4, 5)), (7, 9, (4, 5)), (3, 12, (3, 5)),
                              (2, 5, (0, 0)), (8, 13, (0, 0)), (20, 22, (0, 0))):
        assert answer_place(begins, ends, start, end) == place, (start, end)
    nothing = np.full(4, -1)
    assert answer_place(nothing, nothing, 0, 1) == (0, 0)


def test_batches_hold_both_positions(cities):
    features = windows(cities, asked("he she Bonn", "Bonn"), asked("he she we"))
    ((inputs, targets),) = list(labelled_batches(
        features, BatchSize(2), 0, table=np.arange(len(cities), dtype=np.int32)))
    assert sorted(targets["labels"].numpy().tolist()) == [[0, 0], [7, 7]]
    assert targets["mask"].numpy().tolist() == [[1, 1], [1, 1]]
    row = targets["labels"].numpy().max(1).argmax()
    assert cities.convert_ids_to_tokens(int(inputs["input_ids"][row, 7])) == "Bonn"


def test_unlabelled_windows_are_those_of_labelled_questions(cities, monkeypatch):
    questions = [asked("he she we saw the old tree house"), asked("a day"), asked("we saw")]
    monkeypatch.setattr(windows_module, "CHUNK", 2)
    chunks = list(windows_module.window_pieces(cities, iter(questions), SEQ_LEN, SETTINGS))
    whole = windows(cities, *questions)
    assert [row.tolist() for ids, _ in chunks for row in ids] == [
        row.tolist() for row in whole.input_ids]
    assert [counts["sentences"] for _, counts in chunks] == [2, 1]
    assert sum(counts["windows"] for _, counts in chunks) == len(whole)


def test_a_students_own_tokens_have_places_where_both_have_the_same_characters(cities):
    """The student spells the city letter by letter, and has no place for its letters."""
    own = train_wordpiece([[*row, *"Porto"] for row in WORDS for _ in range(9)], 200, False)
    own = cut_tokenizer(own, np.array([piece != "Porto" for piece in
                                       own.convert_ids_to_tokens(list(range(len(own))))]))
    question = asked("he she we saw the old Porto house")
    ((ids, places, counts),) = realigned_windows(cities, own, [question], SEQ_LEN, SETTINGS)
    theirs = windows(cities, question).input_ids
    assert len(ids) == len(theirs) == counts["windows"] == 2 and counts["sentences"] == 1
    for row in range(2):
        read = own.convert_ids_to_tokens(ids[row].tolist())
        expected = cities.convert_ids_to_tokens(theirs[row].tolist())
        assert len(ids[row]) <= SEQ_LEN
        for piece, place in zip(read, places[row]):
            assert place < 0 and piece not in expected or piece == expected[place]
    assert read[-1] == "[SEP]" and places[1][-1] == len(theirs[1]) - 1
    assert (places[0] >= 0).all() and (places[1] < 0).sum() >= 2
