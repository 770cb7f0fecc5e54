"""The graph's tokenizers are the fast tokenizers, over every script and recipe."""

import json
import random

import numpy as np
import pytest
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing

from tests.odd_texts import ADVERSARIAL, fuzz
from tests.tokenizer_recipes import CHARSMAP, RECIPES, make_bpe, make_unigram
from xtremedistil_tf.export.savedmodel.text import graph_tokenizers
from xtremedistil_tf.export.savedmodel.text.characters import NotInGraph
from xtremedistil_tf.export.savedmodel.text.charsmap import make_charsmap, read_charsmap
from xtremedistil_tf.export.savedmodel.text.graph_text import given_words
from xtremedistil_tf.export.savedmodel.text.graph_tokenizers import graph_tokenizer
from xtremedistil_tf.export.savedmodel.text.unigram import model_proto
from xtremedistil_tf.keras2 import tf

# Keys of the charsmap, marks that join what is before, and characters that join what is after.
_PARTS = ["\u0301", "\u0302", "\u0300", "\u0653", "\u200d", "\u093c", "\u3099", "\u0600", "\u06dd",
          "\r", "\n", "\0", " ", "  ", "▁", "'", "`", "<unk>", "a", "e", "ê", "क", "का", "か", "各",
          "\u0903", "🇫🇷", "👩‍👧", "\u1161", "′", "x", *CHARSMAP]


def marked(count, seed):
    """Words of characters with marks, controls, spaces and runs of one character."""
    draw = random.Random(seed)
    return ["".join(draw.choices(_PARTS, k=draw.randint(1, 9))) for _ in range(count)]


WORDS = [*(word for text in [*ADVERSARIAL, *fuzz(1200, 5)] for word in text.split(" ")),
         *marked(3000, 6), "a" * 700]


def read(graph, words):
    """Ids and words from the graph, as lists for each word."""
    row = tf.constant(np.array([words], object), tf.string)
    run = tf.function(lambda row: graph(given_words(row, tf.ones_like(row, tf.bool))))
    ids, owner = (value.numpy() for value in run(row))
    return np.split(ids, np.searchsorted(owner, np.arange(1, len(words))))


def unlike(tokenizer, folder, words):
    """Words that the graph reads otherwise; and the share of unknown tokens."""
    found = read(graph_tokenizer(tokenizer, folder), words)
    encoded = tokenizer.encode_batch(
        [[word] for word in words], is_pretokenized=True, add_special_tokens=False)
    unknown = sum(encoding.tokens.count("<unk>") for encoding in encoded)
    return [(word, ids.tolist(), encoding.ids) for word, ids, encoding in
            zip(words, found, encoded) if ids.tolist() != encoding.ids], \
        unknown / sum(map(len, found))


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_word_has_the_ids_of_the_fast_unigram_tokenizer(recipe, tmp_path):
    words, unknown = unlike(make_unigram(recipe), tmp_path, WORDS)
    assert not words and unknown < 0.5  # Else the test would see little.


# What GPT-2's pattern is about.
CUT = ["don't", "'s", "it's's", "''s", "'tis", "we'll've", "'LL", "o'reilly", "a'", "x'd'y", "1'st",
       "\u00a0a", "a\u00a0", "a\u00a0\u2003b", "a\t b", "a \u00a0 'sb", "\u3000\u3000", "½²٣",
       "abc12!?x", "東京'd", "!'s", "\u00a0's"]


@pytest.mark.parametrize("recipe", ["roberta", "sentencepiece"])
def test_every_word_has_the_ids_of_the_fast_bpe_tokenizer(recipe, sample_words, tmp_path):
    own = [word for words in sample_words for word in words]
    tokenizer = make_bpe(recipe, [*own, "aaa aaaa", "it's", "we'll"])
    words, unknown = unlike(tokenizer, tmp_path, [*CUT, *own, *WORDS[:-1:4], "aaaaa" * 9])
    assert not words and unknown < 0.5


def test_a_charsmap_is_read_as_far_as_its_keys_count():
    counting = {key: value for key, value in CHARSMAP.items() if len(key.encode("utf-8")) < 6
                and not any(key[:end] in CHARSMAP for end in range(1, len(key)))}
    assert read_charsmap(make_charsmap({**CHARSMAP, "½x": "begins with a key"})) == counting
    assert {len(key) for key in counting} == {1, 2, 3} and len(counting) == len(CHARSMAP) - 3
    with pytest.raises(ValueError):
        read_charsmap((4).to_bytes(4, "little") + b"\0" * 3)


def test_equally_probable_ways_are_chosen_as_by_the_fast_tokenizer(tmp_path):
    """Added as 32-bit floats, "aa" + "a" and "a" + "aa" would differ after some words' begins."""
    tokenizer = make_unigram("xlmr")
    draw = random.Random(1)
    words = ["".join(draw.choice("bcdefgh") for _ in range(draw.randint(1, 9))) + "aaa"
             for _ in range(300)]
    found = read(graph_tokenizer(tokenizer, tmp_path), words)
    assert [ids.tolist() for ids in found] == [
        tokenizer.encode([word], is_pretokenized=True, add_special_tokens=False).ids
        for word in words]


def test_the_model_is_as_sentencepiece_defines_it():
    """Two pieces and the unknown one again; field numbers of sentencepiece_model.proto."""
    assert model_proto([("<unk>", 0.0), ("▁a", -1.5)], 0) == (
        b"\x0a\x0b\x0a\x02 0\x15\0\0\0\0\x18\x02"
        b"\x0a\x0d\x0a\x04\xe2\x96\x81a\x15\0\0\xc0\xbf\x18\x01"
        b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x01"
        b"\x1a\x10\x0a\x08identity\x18\0\x20\0\x28\0")


def _changed(change):
    tokenizer = make_unigram("xlmr")
    changed = change(tokenizer)
    return changed if changed is not None else tokenizer


def _with_model(**values):
    def change(tokenizer):
        parts = json.loads(tokenizer.to_str())
        parts["model"].update(values)
        return Tokenizer.from_str(json.dumps(parts))
    return change


def _with(part, value):
    return lambda tokenizer: setattr(tokenizer, part, value)


@pytest.mark.parametrize("change, reason", [
    (lambda _: Tokenizer(models.WordLevel({"a": 0}, "a")), "WordLevel; a graph has WordPiece, Un"),
    (lambda tokenizer: tokenizer.add_tokens(["Bonn"]) and None, "added token 'Bonn'"),
    (_with_model(byte_fallback=True), "falls back to bytes"),
    (_with_model(vocab=[["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["\0", -2.0]]),
     r"a token with the character U\+0000"),
    (_with("normalizer", normalizers.NFKC()), "normalizer is NFKC"),
    (_with("normalizer", normalizers.NFD()), "NFD without StripAccents"),
    (_with("normalizer", normalizers.Replace(Regex("a+"), "b")), r"replaces 'a\+' by 'b'"),
    (_with("normalizer", normalizers.Replace("ab", "c")), "replaces 'ab' by 'c'"),
    (_with("pre_tokenizer", pre_tokenizers.Whitespace()), "pre-tokenizer is Whitespace"),
    (_with("pre_tokenizer", pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")])),
     "first part of a word"),
    (_with("post_processor", TemplateProcessing(single="$A", pair="$A $B", special_tokens=[])),
     "two special tokens"),
], ids=["words", "added", "bytes", "zero", "nfkc", "nfd", "regex", "two", "punctuation", "first",
        "bare"])
def test_what_a_graph_cannot_read_is_refused(change, reason, tmp_path):
    with pytest.raises(NotInGraph, match=reason):
        graph_tokenizer(_changed(change), tmp_path)


def test_a_graph_that_reads_otherwise_is_refused(monkeypatch, tmp_path):
    other = make_unigram("albert")
    build = graph_tokenizers._BUILDERS["Unigram"]
    monkeypatch.setitem(graph_tokenizers._BUILDERS, "Unigram", lambda _, __, folder: build(
        other, json.loads(other.to_str()), folder))
    with pytest.raises(NotInGraph, match="'Angela' in other subword tokens"):
        graph_tokenizer(make_unigram("xlmr"), tmp_path)
