"""Converts tag schemes (IOB1, IOB2, BIOES, BILOU, BMES) to IOB2 and counts the changes."""

import collections
import dataclasses
import functools
import itertools
import re
from typing import Counter, Iterable, Iterator, List, Optional, Pattern, Sequence, Set, Tuple

from xtremedistil_tf.corpora.annotations.spans import NESTED, Span, tag_tokens
from xtremedistil_tf.corpora.readers.base import SAMPLE, Row, Tally
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.recognise import LETTERS, is_tag
from xtremedistil_tf.data.readers.rows import Example, wrong_tags

_CONTINUES = frozenset("IEML")
_CLOSES = frozenset("ESLU")
_OTHER_SCHEMES = LETTERS - frozenset("BI")
# Separator of several layers of tags in one cell, as in GENIA, KPWr, NEMO and Wojood.
_SEVERAL = re.compile(r"(?:[|,;+&#^~] *| +)([BIESLUM]-|O$)")
_BETWEEN = re.compile(r"(?:[|,;+&#^~] *| +)(?=[BIESLUM]-|O(?:$|[|,;+&#^~ ]))")
# A type in place of a tag, as in Few-NERD: without a scheme's letter at its begin or end.
_BARE = re.compile(r"(?![bieslumo]$|[bieslum][-_])[^\W\d_][\w./&-]*(?<![-_][bieslu])",
                   re.IGNORECASE)
# Tags whose letter is set off by another mark than a dash (B_PER, or the long dash of a word
# processor), stands behind (PER-B), or has no mark (BPER and IPER).
_MARKS = "_.:/\u2010-\u2015\u2212\uff0d"
_OTHER_FORMS = (re.compile(rf"(?P<letter>[BIESLUM])[{_MARKS}](?P<type>.+)"),
                re.compile(rf"(?P<type>.+)[-{_MARKS}](?P<letter>[BIESLUM])"))
_NO_MARK = re.compile(r"(?P<letter>[BI])(?P<type>[^\W\d_][\w.-]*)")
# Type of entities whose tags name none.
_ONE_TYPE = "ENTITY"


@functools.lru_cache(maxsize=4096)
def _is_one_tag(text: str) -> bool:
    return is_tag(text) and not _SEVERAL.search(text)


def to_iob2(tags: Sequence[str], counts: Counter[str]) -> Tuple[str, ...]:
    """Rewrites tags as IOB2.

    IOB1 and IOB2 need no distinction here: an I- that continues nothing begins an entity in both,
    by rule in IOB1 and as a repair in IOB2. The counts show the scheme.

    Args:
      tags: O, or a scheme's letter, a dash and a type.
      counts: tally; adds begins_b, begins_i (entities by their first letter), other_scheme (tags
        with E, S, L, U or M) and rewritten_tags.

    Raises:
      RowError: for tags of no known scheme.
    """
    wrong = wrong_tags(tags, _is_one_tag)
    if wrong:
        more = f", and {len(wrong) - 3} other tags" if wrong[3:] else ""
        several = "; --nested=outer or inner keeps one of several tags" if any(
            map(_SEVERAL.search, tags)) else ""
        raise RowError(("scheme", f"{', '.join(wrong[:3])}{more}; allowed: O, or B-, I-, E-, S-, "
                        f"L-, U-, M- and a type{several}"))
    written: List[str] = []
    open_type = None
    for tag in tags:
        if tag == "O":
            open_type = None
            written.append(tag)
            continue
        letter, kind = tag[0], tag[2:]
        continues = letter in _CONTINUES and kind == open_type
        written.append(f"{'I' if continues else 'B'}-{kind}")
        if not continues:
            counts["begins_i" if letter in _CONTINUES else "begins_b"] += 1
        counts["other_scheme"] += letter in _OTHER_SCHEMES
        counts["rewritten_tags"] += written[-1] != tag
        open_type = None if letter in _CLOSES else kind
    return tuple(written)


def _aligned(cells: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Cells whose tags stand in the layer of their entity.

    Cells of different lengths name only the entities of their word: an I- continues its type.
    """
    count = max(map(len, cells))
    if min(map(len, cells)) == count:
        return cells
    aligned: List[List[str]] = []
    before = ["O"] * count
    for cell in cells:
        own = ["O"] * count
        for tag in sorted(cell, key=lambda tag: tag[0] not in _CONTINUES):
            free = [at for at, taken in enumerate(own) if taken == "O"]
            same = [at for at in free if tag[0] in _CONTINUES and before[at][2:] == tag[2:]]
            own[(same or free)[0]] = tag
        aligned.append(own)
        before = own
    return aligned


def of_layers(tags: Sequence[str], counts: Tally, nested: str) -> Sequence[str]:
    """Joins several layers of tags in one cell (`B-ORG|B-LOC`) to one tag a word.

    Args:
      tags: the cells of a sentence. Those with one tag each are returned as they are.
      counts: tally; adds nested_entities.
      nested: one of `spans.NESTED`; "refuse" returns the cells as they are.

    Raises:
      RowError: for tags of no known scheme.
    """
    if nested == NESTED[0] or not any(map(_SEVERAL.search, tags)):
        return tags
    cells = _aligned([_BETWEEN.split(tag) for tag in tags])
    spans: List[Span] = []
    for layer in range(max(map(len, cells))):
        read = to_iob2([cell[layer] if layer < len(cell) else "O" for cell in cells],
                       collections.Counter())
        for at, tag in enumerate(read):
            if tag[0] == "B":
                spans.append(Span(at, at + 1, tag[2:]))
            elif tag[0] == "I":
                spans[-1] = dataclasses.replace(spans[-1], end=at + 1)
    return tag_tokens(tags, spans, counts, nested=nested)


def scheme_name(counts: Counter[str]) -> str:
    """Names the scheme of tags from their counts."""
    if counts["other_scheme"]:
        return "BIOES"
    return "IOB1" if counts["begins_i"] > counts["begins_b"] else "IOB2"


def entity_types(tags: Sequence[str]) -> List[str]:
    """Types of the entities of an IOB2 row, one for each entity."""
    return [tag[2:] for tag in tags if tag.startswith("B-")]


def labels_for(types: Iterable[str]) -> List[str]:
    """The lines of labels.tsv for entity types, in alphabetical order."""
    return ["O", *(f"{letter}-{kind}" for kind in sorted(set(types)) for letter in "BI")]


def as_they_are(tags: Sequence[str]) -> Sequence[str]:
    """The tags of a row, unchanged."""
    return tags


def to_bioes(tags: Sequence[str]) -> Sequence[str]:
    """Rewrites an IOB2 row as BIOES.

    Example:
      >>> to_bioes(["B-PER", "I-PER", "O", "B-LOC"])
      ['B-PER', 'E-PER', 'O', 'S-LOC']
    """
    written = []
    for tag, following in zip(tags, [*tags[1:], "O"]):
        ends = tag != "O" and following != f"I-{tag[2:]}"
        written.append({"B": "S", "I": "E"}[tag[0]] + tag[1:] if ends else tag)
    return written


def bioes_labels_for(types: Iterable[str]) -> List[str]:
    """The lines of labels.tsv for entity types in BIOES."""
    return ["O", *(f"{letter}-{kind}" for kind in sorted(set(types)) for letter in "BIES")]


def tagged_by_types(tags: Iterable[str]) -> bool:
    """True if tags are O and types without a scheme's letter."""
    found = set(tags)
    return "O" in found and len(found) > 1 and (all(
        map(_BARE.fullmatch, found - {"O"})) or _other_form(found) is not None)


def _other_form(tags: Set[str]) -> Optional[Pattern[str]]:
    """The form of tags that all have a scheme's letter in another way than B-PER, or None."""
    for form in _OTHER_FORMS:
        matches = [form.fullmatch(tag) for tag in tags - {"O"}]
        letters = {match.group("letter") for match in matches if match}
        if "B" in letters and len(matches) > 1 and all(matches) and not any(
                map(is_tag, tags - {"O"})):
            return form
    types = {letter: {tag[1:] for tag in tags if tag[:1] == letter and tag[1:]} for letter in "BI"}
    if types["I"] and types["I"] <= types["B"] and all(
            tag == "O" or _NO_MARK.fullmatch(tag) for tag in tags):
        return _NO_MARK
    return None


def _with_letters(tags: Sequence[str]) -> Tuple[str, ...]:
    written: List[str] = []
    for tag, before in zip(tags, ["O", *tags]):
        written.append(tag if tag == "O" else f"{'I' if tag == before else 'B'}-{tag}")
    return tuple(written)


def _tagged_by_letters(tags: Set[str]) -> bool:
    """True if tags are a scheme's letters without types."""
    return "B" in tags and len(tags) > 1 and tags <= LETTERS | {"O"}


def read_bare_types(rows: Iterator[Row], counts: Counter[str]) -> Iterator[Row]:
    """Reads types in place of tags, letters without types, and tags such as B_PER and PER-B.

    Adjacent words of one type form one entity, as in Few-NERD. Letters alone, as in BioBERT's data,
    are tags of one type. The first SAMPLE rows decide; rows of other sources pass unchanged.
    """
    head = list(itertools.islice(rows, SAMPLE))
    tags = {tag for _, row in head if isinstance(row, Example) for tag in row.tags}
    form, letters = _other_form(tags), _tagged_by_letters(tags)
    bare = form is None and tagged_by_types(tags)
    for place, row in itertools.chain(head, rows):
        if form and isinstance(row, Example):
            matches = [form.fullmatch(tag) for tag in row.tags]
            counts["other_letters"] += sum(map(bool, matches))
            row = dataclasses.replace(row, tags=tuple(
                f"{match.group('letter')}-{match.group('type')}" if match else tag
                for tag, match in zip(row.tags, matches)))
        if letters and isinstance(row, Example):
            counts["bare_letters"] += sum(tag in LETTERS for tag in row.tags)
            row = dataclasses.replace(row, tags=tuple(
                f"{tag}-{_ONE_TYPE}" if tag in LETTERS else tag for tag in row.tags))
        if bare and isinstance(row, Example):
            counts["bare_types"] += sum(tag != "O" for tag in row.tags)
            row = dataclasses.replace(row, tags=_with_letters(row.tags))
        yield place, row
