"""Tag schemes: IOB1, IOB2, BIOES, BILOU and BMES into IOB2, counting what was rewritten."""

from typing import Counter, Iterable, List, Sequence, Tuple

from xtremedistil_tf.data.lines import RowError

_CONTINUES = frozenset("IEML")
_CLOSES = frozenset("ESLU")
_OTHER_SCHEMES = frozenset("ESLUM")
LETTERS = frozenset("BI") | _OTHER_SCHEMES


def is_tag(text: str) -> bool:
    """Whether a text is O or a tag of one of the schemes."""
    return text == "O" or (len(text) > 2 and text[0] in LETTERS and text[1] == "-"
                           and len(text.split()) == 1)


def to_iob2(tags: Sequence[str], counts: Counter[str]) -> Tuple[str, ...]:
    """Rewrites tags as IOB2.

    IOB1 and IOB2 need not be told apart for this: an I- that continues nothing begins an entity in
    both, by rule in the one and as a repair in the other. The counts tell which it was.

    Args:
      tags: O, or a letter of a scheme, a dash and a type.
      counts: grows by begins_b, begins_i (entities by the letter they begin with), other_scheme
        (tags with E, S, L, U or M), and rewritten_tags.

    Raises:
      RowError: for every tag that is of no scheme.
    """
    wrong = [(at, tag) for at, tag in enumerate(tags, 1) if not is_tag(tag)]
    if wrong:
        raise RowError(*(
            ("scheme", f"tag {at} is {tag!r}; allowed: O, or B-, I-, E-, S-, L-, U-, M- and a type")
            for at, tag in wrong))
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


def scheme_name(counts: Counter[str]) -> str:
    """Names the scheme that counted tags were in."""
    if counts["other_scheme"]:
        return "BIOES"
    return "IOB1" if counts["begins_i"] > counts["begins_b"] else "IOB2"


def entity_types(tags: Sequence[str]) -> List[str]:
    """Types of the entities of an IOB2 row, one for each entity."""
    return [tag[2:] for tag in tags if tag.startswith("B-")]


def labels_for(types: Iterable[str]) -> List[str]:
    """The lines of labels.tsv for entity types, in alphabetical order."""
    return ["O", *(f"{letter}-{kind}" for kind in sorted(set(types)) for letter in "BI")]
