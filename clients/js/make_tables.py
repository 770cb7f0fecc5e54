"""Writes src/tables.js: classes of characters, as Python and the fast tokenizers see them.

Command:
  python clients/js/make_tables.py
The tables are found by running Python's unicodedata and the `tokenizers` library on every
character, so that JavaScript agrees with both whatever version of Unicode a browser has.
"""

import json
import pathlib
import sys

import numpy as np
from tokenizers import normalizers, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from xtremedistil_tf.data import words  # noqa: E402
from xtremedistil_tf.export.savedmodel.text import charsmap, normalizer, parts  # noqa: E402
from xtremedistil_tf.export.savedmodel.text.characters import CODES, probed, spread  # noqa: E402

PATH = pathlib.Path(__file__).parent / "src" / "tables.js"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BERT = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False,
         "lowercase": False}


def _normalized(**chosen) -> dict:
    """Each character's result under a BertNormalizer that does one thing."""
    one = normalizers.BertNormalizer(**{**_BERT, **chosen})
    return {code: one.normalize_str(chr(code)) for code in probed()}


def _table(holds) -> np.ndarray:
    """A table of characters for which a function of the code point is true."""
    table = np.zeros(CODES, bool)
    codes = probed()
    table[codes] = [bool(holds(code)) for code in codes]
    return spread(table)


def tables() -> dict:
    """All tables by name, bool [CODES]."""
    cleaned = _normalized(clean_text=True)
    cjk, stripped = _normalized(handle_chinese_chars=True), _normalized(strip_accents=True)
    punctuation = pre_tokenizers.Punctuation()
    bert_marks = {code for code in probed()
                  if len(punctuation.pre_tokenize_str(f"a{chr(code)}b")) == 3}
    white = set(normalizer.WHITE_SPACE)
    classes, pattern = words.character_class, parts._pattern_classes()
    joins = charsmap.cluster_joins()
    return {
        "wordSpace": _table(lambda code: classes(chr(code)) == words.SPACE),
        "wordMark": _table(lambda code: classes(chr(code)) == words.PUNCTUATION),
        "han": _table(lambda code: words._HAS_CJK.match(chr(code))),
        "unspaced": _table(lambda code: words._HAS_UNSPACED.match(chr(code))),
        "white": _table(lambda code: code in white),
        "bertControl": _table(lambda code: cleaned[code] == ""),
        "bertSpace": _table(lambda code: cleaned[code] == " "),
        "bertAlone": _table(lambda code: cjk[code] == f" {chr(code)} "),
        "bertMark": _table(lambda code: code in bert_marks),
        "accent": _table(lambda code: stripped[code] == ""),
        "mark": _table(lambda code: normalizers.StripAccents().normalize_str(chr(code)) == ""),
        "letter": pattern == parts._LETTER, "number": pattern == parts._NUMBER,
        "patternSpace": pattern == parts._SPACE,
        "joinsBefore": joins == charsmap.JOINS_BEFORE, "control": joins == charsmap.CONTROL,
        "joinsAfter": joins == charsmap.JOINS_AFTER,
    }


def _base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def packed(table: np.ndarray) -> str:
    """Lengths of the runs of a table that are alternately false and true, in base 36."""
    ends = np.flatnonzero(np.diff(table, prepend=False))
    return " ".join(_base36(int(length)) for length in np.diff(ends, prepend=0))


def source() -> str:
    """The text of tables.js."""
    rows = "".join(f"  {name}: {json.dumps(packed(table))},\n"
                   for name, table in tables().items())
    return ("// Classes of characters, written by make_tables.py. Lengths of runs that are "
            "alternately out and in,\n// in base 36.\nexport const TABLES = {\n" + rows + "};\n")


if __name__ == "__main__":
    PATH.write_text(source(), "utf-8")
    print(PATH, PATH.stat().st_size)
