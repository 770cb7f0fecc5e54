"""Small tokenizers, made as the converters of transformers make those of the hub."""

import unicodedata

import numpy as np
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from tests.odd_texts import BLOCKS
from xtremedistil_tf.export.savedmodel.text.charsmap import make_charsmap

# Keys as of SentencePiece's nmt_nfkc: removed, made a space, one character, a character with marks.
CHARSMAP = {
    **{char: "" for char in "\u200b\u0007\u00ad\u0340"},
    **{char: " " for char in "\r\n\t\u00a0\u3000\u2028"},
    **{char: unicodedata.normalize("NFKC", char)
       for char in "²ªº½ﬁﬂ℡ⅧＡａｉ１ﾊ㍿™\u2034𝔘\U0002f81a"},
    **{unicodedata.normalize("NFD", char): char for char in "éèêńñöüçáàй"},
    "e\u0302\u0301": "ế", "a\u0302\u0301": "ấ", "か\u3099": "が", "क\u093c": "क़",
    "\u0627\u0653": "آ",
}
SPACES = normalizers.Replace(Regex(" {2,}"), " ")


def xlmr_normalizer(charsmap):
    """The normalizer of XLM-R's kind with a map of characters."""
    return normalizers.Sequence([normalizers.Replace("\u200d", " "),
                                 normalizers.Precompiled(make_charsmap(charsmap))])


def _normalizers(charsmap):
    precompiled = normalizers.Precompiled(make_charsmap(charsmap))
    return {
        "xlmr": xlmr_normalizer(charsmap),
        "camembert": normalizers.Sequence([precompiled, SPACES]),
        "mdeberta": normalizers.Sequence([normalizers.Strip(), precompiled, SPACES]),
        "albert": normalizers.Sequence([
            normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(),
            normalizers.StripAccents(), normalizers.Lowercase(), precompiled, SPACES]),
    }


RECIPES = tuple(_normalizers(CHARSMAP))
_OPENING = {"xlmr": ["<s>", "<pad>", "</s>", "<unk>"],
            "camembert": ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>",
                          "</s>"],
            "mdeberta": ["[PAD]", "[CLS]", "[SEP]", "[UNK]"],
            "albert": ["<pad>", "<unk>", "[CLS]", "[SEP]"]}


def make_unigram(recipe, words=(), twice=("er",)):
    """A `tokenizers.Tokenizer` of many characters and of pieces of the words.

    Args:
      recipe: one of RECIPES.
      words: words whose begins are pieces.
      twice: pieces that the vocabulary has a second time.
    """
    opening = _OPENING[recipe]
    letters = sorted({chr(code) for first, last in BLOCKS[:20] for code in range(first, last)
                      if code % 8 and chr(code).strip()})
    begins = sorted({f"▁{word[:length]}" for word in words for length in (1, 3, 5)})
    pieces = ["▁", *letters, *begins, "an", "na", "aa", "′′", "er", "the", "▁«"]
    pieces = [*dict.fromkeys(pieces), *twice]
    scores = -np.random.default_rng(0).uniform(3, 12, len(pieces)).astype(np.float32)
    vocabulary = [*((piece, -100.0 if piece == "<unk>NOTUSED" else 0.0) for piece in opening),
                  *zip(pieces, map(float, scores)), ("<mask>", 0.0)]
    unknown = next(place for place, piece in enumerate(opening) if "unk" in piece.lower())
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=unknown))
    tokenizer.normalizer = _normalizers(CHARSMAP)[recipe]
    metaspace = pre_tokenizers.Metaspace()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), metaspace] if recipe in ("xlmr", "camembert")
        else [metaspace])
    first, last = ("<s>", "</s>") if "<s>" in opening else ("[CLS]", "[SEP]")
    between = f"{last} {last}" if first == "<s>" else last
    tokenizer.post_processor = TemplateProcessing(
        single=f"{first} $A {last}", pair=f"{first} $A {between} $B {last}",
        special_tokens=[(piece, opening.index(piece)) for piece in (first, last)])
    tokenizer.add_special_tokens(
        [*opening, AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.encode_special_tokens = True
    return tokenizer


def make_bpe(recipe, words):
    """A `tokenizers.Tokenizer` of merged pairs.

    Args:
      recipe: "roberta", on bytes, or "sentencepiece", on characters.
      words: words that it is trained on.
    """
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    if recipe == "roberta":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
        tokenizer.normalizer = _normalizers(CHARSMAP)["camembert"]
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        alphabet = []
    tokenizer.train_from_iterator(words, trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=alphabet, special_tokens=special, show_progress=False))
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.encode_special_tokens = True
    return tokenizer


def as_fast(tokenizer):
    """A tokenizer with XLM-R's special tokens, as transformers has it."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", cls_token="<s>",
        sep_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>")
