"""A student's tokenizer as transformers reads it: with the words and segments of this package."""

import json
import pathlib
from typing import Any, Dict, List

from tokenizers import Regex, Tokenizer, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from xtremedistil_tf.data.words import CJK_CLASS
from xtremedistil_tf.inference.student_folder import StudentBundle

SPECIAL_FILE = "special_tokens_map.json"
# `data.words.split_words` as patterns: from the first to the last character of a chunk that is no
# punctuation, and each mark around it; then each Chinese character.
_WORD = r"[^\s\p{P}](?:\S*[^\s\p{P}])?|\p{P}"


def _split_words(tokenizer: Tokenizer) -> None:
    """Makes the tokenizer split text into a tagger's words first."""
    words = pre_tokenizers.Split(Regex(_WORD), "removed", invert=True)
    signs = pre_tokenizers.Split(Regex(f"[{CJK_CLASS}]"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, signs, tokenizer.pre_tokenizer])


def _with_segments(tokenizer: Tokenizer, separators: List[int]) -> None:
    """Gives the tokens behind the first separator segment 1, as the student has been trained."""
    def template(*texts: str) -> List[str]:
        parts: List[str] = []
        encoding, segment = tokenizer.encode(*texts), 0
        for number, owner in zip(encoding.ids, encoding.sequence_ids):
            part = tokenizer.id_to_token(number) if owner is None else ("$A", "$B")[owner]
            if owner is None or part not in (one.rpartition(":")[0] for one in parts):
                parts.append(f"{part}:{segment}")
            segment = 1 if number in separators else segment
        return parts

    single, pair = template("a"), template("a", "a")
    special = {part.rpartition(":")[0] for part in pair if not part.startswith("$")}
    tokenizer.post_processor = TemplateProcessing(
        single=single, pair=pair,
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in sorted(special)])


def _special_tokens(folder: pathlib.Path) -> Dict[str, Any]:
    """The special tokens of a student folder, by their names in transformers."""
    path = folder / SPECIAL_FILE
    found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return {name: token["content"] if isinstance(token, dict) else token
            for name, token in found.items() if name != "additional_special_tokens"}


def make_tokenizer(bundle: StudentBundle, folder: pathlib.Path) -> Any:
    """Returns the student's tokenizer as a `PreTrainedTokenizerFast`.

    Args:
      bundle: the student.
      folder: the student folder, which names the special tokens.
    """
    tokenizer = Tokenizer.from_str(bundle.tokenizer.to_str())
    kind = json.loads(tokenizer.to_str())["model"]["type"]
    # WordPiece splits at every mark anyway. Others read words with a space before each.
    if not bundle.labels.pooled and not bundle.labels.competing and kind != "WordPiece":
        _split_words(tokenizer)
    inputs = ["input_ids", "attention_mask"]
    if bundle.separator is not None:
        table = bundle.vocabulary.table
        _with_segments(tokenizer, [int(number) for number in
                                   (table == bundle.separator).nonzero()[0]])
        inputs.insert(1, "token_type_ids")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=int(bundle.record["seq_len"]),
        model_input_names=inputs, padding_side="right", **_special_tokens(folder))
