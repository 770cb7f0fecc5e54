"""Tokenizers of encoders: loaded with a checkpoint, or trained on a task's own text."""

import json
from typing import Any, Dict, Iterable, Iterator, Optional, Sequence

import transformers
from tokenizers import BertWordPieceTokenizer, Tokenizer

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.hub.reach import loading, reason_of

# Types whose tokenizers need a leading space for words that are given one by one.
_PREFIX_SPACE = ("roberta", "xlm-roberta", "deberta")
_MARKERS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def load_tokenizer(
    checkpoint: str, *, model_type: Optional[str] = None, strip_accents: Optional[bool] = None
) -> Any:
    """Loads the fast tokenizer of a checkpoint.

    Args:
      checkpoint: folder or hub name.
      model_type: its type in transformers, such as "roberta".
      strip_accents: remove accents; None leaves it to the checkpoint.

    Raises:
      UserError: if it cannot be loaded, or is not a fast tokenizer, which word alignment needs.
    """
    options = {"use_fast": True, **loading(checkpoint)}
    if model_type in _PREFIX_SPACE:
        options["add_prefix_space"] = True
    if strip_accents is not None:
        options["strip_accents"] = strip_accents
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint, **options)
    except Exception as error:  # The exception depends on the file format.
        raise UserError(
            f"no tokenizer in {checkpoint}: {reason_of(checkpoint, error)}") from error
    if not tokenizer.is_fast:
        raise UserError(f"{checkpoint} has no fast tokenizer, which word alignment needs")
    return tokenizer


def train_wordpiece(texts: Iterable[Sequence[str]], size: int, strip_accents: bool) -> Any:
    """Trains a cased WordPiece tokenizer; equal texts give an equal vocabulary.

    Args:
      texts: sentences as words; iterated twice.
      size: largest vocabulary. The characters of the texts are always included.
      strip_accents: remove accents first.

    Returns:
      A transformers.BertTokenizerFast.
    """
    trainer = BertWordPieceTokenizer(lowercase=False, strip_accents=strip_accents)
    normalize = trainer.normalizer.normalize_str
    split = trainer.pre_tokenizer.pre_tokenize_str

    def words() -> Iterator[str]:
        # Iterated twice instead of stored: the texts may be larger than memory.
        return (word for text in texts for word, _ in split(normalize(" ".join(text))))

    # The trainer numbers "##x" tokens in the order of a hash map, which differs between processes
    # and decides ties between merges. Tokens given in sorted order keep their numbers.
    seen = set(words())
    alphabet = sorted({word[0] for word in seen})
    alphabet += sorted({f"##{char}" for word in seen for char in word[1:]})
    trainer.train_from_iterator(
        words(), vocab_size=max(size, len(_MARKERS) + len(alphabet)), min_frequency=2,
        limit_alphabet=len(alphabet), special_tokens=_MARKERS + alphabet, show_progress=False,
    )
    fresh = BertWordPieceTokenizer(
        trainer.get_vocab(), lowercase=False, strip_accents=strip_accents
    )
    return transformers.BertTokenizerFast(
        tokenizer_object=Tokenizer.from_str(fresh.to_str()), do_lower_case=False,
        strip_accents=strip_accents,
    )


def definition(tokenizer: Any) -> Dict[str, Any]:
    """Returns the parts of a fast tokenizer that determine its ids: no truncation or padding."""
    held = json.loads(tokenizer.backend_tokenizer.to_str())
    return {name: held[name] for name in
            ("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "model")}
