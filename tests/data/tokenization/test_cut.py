"""A tokenizer cut to the pieces of a text: what it reads, what it keeps, and what it refuses."""

import json

import numpy as np
import pytest
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from xtremedistil_tf.data.tokenization.cut import (
    check_cuttable,
    count_pieces,
    cut_tokenizer,
    fit_tokenizer,
)
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.models.tokenizers import train_wordpiece

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
SCORED = {"\u2581": -2.0, "\u2581new": -5.0, "\u2581ne": -6.5, "w": -4.0, "n": -4.1, "e": -4.2,
          "er": -4.5, "r": -4.3, "s": -4.4, "est": -5.1, "t": -4.6, "\u2581old": -5.3, "o": -4.7,
          "l": -4.8, "d": -4.9, "x": -20.0, "wer": -6.0}
TEXTS = [["newer", "newest"], ["older", "new"], ["newer", "old", "news"]]


def unigram(byte_fallback=False):
    """A tokenizer like XLM-R's, with a mask token outside of its model."""
    scored = [(piece, 0.0) for piece in SPECIAL] + list(SCORED.items())
    scored += [(f"<0x{byte:02X}>", -9.0) for byte in range(256)] if byte_fallback else []
    made = Tokenizer(models.Unigram(scored, unk_id=3, byte_fallback=byte_fallback))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    made.post_processor = processors.TemplateProcessing(
        "<s> $A </s>", "<s> $A </s> </s> $B </s>", [("<s>", 0), ("</s>", 2)])
    made.add_special_tokens([*SPECIAL, "<mask>"])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", unk_token="<unk>", cls_token="<s>",
        sep_token="</s>", mask_token="<mask>")


def pieces_of(tokenizer, words):
    return tokenizer.convert_ids_to_tokens(
        tokenizer(words, is_split_into_words=True)["input_ids"])


def counted(tokenizer, texts):
    return count_pieces([np.array(tokenizer(text, is_split_into_words=True)["input_ids"])
                         for text in texts], len(tokenizer))


def fitted(tokenizer, texts, min_count):
    return fit_tokenizer(tokenizer, counted(tokenizer, texts), lambda own: counted(own, texts),
                         min_count=min_count)


def test_a_text_is_read_as_before_with_all_of_its_pieces():
    whole = unigram()
    own = fitted(whole, TEXTS, 1)
    assert [pieces_of(own, text) for text in TEXTS] == [pieces_of(whole, text) for text in TEXTS]
    kept = set(own.get_vocab())
    # Pieces that no text uses are gone; special tokens and the text's characters are there.
    assert {"\u2581ne", "wer", "x"}.isdisjoint(kept)
    assert {*SPECIAL, "<mask>", *"\u2581newrstold"} <= kept
    assert sorted(own.get_vocab().values()) == list(range(len(own)))
    assert (own.pad_token, own.unk_token, own.mask_token) == ("<pad>", "<unk>", "<mask>")
    # The template of pairs has the new ids.
    assert own("new", "old")["input_ids"] == own.convert_tokens_to_ids(
        ["<s>", "\u2581new", "</s>", "</s>", "\u2581old", "</s>"])


def test_a_rare_piece_is_split_into_pieces_that_are_known():
    whole = unigram()
    assert pieces_of(whole, ["newest"])[1:-1] == ["\u2581new", "est"]
    own = fitted(whole, TEXTS, 2)
    assert "est" not in own.get_vocab()  # It stands in the text once.
    assert pieces_of(own, ["newest"])[1:-1] == ["\u2581new", "e", "s", "t"]
    assert own.unk_token_id not in own("west", add_special_tokens=False)["input_ids"]
    assert pieces_of(own, ["x\u4e00"])[1:-1] == ["\u2581", "<unk>"]


def test_scores_are_kept_as_float32():
    whole = unigram()
    held = json.loads(whole.backend_tokenizer.to_str())
    held["model"]["vocab"][5][1] = float(np.float32(-5.1234567))
    whole.backend_tokenizer.model = models.Unigram(
        [tuple(row) for row in held["model"]["vocab"]], unk_id=3)
    own = cut_tokenizer(whole, np.ones(len(whole), bool))
    score = json.loads(own.backend_tokenizer.to_str())["model"]["vocab"][5][1]
    assert np.float32(score) == np.float32(-5.1234567) and len(str(score)) < 11


def test_bytes_stay_where_they_stand_for_unknown_characters():
    own = fitted(unigram(byte_fallback=True), TEXTS, 1)
    assert pieces_of(own, ["\u00e9"])[1:-1] == ["\u2581", "<0xC3>", "<0xA9>"]


def test_wordpiece_keeps_all_characters_so_that_no_word_gets_unknown(sample_words):
    tokenizer = train_wordpiece(sample_words, 800, True)
    texts = [list(words) for words in sample_words]
    own = fitted(tokenizer, texts, 10)
    assert len(own) < len(tokenizer) - 20
    counts, before = counted(own, texts), counted(tokenizer, texts)
    assert counts[own.unk_token_id] == before[tokenizer.unk_token_id]
    pieces = own.convert_ids_to_tokens(list(range(len(own))))
    unused = {piece for piece, count in zip(pieces, counts) if not count}
    assert all(len(piece.removeprefix("##")) == 1 or piece in own.all_special_tokens
               for piece in unused)
    # Words of the same letters in another order are read, too.
    turned = [[word[::-1] for word in text] for text in texts]
    assert counted(own, turned)[own.unk_token_id] \
        <= counted(tokenizer, turned)[tokenizer.unk_token_id]


def test_a_cut_tokenizer_is_saved_and_loaded(tmp_path, tokenizer, sample_words):
    own = fitted(tokenizer, [list(words) for words in sample_words], 2)
    own.save_pretrained(tmp_path)
    loaded = transformers.AutoTokenizer.from_pretrained(tmp_path)
    words = list(sample_words[0])
    assert pieces_of(loaded, words) == pieces_of(own, words)
    assert loaded.pad_token_id == own.pad_token_id


def test_other_models_are_refused():
    with pytest.raises(UserError, match="cannot cut .* which is BPE; allowed: WordPiece, Unigram"):
        check_cuttable(transformers.PreTrainedTokenizerFast(tokenizer_object=Tokenizer(
            models.BPE({"a": 0}, []))))
    with pytest.raises(UserError, match="whose ids have gaps"):
        check_cuttable(transformers.PreTrainedTokenizerFast(tokenizer_object=Tokenizer(
            models.WordPiece({"[UNK]": 0, "a": 2}, unk_token="[UNK]"))))
    check_cuttable(unigram())
