"""Signs of errors: suspicious characters, wrong encodings, layouts of other formats, odd labels."""

import collections
import re
import unicodedata
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.annotations.comments import CODES, LANGUAGES
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.marks import ESCAPES, MOJIBAKE
from xtremedistil_tf.data.readers.recognise import is_tag
from xtremedistil_tf.data.readers.rows import spellings_of_languages, split_prefix

# (kind, pattern, description). ZWNJ and ZWJ are allowed: Persian and Hindi need them.
_CHARACTERS = tuple((kind, re.compile(pattern), text) for kind, pattern, text in (
    ("control", "[\x01-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", "control character"),
    ("invisible", "[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]",
     "invisible character"),
    ("replacement", "\ufffd", "replacement character: the text was damaged before"),
    ("private_use", "[\ue000-\uf8ff]", "private-use character"),
    ("mojibake", MOJIBAKE, "UTF-8 that was read as Latin-1"),
    ("markup", ESCAPES, "HTML or escapes left in the text"),
    ("spaces", r"  |^ | $", "spaces before, after or twice between words"),
    ("long_word", r"[^\s]{101,}", "word of over 100 characters, which WordPiece cannot read"),
))
# Kinds that show a wrong encoding; they concern a whole file.
_DAMAGE = frozenset({"control", "replacement", "mojibake"})
# One search selects the few rows for the eight single searches.
_ANY = re.compile("|".join(pattern.pattern for _, pattern, _ in _CHARACTERS))
# Texts of the web hold some.
_FEW_ESCAPES = 0.05
# Marks between the parts of a name, as in card_arrival and card-arrival; with digits they count.
_BETWEEN = re.compile(r"(?<=[^\W\d_])[\s_/.-]+(?=[^\W\d_])")
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK"})
# Labels that a line names at the most.
_MOST_NAMED = 5
_HEADER = frozenset({"text", "sentence", "words", "tokens", "word", "token"})


def _show(found: str) -> str:
    """Shortens a match for a message; invisible characters are shown by code point."""
    if found.isprintable() and found.strip():
        return repr(found if len(found) <= 20 else found[:20] + "...")
    return " ".join(f"U+{ord(char):04X}" for char in found[:3])


def damage_of(text: str) -> Optional[str]:
    """Kind of damage in a text that concerns a whole file: "encoding", "escapes" or None."""
    if not _ANY.search(text):
        return None
    found = {kind for kind, pattern, _ in _CHARACTERS if pattern.search(text)}
    return "encoding" if found & _DAMAGE else "escapes" if "markup" in found else None


def told_damage(counts: Mapping[str, int], unit: str) -> List[str]:
    """Lines for the user on what `damage_of` found.

    Args:
      counts: number of texts by kind of damage, under damaged_encoding and damaged_escapes.
      unit: what the texts are called.
    """
    told = []
    if counts.get("damaged_encoding"):
        told.append(f"{counts['damaged_encoding']:,} {unit} hold signs of a wrong encoding, such "
                    "as Zo\u00c3\u00ab or U+FFFD; --encoding names another, --check shows each")
    if counts.get("damaged_escapes", 0) > _FEW_ESCAPES * counts.get("sentences", 0):
        told.append(f"{counts['damaged_escapes']:,} {unit} hold escapes or marks of HTML, such as "
                    "&quot; and \\n, or brackets such as -LRB-; --check shows each")
    return told


def told_untrained(lost: Sequence[str], split: str, what: str, *, before: str = "") -> str:
    """A line on labels of dev or test that train lacks.

    Args:
      lost: these labels.
      split: the split that has them.
      what: what they are called, such as "types".
      before: stands before their names, such as "text with ".
    """
    more = f" ({len(lost):,} such {what})" if len(lost) > _MOST_NAMED else ""
    return f"train has no {before}{', '.join(lost[:_MOST_NAMED])}, but {split} has{more}"


def _folded(name: str) -> str:
    """A name without what two spellings of it may differ in."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _BETWEEN.sub("", " ".join(plain.split()))


def told_alike(names: Iterable[str], noun: str) -> List[str]:
    """Lines for the user on classes or types that look alike, as mistakes do.

    Args:
      names: the names.
      noun: what they are called.
    """
    spellings: Dict[str, List[str]] = collections.defaultdict(list)
    for name in sorted(set(names)):
        spellings[_folded(name)].append(name)
    told = []
    for own in spellings.values():
        case = len({name.casefold() for name in own}) == 1
        if len(own) > 1:
            told.append(f"the {noun} {' and '.join(own)} differ by case only" if case else
                        f"the {noun} {' and '.join(own)} differ by case, spaces or marks, or by "
                        "the width of their letters only")
    for name in sorted(set(names)):
        mixed = next(filter(_is_mixed, re.split(r"[\W\d_]+", name)), None)
        if mixed:
            told.append(f"the name {name} has Latin letters beside others that look like them "
                        f"({ascii(mixed)})")
    return told[:_MOST_NAMED]


def _is_mixed(word: str) -> bool:
    """True if a word has letters of several of the alphabets that share forms."""
    return not word.isascii() and len(_ALPHABETS.intersection(
        unicodedata.name(char, "").partition(" ")[0] for char in word)) > 1


def told_languages(languages: Iterable[str]) -> List[str]:
    """Lines for the user on languages that are one, perhaps, written in several ways."""
    found = sorted(set(languages))
    told = spellings_of_languages(found)
    names = [one for one in found if one.lower() in LANGUAGES]
    codes = [one for one in found if re.split("[-_]", one.lower())[0] in CODES]
    if names and codes:
        told.append(f"the languages have names, such as {names[0]}, beside codes, such as "
                    f"{codes[0]}: one language may be two")
    return told


def suspicious_text(text: str) -> Iterator[Tuple[str, str]]:
    """Yields (kind, text) for each suspicious thing in the words of a row."""
    if _ANY.search(text):
        for kind, pattern, what in _CHARACTERS:
            match = pattern.search(text)
            if match:
                at = f" at character {match.start() + 1}"
                yield kind, f"{what}: {_show(match.group())}{at}"
    if not unicodedata.is_normalized("NFC", text):
        yield "not_nfc", "characters are not composed (Unicode NFC); other files may write them so"


def only_tags(column: str) -> bool:
    """True if a column holds only tags."""
    fields = column.split()
    return bool(fields) and all(is_tag(split_prefix(field)[1]) for field in fields)


def layout_hint(text: str, number: int) -> Optional[Tuple[str, str]]:
    """(kind, hint) if an unusable row looks like another format, else None."""
    columns, fields = text.split("\t"), text.split()
    if number == 1 and columns[0].strip().lower() in _HEADER:
        return "header", "looks like a header line, which these files do not have"
    if len(columns) == 2 and only_tags(columns[0]) and not only_tags(columns[1]):
        return "swapped", "the columns seem swapped: words come first"
    if len(columns) == 2 and text.startswith('"') and text.endswith('"'):
        return "quoted", "the row is in quotation marks, which are read as text"
    if len(columns) == 2 and "," in columns[1] and only_tags(columns[1].replace(",", " ")):
        return "comma", "tags are separated by commas; needed are spaces"
    words = [word for word in columns[0].split(" ") if word]
    if len(columns) == 2 and len(words) != len(columns[1].split()) == len(columns[0].split()):
        return "odd_space", "words seem separated by other white space than the plain space"
    if len(fields) == 2 and is_tag(split_prefix(fields[1])[1]):
        return "conll", "looks like a CoNLL line; xtremedistil-prepare --input=... converts it"
    half = len(fields) // 2
    if len(columns) == 1 and half > 1 and only_tags(" ".join(fields[half:])):
        return "no_tab", "words and tags seem separated by spaces; needed is a tab"
    return None


def tag_hint(tag: str, labels: LabelSet) -> Optional[Tuple[str, str]]:
    """(kind, hint) with the probable meaning of a tag that labels.tsv lacks, or None."""
    if tag.upper() in labels:
        return "tag_case", f"{tag.upper()} is meant, perhaps"
    if tag.replace("_", "-") in labels:
        return "tag_dash", f"{tag.replace('_', '-')} is meant, perhaps"
    if is_tag(tag) and f"B-{tag[2:]}" in labels:
        return "tag_scheme", "looks like BIOES; xtremedistil-prepare --input=... converts it"
    if f"B-{tag}" in labels:
        return "tag_bare", "lacks its B- or I-"
    return None
