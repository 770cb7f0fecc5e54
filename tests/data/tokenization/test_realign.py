"""A student's own pieces beside its teacher's: first pieces of the same words, and the markers."""

import numpy as np
import pytest

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization import alignment
from xtremedistil_tf.data.tokenization.alignment import align, pieces_of
from xtremedistil_tf.data.tokenization.cut import fit_tokenizer
from xtremedistil_tf.data.tokenization.realign import in_memory, realign, realigned_of
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


def _expected(theirs, ours, row):
    """Places of a sequence, word by word."""
    places = np.full(len(ours.input_ids[row]), -1)
    places[0], places[-1] = 0, len(theirs.input_ids[row]) - 1
    for own, their in zip(ours.word_starts[row], theirs.word_starts[row]):
        if own >= 0 and their >= 0:
            places[own] = their
    return places


def test_places_name_the_same_words(tokenizer, own, texts, tmp_path, monkeypatch):
    monkeypatch.setattr(alignment, "_CHUNK", 7)
    realign_texts(realigned_of(tokenizer, own, texts, SEQ_LEN), rows=len(texts),
                  folder=tmp_path / "own", fingerprint="a")
    rows, found = open_realigned(tmp_path / "own"), realign(tokenizer, own, texts, SEQ_LEN)
    theirs, ours = (align(one, texts, SEQ_LEN, LabelSet(("O",))) for one in (tokenizer, own))
    for row in range(len(texts)):
        np.testing.assert_array_equal(rows.input_ids[row], ours.input_ids[row])
        np.testing.assert_array_equal(found.input_ids[row], ours.input_ids[row])
        for places in (rows.places[row], found.places[row]):
            np.testing.assert_array_equal(places, _expected(theirs, ours, row))
    # Both kinds of piece are there: with a place, and without.
    assert rows.places.values.dtype == np.int32 and 0.1 < np.mean(rows.places.values >= 0) < 0.9


def test_a_word_that_both_split_alike_has_a_place_for_each_piece(tokenizer, texts):
    """The student's tokenizer is the teacher's without the pieces of a few words."""
    counts = np.zeros(len(tokenizer))
    for text in texts[::2]:
        counts[tokenizer([list(text.words)], is_split_into_words=True)["input_ids"][0]] += 1
    own = fit_tokenizer(tokenizer, counts, lambda one: np.ones(len(one)), min_count=20)
    pieces, own_pieces = (one.convert_ids_to_tokens(list(range(len(one))))
                          for one in (tokenizer, own))
    own_ids = np.array([own_pieces.index(piece) if piece in own_pieces else -1
                        for piece in pieces])
    found = in_memory(realigned_of(tokenizer, own, texts, SEQ_LEN, own_ids=own_ids))
    theirs, ours = (align(one, texts, SEQ_LEN, LabelSet(("O",))) for one in (tokenizer, own))
    later = 0
    for row in range(len(texts)):
        their, mine = theirs.input_ids[row], ours.input_ids[row]
        expected = _expected(theirs, ours, row)
        ends = [[*at[at >= 0].tolist(), len(ids) - 1] for at, ids in (
            (ours.word_starts[row], mine), (theirs.word_starts[row], their))]
        for at, to, end, ending in zip(ends[0], ends[1], ends[0][1:], ends[1][1:]):
            if own.convert_ids_to_tokens(mine[at:end].tolist()) \
                    == tokenizer.convert_ids_to_tokens(their[to:ending].tolist()):
                expected[at:end] = np.arange(to, ending)
                later += end - at - 1
        np.testing.assert_array_equal(found.places[row], expected)
    assert later and (found.places.values < 0).any()


def test_rows_without_places_are_opened_as_such(own, texts, tmp_path):
    from xtremedistil_tf.data.tokenization.token_store import tokenise_texts

    tokenise_texts(pieces_of(own, texts, SEQ_LEN), rows=len(texts), folder=tmp_path / "own",
                   fingerprint="a")
    assert open_realigned(tmp_path / "own").places is None
    assert len(open_pieces(tmp_path / "own")) == len(texts)


def test_tokenizers_are_told_apart_by_what_they_give(tokenizer, own):
    before = definition(tokenizer)
    tokenizer(["a"], truncation=True, max_length=4)  # Sets the truncation inside.
    assert definition(tokenizer) == before != definition(own)
