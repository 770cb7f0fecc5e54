"""The graph's words and ids are Python's and the fast tokenizer's, over every script."""

import numpy as np
import pytest
from tokenizers import BertWordPieceTokenizer, Tokenizer, models

from tests.conftest import ROOT
from tests.odd_texts import ADVERSARIAL, BLOCKS, fuzz
from xtremedistil_tf.data.words import split_words
from xtremedistil_tf.export.savedmodel.text.characters import (
    CODES,
    NotInGraph,
    check_word_piece,
    paged,
    piece_tables,
)
from xtremedistil_tf.export.savedmodel.text.graph_text import Pieces, WordSplitter, given_words
from xtremedistil_tf.keras2 import tf


@pytest.fixture(scope="module")
def sentences():
    """Real sentences of the sample's ten languages, running text again."""
    lines = (ROOT / "data" / "ner" / "test.tsv").read_text("utf-8").splitlines()[::5]
    return [line.split("\t")[0] for line in lines]


@pytest.fixture(scope="module", params=[True, False], ids=["uncased", "cased"])
def tokenizer_and_graph(request, tmp_path_factory):
    """A tokenizer that knows many characters, and its form in a graph."""
    letters = sorted({chr(code) for first, last in BLOCKS for code in range(first, last)
                      if code % 16 and chr(code).strip()})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters,
              *(f"##{letter}" for letter in letters), "an", "##na", "##er", "the", "«a"]
    tokenizer = BertWordPieceTokenizer(
        {piece: index for index, piece in enumerate(pieces)}, lowercase=request.param)._tokenizer
    tokenizer.encode_special_tokens = True
    tables = piece_tables(tokenizer)
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_bytes(("\n".join(tables.vocabulary) + "\n").encode("utf-8"))
    return tokenizer, Pieces(tables, str(path))


def graph_words(splitter, texts):
    """(begin, end) and text of the words of each text, as the graph splits."""
    words = splitter(tf.constant(texts, tf.string))
    split = [[] for _ in texts]
    for row, *word in zip(*(value.numpy().tolist() for value in
                            (words.row, words.text, words.begin, words.end))):
        split[row].append((word[0].decode(), word[1], word[2]))
    return split


@pytest.mark.parametrize("keep_whole", [False, True])
def test_words_are_pythons(keep_whole, sentences):
    texts = ADVERSARIAL + fuzz(1500, 1) + sentences
    assert graph_words(WordSplitter(keep_whole), texts) == [
        split_words(text, keep_whole=keep_whole) for text in texts]


def test_ids_are_the_tokenizers(tokenizer_and_graph, sentences):
    tokenizer, pieces = tokenizer_and_graph
    texts = ADVERSARIAL + fuzz(2500, 2) + sentences
    split = [[word for word, _, _ in split_words(text)] for text in texts]
    ids, owner = (value.numpy() for value in pieces(WordSplitter(False)(tf.constant(texts))))
    first_words = np.cumsum([0, *map(len, split)])
    bounds = np.searchsorted(owner, first_words)
    unknown = 0
    for row, encoding in enumerate(tokenizer.encode_batch(split, is_pretokenized=True)):
        part = slice(bounds[row], bounds[row + 1])
        assert ids[part].tolist() == encoding.ids[1:-1], texts[row]
        assert (owner[part] - first_words[row]).tolist() == encoding.word_ids[1:-1], texts[row]
        unknown += encoding.ids.count(1)
    assert unknown < len(ids) / 2  # Else the test would see little.


def test_every_character_by_itself(tokenizer_and_graph):
    tokenizer, pieces = tokenizer_and_graph
    codes = [code for code in range(0x3400) if not chr(code).isspace()]
    words = np.array([[f"a{chr(code)}b" for code in codes]], object)
    ids, owner = pieces(given_words(tf.constant(words), tf.ones(words.shape, tf.bool)))
    ids = np.split(ids.numpy(), np.searchsorted(owner.numpy(), np.arange(1, len(codes))))
    for code, found, encoding in zip(
            codes, ids, tokenizer.encode_batch(list(words[0]), add_special_tokens=False)):
        assert found.tolist() == encoding.ids, hex(code)


def test_bytes_that_are_not_utf8_cost_themselves_only():
    words = WordSplitter(False)(tf.constant([b"ab \xff\xfe cd", b"\xc3", b"x\xe4\xb8"]))
    text = [word.decode() for word in words.text.numpy()]
    assert text[0] == "ab" and "cd" in text and text[-1].startswith("x")


def test_a_folded_table_is_the_table():
    table = np.random.default_rng(0).integers(0, 3, CODES // 4096).repeat(4096)
    index, pages = paged(table)
    codes = np.arange(CODES)
    assert np.array_equal(pages[index[codes >> 8] * 256 + (codes & 255)], table)
    assert len(pages) <= 3 * 256


def test_other_tokenizers_are_refused():
    with pytest.raises(NotInGraph, match="BPE"):
        check_word_piece(Tokenizer(models.BPE()))
    gap = BertWordPieceTokenizer({"[UNK]": 0, "[CLS]": 1, "[SEP]": 3})._tokenizer
    with pytest.raises(NotInGraph, match="gaps"):
        check_word_piece(gap)
