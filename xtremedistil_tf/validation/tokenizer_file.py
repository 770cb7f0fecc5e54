"""Checks of tokenizer.json: limits on how much its parts can expand a text.

The library accepts any such file. A file that replaces a letter by a million letters, thirty times
in a row, would crash the process on the first text.

The library reads the file and is asked for the parts. To read the whole file in Python as well,
with all its subword tokens, would take longer than all else in opening a student.
"""

import base64
import json
import pathlib
from typing import Any, Dict, Iterator, List

from tokenizers import Tokenizer

from xtremedistil_tf.errors import UserError, first_line
from xtremedistil_tf.files.contents import read_text
from xtremedistil_tf.validation.records import check_size

# Largest growth of a text. NFKD turns one character into up to 18; other parts add little.
_MOST_GROWTH = 256.0
_LONGEST_PATTERN = 1000
# Largest number of parts of a template. BERT's template for pairs has five.
_LONGEST_TEMPLATE = 32
_LONGEST_MAPPED = 256
_MOST_PARTS = 64


def _parts(part: Any) -> Iterator[Dict[str, Any]]:
    """Yields a normalizer, pre-tokenizer or post-processor, and the members of a sequence."""
    if not isinstance(part, dict):
        return
    yield part
    for name in ("normalizers", "pretokenizers", "processors"):
        inner = part.get(name)
        for one in inner if isinstance(inner, list) else ():
            yield from _parts(one)


def _pattern(part: Dict[str, Any]) -> str:
    pattern = part.get("pattern")
    if isinstance(pattern, dict):
        pattern = pattern.get("String", pattern.get("Regex"))
    return pattern if isinstance(pattern, str) else ""


def _growth(part: Dict[str, Any]) -> float:
    """Returns by which factor a part can lengthen a text in the worst case."""
    if part.get("type") == "Replace":
        content, pattern = part.get("content"), part.get("pattern")
        literal = isinstance(pattern, dict) and "String" in pattern
        added = len(content) if isinstance(content, str) else 0
        # A regular expression may match between any two characters.
        return max(1.0, added / max(1, len(_pattern(part)))) if literal else 1.0 + added
    if part.get("type") == "Prepend":
        return 1.0 + len(str(part.get("prepend", "")))
    return 1.0


def _check_mapped(path: pathlib.Path, part: Dict[str, Any]) -> None:
    """Limits the texts that sentencepiece's table maps characters to.

    The table consists of a trie's size (uint32, little-endian), the trie, and NUL-terminated texts.
    """
    try:
        table = base64.b64decode(part.get("precompiled_charsmap") or "", validate=True)
    except (ValueError, TypeError):
        raise UserError(f"{path}: precompiled_charsmap is not base64") from None
    texts = table[4 + int.from_bytes(table[:4], "little"):]
    longest = max(map(len, texts.split(b"\0")), default=0)
    if longest > _LONGEST_MAPPED:
        raise UserError(f"{path}: its normalizer maps a character to {longest:,} bytes; allowed: "
                        f"at most {_LONGEST_MAPPED}")


def _check_template(path: pathlib.Path, part: Dict[str, Any]) -> None:
    """Limits the special tokens that a post-processor adds."""
    markers = part.get("special_tokens")
    laid = [part.get("single"), part.get("pair")]
    laid += [marker.get("ids") for marker in
             (markers.values() if isinstance(markers, dict) else ()) if isinstance(marker, dict)]
    for row in laid:
        if isinstance(row, list) and len(row) > _LONGEST_TEMPLATE:
            raise UserError(f"{path}: its post-processor adds {len(row):,} tokens; allowed: "
                            f"{_LONGEST_TEMPLATE}")


def _check_parts(path: pathlib.Path, tokenizer: Tokenizer) -> None:
    growth = 1.0
    for name in ("normalizer", "pre_tokenizer", "post_processor"):
        built = getattr(tokenizer, name)
        # As it is pickled: in JSON. (A sequence may be False, since its length is 0 for Python.)
        record = None if built is None else json.loads(built.__getstate__())
        parts: List[Dict[str, Any]] = list(_parts(record))
        if len(parts) > _MOST_PARTS:
            raise UserError(f"{path}: {name} has {len(parts):,} parts; allowed: {_MOST_PARTS}")
        for part in parts:
            growth *= _growth(part)
            if len(_pattern(part)) > _LONGEST_PATTERN:
                raise UserError(f"{path}: {name} has a pattern of {len(_pattern(part)):,} "
                                f"characters; allowed: {_LONGEST_PATTERN}")
            if part.get("type") == "Precompiled":
                _check_mapped(path, part)
            _check_template(path, part)
    if growth > _MOST_GROWTH:
        raise UserError(f"{path}: its normalizer can make a text {growth:.3g} times longer; "
                        f"allowed: {_MOST_GROWTH:.0f} times")


def load_tokenizer_file(path: pathlib.Path) -> Tokenizer:
    """Loads a tokenizer.json.

    Raises:
      UserError: if the file is missing, damaged, or beyond the limits above.
    """
    check_size(path)
    text = read_text(path)
    try:
        tokenizer = Tokenizer.from_str(text)
    except BaseException as error:
        # The library raises Exception, or a Rust panic, which is a BaseException only.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise UserError(f"{path} cannot be read: {first_line(error)}") from None
    _check_parts(path, tokenizer)
    return tokenizer
