"""A word that is tokenized once has the subword tokens that it has in each sentence."""

import itertools

import numpy as np
import pytest

from tests.golden.cases import FOLDER, STUDENTS
from tests.odd_texts import ADVERSARIAL, fuzz
from xtremedistil_tf.data.tokenization import word_pieces
from xtremedistil_tf.data.tokenization.word_pieces import WordPieces
from xtremedistil_tf.inference.assets import load_assets

SENTENCES = [text.split(" ") for text in (*ADVERSARIAL, *fuzz(60, 7), *fuzz(10, 7))]
WORDS = list(itertools.chain.from_iterable(SENTENCES))


@pytest.mark.parametrize("student", STUDENTS)
def test_they_are_those_of_whole_sentences(student):
    assets = load_assets(FOLDER / student / "onnx")
    pieces_of, table = WordPieces(assets.tokenizer, assets.vocabulary), assets.vocabulary.table
    first, last = pieces_of.ends
    at = 0
    found = pieces_of(WORDS)
    for words in SENTENCES:
        encoding = assets.tokenizer.encode(words, is_pretokenized=True)
        ends = found.starts[[at, at + len(words)]]
        ids = [first, *found.values[slice(*ends)].tolist(), last]
        assert ids == table[np.array(encoding.ids)].tolist()
        for number in range(len(words)):
            assert len(found[at + number]) == encoding.word_ids.count(number)
        at += len(words)


def test_words_are_tokenized_once_and_forgotten_beyond_a_limit(monkeypatch):
    assets = load_assets(FOLDER / STUDENTS[0] / "onnx")
    asked = []

    class Counting:
        encode = assets.tokenizer.encode

        def encode_batch(self, sentences, **options):
            asked.extend(itertools.chain.from_iterable(sentences))
            return assets.tokenizer.encode_batch(sentences, **options)

    pieces_of = WordPieces(Counting(), assets.vocabulary)
    expected = pieces_of(["Anna", "Weber", "Anna"])
    again = pieces_of(["Anna", "Weber", "Anna"])
    assert asked == ["Anna", "Weber"]
    assert again.values.tolist() == expected.values.tolist()
    monkeypatch.setattr(word_pieces, "_REMEMBERED", 10)
    assert len(pieces_of(["Bonn", "Anna"])) == 2 and asked == ["Anna", "Weber", "Bonn"]
    pieces_of(["Anna"])
    assert asked == ["Anna", "Weber", "Bonn", "Anna"]
