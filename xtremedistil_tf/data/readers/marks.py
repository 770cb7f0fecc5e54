"""Marks of labels in running text: of entities, tags behind words, classes beside texts."""

import collections
import functools
import re
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

from xtremedistil_tf.data.piece_marks import count_pieces
from xtremedistil_tf.data.words import CLOSING, END_MARKS

# Usual names of types where any capitals could be plain text.
_TYPES = (r"(?:B-|I-)?(?:PERS?|PERSON|LOC|LOCATION|ORG|ORGANI[SZ]ATION|MISC|GPE|NORP|FAC|PROD|"
          r"PRODUCT|EVENT|DATE|DISEASE|CHEMICAL|GENE)")
# Entities in running text: <START:person> Anna <END>, <PER>Anna</PER>, [PER Anna ].
ENTITIES = re.compile(r"< ?START ?: ?\w+ ?>|< ?(\w+) ?> ?[^<>]+ ?< ?/ ?\1 ?>|"
                      r"\[ ?[A-Z]{3,} [^\[\]]+\]")
# The same without what stands in plain texts, too, such as [MAN laughing] and <b>; and
# <ENAMEX TYPE="PERSON">, KLUE's <Anna:PS>, Rasa's [Anna](PER) and [Anna]{"entity": "PER"}.
_SURELY = re.compile(
    r"<START(?::[\w-]+)?>|<([A-Z][A-Z_-]+|person|per|location|loc|organi[sz]ation|org|misc)>[^<>]+"
    r"</ ?\1>|<(?i:ENAMEX|TIMEX|NUMEX)\b[^<>]*>|[<‹][^<>‹›:/]+:[A-Z]{2,}[>›]|"
    rf"\[(?:{_TYPES}|NP|VP|PP) [^\[\]]+\]|\[[A-Z]{{2,}} [^\[\]]+ \]|"
    rf"[\[(][^\[\]()|:/]+[|:/] ?{_TYPES}[\])]|"
    r"\[[^\[\]]+\](?:\([A-Za-z_][\w:-]*\)|\{ ?\"entity\")")
_HTML = re.compile(r"</?(?:B|I|U|P|A|EM|STRONG|FONT|TD|TR|TH|LI|UL|OL|H\d|BR|DIV|SPAN|SUP|SUB|PRE|"
                   r"CODE|TITLE|BODY|HEAD|HTML|DOC|TEXT)\b")
_TREE = re.compile(r"[\s)]*(?:\([^\s()]*(?:\s+[^\s()]+)?[\s)]*)+")
_VERTICAL = re.compile(r"</?(?:s|p|g|doc|text)(?:\s[^<>]*)?/?>")
_QUESTION = re.compile(r"[A-Z]{2,}:[a-z]\w*\s")
# First lines of forms with entities by offsets.
_OFFSETS = {"PubTator's form": re.compile(r"\d+\|t\|"),
            "brat's entities without their text": re.compile(r"T\d+\t\S+ \d+ \d")}
# Lines near the begin of a file that show training data, or texts with their code, in YAML,
# Markdown and other forms.
_FIRST = 20
_BEGINS = {
    "Rasa's training data": re.compile(
        r"(?:nlu|stories|rules|domain|intents):\s*|- (?:intent|lookup|synonym|regex): ?\S.*|"
        r"## (?:intent|lookup|synonym|regex):.*"),
    "LaTeX": re.compile(r"\\(?:documentclass|begin\{document\}).*"),
    "subtitles of SubStation Alpha": re.compile(r"\[Script Info\]\s*"),
    "a catalogue of translations (PO)": re.compile(r'msgid ".*'),
}
_NUMBERED = re.compile(r"([-+]?\d{1,9})\s+\S+\s")
# Lines without a word of a text: an address, a file's name, numbers and ids, a word's vector. The
# folders of a whole path may have spaces and any letters.
_PLACE = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:[\w.~:-]*[/\\])+[\w.-]+|"
    r"[\w-]+\.[a-z]\w{1,4}|(?:~|[a-z]:)?[/\\](?:[^/\\]+[/\\])+[^/\\]*\.[a-z]\w{1,4}",
    re.ASCII | re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|www\.", re.IGNORECASE)
_ID = re.compile(r"[-+]?\d[\d.,:/%-]*|(?=[a-f-]*\d)[0-9a-f-]{8,}|(?=\S*[\d+/=])[\w+/-]{24,}={0,2}",
                 re.ASCII | re.IGNORECASE)
_VECTOR = re.compile(r"\S+(?: -?\d+\.\d+(?:e-?\d+)?){3,}\s*")
# A date and a time, or a time alone, as in logs and chats; a key, as in files of messages.
_TIME = re.compile(r"\s*[\[(<]?(?:(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|[A-Z][a-z]{2} +\d{1,2})"
                   r"[,T ] *)?\d{1,2}:\d{2}")
_KEYED = re.compile(r"[\w-]+(?:\.[\w-]+)* ?= ?\S.*", re.ASCII)
_HEADER = re.compile(r"(From|To|Cc|Subject|Date|Message-ID|Received|Content-Type|MIME-Version|"
                     r"Return-Path): \S", re.IGNORECASE)
# Separators between a text and its label, behind and before it.
_BEHIND, _BEFORE = ("|||", "##", ";", "@", "|", ","), ("|||", ";", "|", ",")
_MOST, _SHARE = 0.9, 0.1
# With fewer lines, a few values at their ends say nothing.
_FEWEST, _FEWEST_LABELLED = 3, 10
# What programs and people write for a text that is missing or was taken out.
NOTHING = frozenset({"nan", "NaN", "null", "NULL", "N/A", "<NA>", "#N/A", "#NAME?", "#REF!",
                     "#VALUE!", "undefined", "NS", "[deleted]", "[removed]"})
# Patterns of UTF-8 that was read as Latin-1, and of escapes and HTML that were left in a text.
MOJIBAKE = "[\u00c3\u00c2][\u0080-\u00bf]|\u00e2\u20ac|[\u00d0\u00d1][\u0080-\u00bf]"
ESCAPES = (r"& ?(?:amp|quot|lt|gt|nbsp|apos|# ?\d+) ?;|</?(?:br|ref|sup|sub|span|div)\b|"
           r"(?:\\[nrt]){2}|\\[nrt](?=[A-Z ]|$)|(?<!\S)-[LR][RSC]B-(?!\S)")
# WikiExtractor's lines around an article.
DOCUMENT_LINE = re.compile(r"\s*(?:<doc(?:\s[^<>]*)?>|</doc>)\s*")
# Headings, links and bold text. Behind one # a hashtag may stand.
_MARKDOWN = re.compile(
    r"^#{2,6} \S|(?:\A|(?<=\n\n))# \S.*(?=\n\n)|\]\((?:https?://|[/#.])[^()\s]*\)|"
    r"(?<![\w*])\*\*[^\s*][^*\n]*\*\*(?![\w*])|^```", re.MULTILINE)
# Links, templates and bold text of wikis.
_WIKI = re.compile(r"\[\[[^\[\]\n]+\]\]|\{\{[^{}\n]+\}\}|'''[^'\n]+'''")
_MARKS_SHARE = 0.05
# A list of words as Python writes it; what JSON writes is known as such.
_WRITTEN = re.compile(r"\s*\[\s*(['\"]).*\1\s*\]\s*")
# Lines that are filled up to a width: number, least share, widths, and share that begins with a
# small letter. Where nearly all do, the text has no capitals.
_FEWEST_FILLED, _FILLED, _WIDTHS, _LOWER = 20, 0.7, range(40, 200), (0.5, 0.97)


class MarkedForm(NamedTuple):
    """What lines look like that are no plain text.

    Attributes:
      told: the form, in words for a message.
      has_texts: True if the lines hold texts beside their marks; False for lists of other things.
    """

    told: str
    has_texts: bool = True


def _are_most(lines: Sequence[str], test: Callable[[str], object], most: float = _MOST) -> bool:
    return len(lines) >= _FEWEST and sum(map(bool, map(test, lines))) >= most * len(lines)


def _entity(lines: Sequence[str]) -> Optional[str]:
    """The first mark of an entity, if a clear share of lines has one."""
    found = [match.group() for match in map(_SURELY.search, lines)
             if match and not _HTML.match(match.group())]
    return found[0] if found and len(found) >= _SHARE * len(lines) else None


def _is_tagged(line: str, separator: str) -> bool:
    """True if nearly all words have a tag behind them."""
    words = line.split()
    parts = [word.rpartition(separator) for word in words]
    return len(words) > 1 and sum(
        bool(front and tag) and (separator != "_" or tag == tag.upper())
        for front, _, tag in parts) >= _MOST * len(words)


def _are_few(values: Sequence[str], count: int, *, least: int = 2) -> bool:
    """True if the values of nearly all lines are a few words, at least so many."""
    usual = collections.Counter(value.strip() for value in values if value.strip())
    found = {value: number for value, number in usual.items() if number > 1}
    if not least <= len(found) <= 0.2 * count or sum(found.values()) < _MOST * count:
        return False
    return all(re.fullmatch(r"[-+\w.]{1,30}", one) for one in found)


def _label(lines: Sequence[str]) -> Optional[str]:
    """The separator between the texts and what seem their classes, described, or None."""
    if len(lines) < _FEWEST_LABELLED:
        return None
    for separator in _BEHIND:
        cells = [line.rpartition(separator) for line in lines]
        # "yes, it is" is a sentence.
        plain = separator not in ",;|" or not any(label.startswith(" ") for _, _, label in cells)
        if plain and _are_few([label for text, _, label in cells if " " in text], len(lines),
                              least=2 if separator == "," else 1):
            return f"a class behind {separator}"
    for separator in _BEFORE:
        cells = [line.partition(separator) for line in lines]
        if separator in ",;" and any(text.startswith(" ") for _, _, text in cells):
            continue
        if _are_few([label for label, _, text in cells if text], len(lines)):
            return f"a class before {separator}"
    return None


def _number(lines: Sequence[str]) -> Optional[str]:
    """Describes numbers before the texts that count them or are a few classes, or None."""
    found = [int(match.group(1)) for match in map(_NUMBERED.match, lines) if match]
    if len(lines) < _FEWEST_LABELLED or len(found) < _MOST * len(lines):
        return None
    steps = sum(after == before + 1 for before, after in zip(found, found[1:]))
    if steps >= _MOST * (len(found) - 1):
        return "a text behind its number"
    values = sorted(set(found))
    whole = values == list(range(values[0], values[-1] + 1)) or values == [-1, 1]
    return "a class before the text" if values[0] in (-1, 0, 1) and whole and len(values) > 1 and (
        len(values) <= 0.2 * len(found)) else None


def _is_vertical(lines: Sequence[str]) -> bool:
    words = [line for line in lines if not _VERTICAL.fullmatch(line.strip())]
    return len(lines) - len(words) > 1 and _are_most(words, lambda line: "\t" in line)


def _is_wordless(line: str) -> bool:
    return all(map(_ID.fullmatch, line.split()))


def is_place(line: str) -> bool:
    """True if a line is an address or the name of a file and nothing else."""
    return _PLACE.fullmatch(line.strip()) is not None


_Forms = Tuple[Tuple[MarkedForm, Callable[[str], object]], ...]
_WORDLESS: _Forms = (
    (MarkedForm("addresses or names of files", has_texts=False), is_place),
    (MarkedForm("numbers or ids", has_texts=False), _is_wordless),
    (MarkedForm("words with their vectors"), _VECTOR.fullmatch))
_LINES: _Forms = (
    *_WORDLESS, (MarkedForm("texts behind their times"), _TIME.match),
    (MarkedForm("texts behind their keys and ="), _KEYED.fullmatch))


def _other_form(lines: Sequence[str]) -> Optional[MarkedForm]:
    """Recognises lines of data, code or addresses, in which few words are those of a text."""
    if lines:
        for told, form in _OFFSETS.items():
            if form.match(lines[0]):
                return MarkedForm(told)
    for told, form in _BEGINS.items():
        if any(map(form.fullmatch, lines[:_FIRST])):
            return MarkedForm(told)
    return next((form for form, test in _LINES if _are_most(lines, test)), None)


def wordless_form(lines: Sequence[str]) -> Optional[MarkedForm]:
    """Recognises lines that are no texts for any student, such as a list of addresses, or None.

    Args:
      lines: lines of running text, without empty ones.
    """
    if lines and all(map(_WRITTEN.fullmatch, lines)):
        return MarkedForm("lists as Python writes them")
    return next((form for form, test in _WORDLESS if _are_most(lines, test)), None)


def damage_in(lines: Sequence[str]) -> List[str]:
    """Tells of signs that texts were damaged before: a wrong encoding, escapes of HTML.

    Args:
      lines: some texts.
    """
    told = []
    for pattern, what in ((MOJIBAKE, "signs of a wrong encoding"), (ESCAPES, "escapes or HTML")):
        found = [match.group() for match in map(re.compile(pattern).search, lines) if match]
        if len(found) > _MARKS_SHARE * len(lines):
            told.append(f"{len(found)} of its first {len(lines)} texts hold {what}, such as "
                        f"{found[0]!r:.20}, which are read as they are")
    return told


def marked_form(lines: Sequence[str]) -> Optional[MarkedForm]:
    """Recognises lines with marks of labels that would become words of a text.

    Such are also forms in which hardly a word is one of a text, such as lists of addresses.

    Args:
      lines: lines of running text, without empty ones.

    Returns:
      What they look like; None for plain text.

    Example:
      >>> marked_form(["http://a.b/c"] * 3)
      MarkedForm(told='addresses or names of files', has_texts=False)
    """
    entity = _entity(lines)
    if entity:
        return MarkedForm(f"text with entities in markup, such as {entity!r:.60}")
    other = _other_form(lines)
    if other:
        return other
    told = _labelled_form(lines)
    return None if told is None else MarkedForm(told)


def _labelled_form(lines: Sequence[str]) -> Optional[str]:
    """Describes lines whose texts stand among tags, classes, numbers or a tokenizer's marks."""
    if lines and all(map(_WRITTEN.fullmatch, lines)):
        return "lists as Python writes them"
    if _is_vertical(lines):
        return "a vertical file, a word a line between <s> and </s>"
    if _are_most(lines, lambda line: count_pieces(line.split()), most=0.5):
        return "subword or special tokens of a tokenizer (@@, ##, ▁)"
    forms: List[Tuple[str, Callable[[str], object]]] = [
        (f"words with their tags behind {one}", functools.partial(_is_tagged, separator=one))
        for one in "/_|"]
    forms.append(("questions behind their classes (TREC)", _QUESTION.match))
    if sum(line.count("(") for line in lines) >= 1.5 * len(lines):
        forms.append(("trees in brackets", _TREE.fullmatch))
    for told, test in forms:
        if _are_most(lines, test):
            return told
    if _are_most(lines, lambda line: " ||| " in line):
        return "rows with ||| between their columns"
    return _number(lines) or _label(lines)


def _are_wrapped(lines: Sequence[str]) -> bool:
    """True if sentences go on over the ends of lines, which are filled up to one width."""
    pairs = [(line.rstrip(), after.lstrip()) for line, after in zip(lines, lines[1:])
             if line.strip() and after.strip()]
    if len(pairs) < _FEWEST_FILLED:
        return False
    width = sorted(len(line) for line, _ in pairs)[int(0.95 * len(pairs))]
    # The next word would not have stood in the line.
    filled = sum(len(line) <= width < len(line) + 1 + len(after.split(None, 1)[0])
                 for line, after in pairs)
    lower = sum(after[0].islower() for _, after in pairs)
    open_ends = sum(line.rstrip(CLOSING)[-1:] not in END_MARKS for line, _ in pairs)
    least, most = _LOWER
    return width in _WIDTHS and filled >= _FILLED * len(pairs) and 2 * open_ends > len(pairs) and (
        least * len(pairs) < lower < most * len(pairs))


def doubts_of(lines: Sequence[str]) -> List[str]:
    """Tells what in running text would become words or sentences and is none.

    Args:
      lines: the first lines of a text, empty ones included.

    Returns:
      A line for the user on each finding.
    """
    told = []
    if _are_wrapped(lines):
        told.append("its lines are cut at one width, so sentences go on in the next line, but each "
                    "line is read as a text of its own; one sentence or paragraph a line is needed")
    for name, marks in (("Markdown", _MARKDOWN), ("a wiki", _WIKI)):
        found = [match.group() for match in marks.finditer("\n".join(lines))]
        if len(found) >= _FEWEST and len(found) > _MARKS_SHARE * len(lines):
            told.append(f"marks of {name}, such as {found[0]!r:.40}, are read as words")
    headers = [match.group(1).lower() for match in map(_HEADER.match, lines) if match]
    if len(set(headers)) >= _FEWEST and len(headers) > _MARKS_SHARE * len(lines):
        told.append(f"{len(headers)} of its first lines are headers of e-mails, such as "
                    f"{headers[0].capitalize()}:, and are read as texts")
    places = [line.strip() for line in lines if is_place(line)]
    many = len(places) >= _FEWEST or all(map(_ADDRESS.match, filter(None, map(str.strip, lines))))
    if places and many and len(places) > _SHARE * sum(map(bool, map(str.strip, lines))):
        told.append(f"{len(places)} of its first lines are addresses or names of files, such as "
                    f"{places[0]!r:.60}, and are read as texts")
    empty = [line.strip() for line in lines if line.strip() in NOTHING]
    if len(empty) >= _FEWEST:
        names = " or ".join(list(dict.fromkeys(empty))[:_FEWEST])
        told.append(f"{len(empty)} of its first lines are {names}, which stands for no text, and "
                    "are read as texts")
    returns = sum("\r" in line for line in lines)
    if returns >= _FEWEST:
        told.append(f"{returns} of its first lines hold carriage returns, which end no line beside "
                    "line feeds: what they part is read as one text")
    return told
