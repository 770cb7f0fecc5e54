"""Labels of all splits together: one spelling each, and what looks wrong with them."""

import collections
import dataclasses
import re
import unicodedata
from typing import Callable, Counter, Dict, Iterable, Iterator, List, Sequence, Tuple

from xtremedistil_tf.corpora.suspicious import told_alike, told_untrained
from xtremedistil_tf.corpora.texts.rows import Text
from xtremedistil_tf.data.readers.texts import EMPTY_LABELS, NO_GOLD, NO_GOLDS
from xtremedistil_tf.data.several_labels import listed_labels, split_at_hash

Rows = Dict[str, List[Text]]

_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?")
_WHOLE = re.compile(r"^([-+]?\d+)\.0*$")
_BOOLEANS = frozenset({"true", "false"})
_MOST_NAMED = 5
_ROUNDED = re.compile(r"[-+]?\d(?:[.,]\d+)?E\+\d+")
# Classes of one text are told if they are few beside others with many.
_FEW_SINGLE, _OFTEN = 0.1, 10
# With fewer different numbers, none is far from the others.
_FEWEST_NUMBERS = 3
# Beside these labels alone, a mark for no gold label is surely a class.
_OPPOSITES = {"-1": {"-1", "1", "+1"}, NO_GOLD: {NO_GOLD, "+"}}


def labels_in(rows: Iterable[Text]) -> Iterator[str]:
    """Yields the labels of rows, as often as they occur."""
    for row in rows:
        yield from row.labels


def count_labels(rows: Rows) -> Counter[str]:
    """Returns how often each label occurs in all splits together."""
    return collections.Counter(labels_in(row for own in rows.values() for row in own))


def _relabelled(rows: Rows, new: Callable[[str], Iterable[str]]) -> Rows:
    """Puts other labels in place of each; a row has each of them once.

    Args:
      rows: rows by split.
      new: (label) -> the labels in its place.
    """
    def changed(row: Text) -> Text:
        labels = dict.fromkeys(one for label in row.labels for one in new(label))
        return dataclasses.replace(row, labels=tuple(labels))

    return {split: [changed(row) for row in own] for split, own in rows.items()}


def _spellings(labels: Sequence[str]) -> Dict[str, str]:
    """The one spelling of each label that is surely written in several ways."""
    if all(map(_NUMBER.fullmatch, labels)):
        whole = {label: _WHOLE.sub(r"\1", label) for label in labels}
        # With fractions among them, they are numbers, not the names of classes.
        return whole if all("." not in one for one in whole.values()) else {}
    if {label.lower() for label in labels} <= _BOOLEANS:
        return {label: label.lower() for label in labels}
    composed: Dict[str, List[str]] = collections.defaultdict(list)
    for label in labels:
        composed[unicodedata.normalize("NFC", label)].append(label)
    return {label: one for one, own in composed.items() if len(own) > 1 for label in own}


def one_spelling(rows: Rows) -> Tuple[Rows, List[str]]:
    """Writes labels that are surely the same in one way: `1.0` and `1`, `True` and `true`.

    Args:
      rows: rows by split.

    Returns:
      (rows, lines that tell what was changed).
    """
    labels = sorted(count_labels(rows))
    changed = {old: new for old, new in _spellings(labels).items() if old != new}
    if not changed:
        return rows, []
    shown = ", ".join(f"{old} -> {new}" for old, new in list(changed.items())[:_MOST_NAMED])
    return (_relabelled(rows, lambda label: [changed.get(label, label)]),
            [f"labels written in several ways are one: {shown}"])


def parted_at_hash(rows: Rows) -> Tuple[Rows, List[str]]:
    """Parts labels such as `news#sports` of texts with several labels, if they are lists of others.

    Returns:
      (rows, lines that tell what was changed).
    """
    found = [label for label in listed_labels(count_labels(rows)) if "#" in label]
    if not found:
        return rows, []
    parted = _relabelled(rows, lambda label: split_at_hash(label) if "#" in label else [label])
    return parted, [f"labels with # between are several: {found[0]} -> "
                    f"{', '.join(split_at_hash(found[0]))}"]


def without_kept_back(rows: Rows) -> Tuple[Rows, List[str]]:
    """Leaves out a dev or test whose labels are all a mark such as -1, which train has not.

    Returns:
      (rows, lines that tell what was left out).
    """
    train = set(labels_in(rows["train"]))
    told, kept = [], dict(rows)
    for split in ("dev", "test"):
        labels = set(labels_in(rows[split]))
        if train and len(labels) == 1 and labels <= NO_GOLDS - train:
            told.append(f"all {len(rows[split]):,} labels of {split} are {labels.pop()}: its "
                        "gold labels were kept back, so it is left out")
            kept[split] = []
    return kept, told


def are_fractions(labels: Sequence[str]) -> bool:
    """True if labels are numbers, and some of them no whole ones."""
    return bool(labels) and all(map(_NUMBER.fullmatch, labels)) and not all(
        _WHOLE.fullmatch(label) or "." not in label for label in labels)


def suspicious_numbers(rows: Rows) -> List[str]:
    """Tells of a number that stands for none, perhaps: often there, and far from all others."""
    counts = collections.Counter(float(label) for label in count_labels(rows).elements())
    told = []
    for mark in {min(counts, default=0.0), max(counts, default=0.0)}:
        others = sorted(set(counts) - {mark})
        if len(others) < _FEWEST_NUMBERS or counts[mark] < 2:
            continue
        gap = min(abs(mark - others[0]), abs(mark - others[-1]))
        if gap > 2 * (others[-1] - others[0]):
            told.append(f"{counts[mark]:,} texts have the number {mark:g}, far from all others "
                        f"({others[0]:g} to {others[-1]:g}); if it stands for none, take these "
                        "rows out")
    return told


def suspicious_labels(rows: Rows) -> List[str]:
    """Tells what looks wrong with the classes of rows."""
    counts = count_labels(rows)
    labels = sorted(counts)
    told = []
    if are_fractions(labels):
        told.append(f"the {len(labels):,} classes are numbers with fractions, such as "
                    f"{', '.join(labels[:3])}; --kind=regression learns them as numbers")
    told += told_alike(labels, "classes")
    told += [f"the class {label} is a number that a spreadsheet rounded, perhaps"
             for label in labels if _ROUNDED.fullmatch(label)][:_MOST_NAMED]
    single = [label for label in labels if counts[label] == 1]
    if 0 < len(single) <= max(1, _FEW_SINGLE * len(labels)) and max(counts.values()) >= _OFTEN:
        told.append(f"{len(single):,} of {len(labels):,} classes have one text each, such as "
                    f"{single[0]}: a footer or a misspelling, perhaps")
    for mark in (one for one in labels if one in NO_GOLDS or one.lower() in EMPTY_LABELS):
        if not _OPPOSITES.get(mark, set()).issuperset(labels):
            told.append(f"{counts[mark]:,} texts have the label {mark}, which is read as a "
                        "class; if it means that there is no gold label, take these rows out")
    train = set(labels_in(rows["train"]))
    for split in ("dev", "test"):
        own = sorted(set(labels_in(rows[split])) - train)
        if own:
            told.append(told_untrained(own, split, "labels", before="text with "))
    return told
