"""Texts with several labels, and labels that look like lists, such as `business,sports`."""

import collections
import re
from typing import Any, Iterable, List, Mapping, Optional, Sequence

from xtremedistil_tf.data.labels import NamedLabels
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.errors import UserError

_SEPARATORS = re.compile(r"\s*[,;|]\s*")
# doccano's CSV has # between labels; C# is one label.
_HASH = re.compile(r"(?<=\w)#(?=\w)")
# What stands in a vector with a place for each label: yes and no, or shares.
_BITS = frozenset({"0", "1", "0.0", "1.0", "true", "false"})
_NUMBER, _FRACTION = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?"), re.compile(r"[^.]*\.\d*[1-9]")


def split_labels(label: str) -> List[str]:
    """Splits a label at commas, semicolons and vertical bars.

    Example:
      >>> split_labels("business, sports")
      ['business', 'sports']
    """
    return [part for part in _SEPARATORS.split(label.strip()) if part]


def split_at_hash(label: str) -> List[str]:
    """Splits a label at #, as doccano's CSV joins several; C# is one label.

    Example:
      >>> split_at_hash("news#sports")
      ['news', 'sports']
    """
    return [part for one in split_labels(label) for part in _HASH.split(one)]


def listed_labels(labels: Iterable[str]) -> Sequence[str]:
    """Returns the labels that are lists of others: all their parts are labels themselves.

    If no label stands alone, those count whose parts stand in several lists.
    """
    names = set(labels)
    parts = {label: split_at_hash(label) for label in names}
    lists = {label for label, own in parts.items() if len(own) > 1}
    single = names - lists
    lists_with = collections.Counter(part for label in lists for part in set(parts[label]))
    return sorted(label for label in lists if all(
        part in single or lists_with[part] > 1 for part in parts[label]))


def check_no_vector(labels: Sequence[str]) -> None:
    """Refuses labels of a text that are numbers in places, such as [1, 0, 0] or [0.8, 0.2].

    They would become classes that are called 0 and 1.

    Args:
      labels: the labels of a row, repeated ones included.

    Raises:
      RowError: with the labels.
    """
    bits = len(set(labels)) < len(labels) and _BITS.issuperset(map(str.lower, labels))
    if len(labels) > 1 and (bits or all(map(_NUMBER.fullmatch, labels))
                            and any(map(_FRACTION.match, labels))):
        raise RowError(("label_vector", f"the labels are {', '.join(labels)!r:.60}: a number for "
                        "each label of the task, or answers of several people; needed are the "
                        "names of the text's own labels"))


def check_no_lists(labels: Iterable[str], where: str, *, way_out: str) -> None:
    """Refuses labels that look like several.

    Args:
      labels: all labels that occur.
      where: name of the file or column, for the message.
      way_out: what the user can do, for the message.

    Raises:
      UserError: if a label looks like a list of others.
    """
    found = listed_labels(labels)
    if found:
        raise UserError(
            f"{where}: the label {found[0]!r} looks like several labels "
            f"({', '.join(split_at_hash(found[0]))}"
            f"{f'; {len(found)} such labels' if len(found) > 1 else ''}); {way_out}")


class SeveralLabels(NamedLabels):
    """The labels of texts that have any number of them. Each output is a label for itself.

    In files the labels of a row stand with commas between, so no name holds a comma.

    Args:
      names: label names in the order of labels.tsv.
      thresholds: least probability of each label to be given; None for 0.5.

    Raises:
      UserError: if a name is repeated or holds a comma.
    """

    kind = "multilabel"

    def __init__(self, names: Sequence[str], *, thresholds: Optional[Sequence[float]] = None):
        super().__init__(names)
        for name in self.tags:
            if "," in name:
                raise UserError(f"label {name!r} holds a comma, which parts the labels of a row; "
                                "allowed: any other character")
        self.thresholds = tuple(thresholds or (0.5,) * len(self.tags))

    def encode(self, names: Sequence[str]) -> List[int]:
        """1 for each label of a row, 0 for the others; one number a label of the set."""
        own = [0] * len(self.tags)
        for name in names:
            own[self._ids[name]] = 1
        return own

    def adjusted(self, record: Mapping[str, Any]) -> "SeveralLabels":
        """Returns the set with the thresholds of a student's record; see the base class."""
        return SeveralLabels(self.tags, thresholds=record.get("thresholds"))


def several_set(names: Sequence[str], decoding: str) -> SeveralLabels:
    """The label set of texts with several labels; `decoding` is ignored."""
    return SeveralLabels(names)
