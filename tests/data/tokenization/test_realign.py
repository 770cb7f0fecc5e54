"""A student's own pieces beside its teacher's: first pieces of the same words, and the markers."""

import numpy as np
import pytest

from xtremedistil_tf.data.labels import ClassSet, LabelSet
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization import alignment
from xtremedistil_tf.data.tokenization.alignment import align
from xtremedistil_tf.data.tokenization.realign import places_of, realign_features
from xtremedistil_tf.data.tokenization.token_store import open_pieces, open_realigned, realign_texts
from xtremedistil_tf.models.tokenizers import definition, train_wordpiece

SEQ_LEN = 14


@pytest.fixture(scope="module")
def own(sample_words):
    """Another tokenizer: pieces of single characters mostly."""
    return train_wordpiece(sample_words[:3], 60, True)


@pytest.fixture
def texts(sample_words):
    return [Example(tuple(words), ("O",) * len(words)) for words in sample_words]


def test_places_of_a_row():
    # Teacher: [CLS] a ##a b c [SEP]; student: [CLS] a b ##b ##b [SEP], c cut off by its seq_len.
    places = places_of(np.array([1, 3, 4]), 6, np.array([1, 2, -1]), 6)
    assert places.tolist() == [0, 1, 3, -1, -1, 5] and places.dtype == np.int32


def test_places_name_the_same_words(tokenizer, own, texts, tmp_path, monkeypatch):
    monkeypatch.setattr(alignment, "_CHUNK", 7)
    realign_texts(tokenizer, own, texts, rows=len(texts), seq_len=SEQ_LEN, folder=tmp_path / "own",
                  fingerprint="a")
    rows = open_realigned(tmp_path / "own")
    theirs, ours = (align(one, texts, SEQ_LEN, LabelSet(("O",))) for one in (tokenizer, own))
    found = realign_features(theirs, ours)
    for row in range(len(texts)):
        np.testing.assert_array_equal(rows.input_ids[row], ours.input_ids[row])
        np.testing.assert_array_equal(rows.places[row], found.places[row])
        words = {int(at): word for word, at in enumerate(theirs.word_starts[row])}
        for piece, place in enumerate(rows.places[row][1:-1], 1):
            if place >= 0:
                assert ours.word_starts[row][words[int(place)]] == piece
        assert rows.places[row][[0, -1]].tolist() == [0, len(theirs.input_ids[row]) - 1]
    # Both kinds of piece are there: with a place, and without.
    assert 0.1 < np.mean(rows.places.values >= 0) < 0.9


def test_a_row_with_one_target_needs_no_places(tokenizer, own, texts):
    labelled = [Example(text.words, ("a",)) for text in texts]
    features = [align(one, labelled, SEQ_LEN, ClassSet(("a", "b"))) for one in (tokenizer, own)]
    found = realign_features(*features)
    assert found.places is None and found.input_ids is features[1].input_ids


def test_rows_without_places_are_opened_as_such(own, texts, tmp_path):
    from xtremedistil_tf.data.tokenization.token_store import tokenise_texts

    tokenise_texts(own, texts, rows=len(texts), seq_len=SEQ_LEN, folder=tmp_path / "own",
                   fingerprint="a")
    assert open_realigned(tmp_path / "own").places is None
    assert len(open_pieces(tmp_path / "own")) == len(texts)


def test_tokenizers_are_told_apart_by_what_they_give(tokenizer, own):
    before = definition(tokenizer)
    tokenizer(["a"], truncation=True, max_length=4)  # Sets the truncation inside.
    assert definition(tokenizer) == before != definition(own)
