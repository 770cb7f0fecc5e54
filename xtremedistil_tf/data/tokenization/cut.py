"""Cuts a tokenizer to the subword tokens that occur in a student's text.

A cut tokenizer reads every text in subword tokens that it has. A word whose rare token was cut is
split into smaller tokens. Single characters are kept for this purpose.
"""

import json
import re
from typing import Any, Callable, Dict, Iterable, List

import numpy as np
import transformers
from tokenizers import Tokenizer

from xtremedistil_tf.errors import UserError

_MODELS = ("WordPiece", "Unigram")
# Tokens of single bytes, for characters without a token of their own.
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_PART = 1 << 22

# Counts the subword tokens of the student's text as a tokenizer splits it: int64 [its ids].
Recount = Callable[[Any], np.ndarray]


def count_pieces(arrays: Iterable[np.ndarray], size: int) -> np.ndarray:
    """Counts subword tokens.

    Args:
      arrays: int arrays of ids; memory-mapped ones may be larger than memory.
      size: number of ids of the tokenizer.

    Returns:
      int64 [size].
    """
    counts = np.zeros(size, np.int64)
    for array in arrays:
        for at in range(0, len(array), _PART):
            counts += np.bincount(array[at : at + _PART], minlength=size)
    return counts


def check_cuttable(tokenizer: Any) -> None:
    """Refuses a tokenizer that `fit_tokenizer` cannot cut.

    Raises:
      UserError: for a model other than WordPiece and Unigram. BPE, for example, builds a token from
        the tokens of its merges, so none of these can be cut.
    """
    held = _held(tokenizer)
    found = held["model"]["type"]
    if found not in _MODELS:
        raise UserError(f"--vocabulary=cut cannot cut the teacher's tokenizer, which is {found}; "
                        f"allowed: {', '.join(_MODELS)}")
    if tokenizer.convert_ids_to_tokens(list(range(len(tokenizer)))) != _pieces(held):
        raise UserError("--vocabulary=cut cannot cut the teacher's tokenizer, whose ids have gaps; "
                        "allowed: consecutive ids")


def can_be_cut(tokenizer: Any) -> bool:
    """Returns True if `check_cuttable` accepts the tokenizer; False for None."""
    if tokenizer is None:
        return False
    try:
        check_cuttable(tokenizer)
    except UserError:
        return False
    return True


def fit_tokenizer(
    tokenizer: Any, counts: np.ndarray, recount: Recount, *, min_count: int
) -> Any:
    """Cuts a tokenizer to the subword tokens that it uses on the student's text.

    First tokens below `min_count` are cut. The text is counted again, since other tokens now take
    their place, and the tokens that no text uses are cut. Special tokens and the single characters
    of the text stay.

    Args:
      tokenizer: a fast Hugging Face tokenizer; it stays unchanged.
      counts: int64 [ids], counts of its subword tokens in the student's text.
      recount: counts them for another tokenizer.
      min_count: smallest count of a token that stays.

    Returns:
      A transformers.PreTrainedTokenizerFast. Its ids are consecutive, in the original order.
    """
    # A teacher may have more embedding rows than its tokenizer has ids.
    counts = counts[:len(tokenizer)]
    always = _always(_held(tokenizer), counts)
    kept = always | (counts >= min_count)
    first = cut_tokenizer(tokenizer, kept)
    return cut_tokenizer(first, always[kept] | (recount(first) > 0))


def cut_tokenizer(tokenizer: Any, kept: np.ndarray) -> Any:
    """Returns a tokenizer with some of another's subword tokens.

    Args:
      tokenizer: a fast tokenizer with a WordPiece or Unigram model.
      kept: bool [ids].
    """
    held = _held(tokenizer)
    pieces = [piece for piece, stays in zip(_pieces(held), kept) if stays]
    ids = {piece: at for at, piece in enumerate(pieces)}
    model = held["model"]
    if model["type"] == "Unigram":
        unknown = model["vocab"][model["unk_id"]][0]
        # The scores are float32. As such they need half the digits.
        scores = {piece: float(str(np.float32(score))) for piece, score in model["vocab"]}
        model["vocab"] = [[piece, scores[piece]] for piece in pieces if piece in scores]
        model["unk_id"] = ids[unknown]
    else:
        model["vocab"] = {piece: at for piece, at in ids.items() if piece in model["vocab"]}
    held["added_tokens"] = [{**token, "id": ids[token["content"]]}
                            for token in held["added_tokens"]]
    _renumber(held["post_processor"], ids)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(held)),
        model_max_length=tokenizer.model_max_length, padding_side=tokenizer.padding_side,
        **tokenizer.special_tokens_map)


def _held(tokenizer: Any) -> Dict[str, Any]:
    """Returns the contents of a fast tokenizer's tokenizer.json without truncation and padding."""
    held = json.loads(tokenizer.backend_tokenizer.to_str())
    return {**held, "truncation": None, "padding": None}


def _pieces(held: Dict[str, Any]) -> List[str]:
    """Returns the subword tokens by id: those of the model, then added ones that it has not."""
    model = held["model"]
    if model["type"] == "Unigram":
        pieces = [piece for piece, _ in model["vocab"]]
    else:
        pieces = sorted(model["vocab"], key=model["vocab"].get)
    there = set(pieces)
    added = sorted(held["added_tokens"], key=lambda token: token["id"])
    return pieces + [token["content"] for token in added if token["content"] not in there]


def _always(held: Dict[str, Any], counts: np.ndarray) -> np.ndarray:
    """Returns the subword tokens that no cut removes; bool [ids].

    These are special tokens, tokens of single bytes if the model falls back on them, and the single
    characters of all tokens in the text. A WordPiece tokenizer turns a whole word into [UNK] if its
    tokens do not cover it.
    """
    model, pieces = held["model"], _pieces(held)
    added = {token["content"] for token in held["added_tokens"]}
    prefix = model.get("continuing_subword_prefix", "")
    singles = set()
    for at in np.flatnonzero(counts):
        if pieces[at] not in added:
            singles.update(pieces[at].removeprefix(prefix))
    singles |= {prefix + char for char in singles}
    unknown = model["unk_token"] if "unk_token" in model else pieces[model["unk_id"]]
    keeps_bytes = model.get("byte_fallback", False)
    return np.array([piece in singles or piece in added or piece == unknown
                     or (keeps_bytes and bool(_BYTE.fullmatch(piece))) for piece in pieces])


def _renumber(part: Any, ids: Dict[str, int]) -> None:
    """Sets the new ids of the special tokens in a post-processor, in place."""
    if part is None:
        return
    for inner in part.get("processors", ()):
        _renumber(inner, ids)
    if part["type"] == "TemplateProcessing":
        for token in part["special_tokens"].values():
            token["ids"] = [ids[piece] for piece in token["tokens"]]
    for name in ("cls", "sep"):
        if isinstance(part.get(name), list):
            part[name][1] = ids[part[name][0]]
