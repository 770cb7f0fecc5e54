"""Types of entities with a letter of a tag scheme: B-PER and I-PER in place of PER."""

import collections
import dataclasses
import re
from typing import Callable, Counter, Dict, FrozenSet, Iterable, List, Sequence, Set, Tuple

from xtremedistil_tf.corpora.annotations.spans import Span

_LETTERED = re.compile(r"([BIESLUM])[-_](.+)", re.IGNORECASE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Letters:
    """The letters of a file's types.

    Attributes:
      used: True if types have a scheme's letter (B-PER, b_per).
      names: types that only look so, such as E-MAIL.
    """

    used: bool = False
    names: FrozenSet[str] = frozenset()

    def split(self, label: str) -> Tuple[str, bool]:
        """(type without its letter, True if the letter continues an entity)."""
        match = None if label in self.names else _LETTERED.fullmatch(label)
        return (match.group(2), match.group(1).upper() in "IELM") if match else (label, False)


def find_letters(labels: Iterable[str]) -> Letters:
    """Finds out whether types have letters: all types have one, or one stands with two.

    Args:
      labels: the types of a file's entities.
    """
    letters: Dict[str, Set[str]] = collections.defaultdict(set)
    given = set(labels) - {"O", "o"}
    found_in = zip(given, map(_LETTERED.fullmatch, given))
    matches = {label: match for label, match in found_in if match}
    for match in matches.values():
        letters[match.group(2).lower()].add(match.group(1).upper())
    every = set().union(*letters.values())
    if any("B" in found and len(found) > 1 for found in letters.values()):
        return Letters(True, frozenset(
            label for label, match in matches.items()
            if not letters[match.group(2).lower()] & set("BI")
            and (len(matches) < len(given) or match.group(1).upper() in "ELM")))
    begins = all(found & set("BISU") for found in letters.values())
    usual = all(label[0].isupper() and label[1] == "-" for label in matches)
    # One name such as S-BAHN, or i_phone, proves nothing.
    proven = "B" in every or usual and ("I" in every or len(letters) > 1)
    return Letters(bool(given) and len(matches) == len(given) and begins and proven)


def join_by_letters(spans: Sequence[Span], letters: Letters, counts: Counter[str],
                    meet: Callable[[int, int], bool]) -> List[Span]:
    """Drops the letters of types, and joins what a letter continues to the entity before.

    Args:
      spans: a row's entities.
      letters: the letters of the file's types; without them the spans are returned as they are.
      counts: tally; adds span_letters.
      meet: (end, begin) -> True if no word stands between.
    """
    if not letters.used:
        return list(spans)
    joined: List[Span] = []
    for span in sorted(dict.fromkeys(spans), key=lambda one: (one.begin, one.end)):
        label, goes_on = letters.split(span.label)
        if span.label == "o":
            continue
        counts["span_letters"] += label != span.label
        last = joined[-1] if joined else None
        if goes_on and last and last.label == label and meet(last.end, span.begin):
            joined[-1] = dataclasses.replace(last, end=span.end, surface=None)
        else:
            joined.append(dataclasses.replace(span, label=label))
    return joined
