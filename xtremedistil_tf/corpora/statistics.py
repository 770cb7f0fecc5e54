"""The numbers of a data card: counts, labels, lengths, unknown tokens, duplicates, leaks."""

import array
import collections
import itertools
import logging
import pathlib
from typing import Any, Callable, Counter, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.corpora.convert import SPLITS, digest
from xtremedistil_tf.corpora.readers.schemes import entity_types
from xtremedistil_tf.data.labels import LabelSet, read_labels
from xtremedistil_tf.data.lines import RowError, decode_lines
from xtremedistil_tf.data.readers.rows import Example, parse_ner

log = logging.getLogger("absl")

# Rows for each call of the tokenizer.
_CHUNK = 2048
MARKERS = 2
# (rows of words) -> (length of each row, its unknown tokens).
Measure = Callable[[Sequence[Sequence[str]]], Tuple[List[int], List[int]]]


def count_words(rows: Sequence[Sequence[str]]) -> Tuple[List[int], List[int]]:
    """Counts words, none of them unknown; replaces a PieceCounter if no tokenizer is given."""
    return [len(row) for row in rows], [0] * len(rows)


class _Tally:
    """Counts of one split and language; needs 8 bytes of memory for each sentence."""

    def __init__(self):
        self.counts: Counter[str] = collections.Counter()
        self.tags: Counter[str] = collections.Counter()
        self.entities: Counter[str] = collections.Counter()
        self.lengths: Counter[int] = collections.Counter()
        self.digests = array.array("Q")

    def add(self, row: Example, length: int, unknown: int, seq_len: int) -> None:
        """Counts a row of `length` subword tokens or words."""
        types = entity_types(row.tags)
        self.counts["sentences"] += 1
        self.counts["words"] += len(row.words)
        self.counts["unknown"] += unknown
        self.counts["cut"] += length + MARKERS > seq_len
        self.counts["without_entity"] += bool(row.tags) and not types
        self.tags.update(row.tags)
        self.entities.update(types)
        self.lengths[length] += 1
        self.digests.append(digest(row.words))

    def merge(self, other: "_Tally") -> None:
        """Adds the counts of another tally."""
        for name in ("counts", "tags", "entities", "lengths"):
            getattr(self, name).update(getattr(other, name))
        self.digests.extend(other.digests)

    def numbers(self) -> Dict[str, Any]:
        """The counts as JSON values; fractions are 0 to 1."""
        lengths = np.array(sorted(self.lengths))
        weights = np.array([self.lengths[int(length)] for length in lengths])
        total, sentences = int((lengths * weights).sum()), self.counts["sentences"]
        ranks = np.cumsum(weights)

        def at(share: float) -> int:
            return int(lengths[np.searchsorted(ranks, share * sentences)])

        return {
            "sentences": sentences, "words": self.counts["words"], "length": {
                "total": total, "mean": total / sentences, "median": at(0.5), "p95": at(0.95),
                "longest": int(lengths[-1])},
            "cut": self.counts["cut"] / sentences,
            "unknown": self.counts["unknown"] / max(1, total),
            "duplicates": sentences - len(np.unique(np.frombuffer(self.digests, np.uint64))),
            "without_entity": self.counts["without_entity"],
        }


def _rows(path: pathlib.Path, labels: Optional[LabelSet], counts: Counter[str]
          ) -> Iterator[Example]:
    """Yields the usable rows of a file and counts the others."""
    with open(path, "rb") as file:
        for _, text in decode_lines(file):
            try:
                if isinstance(text, RowError):
                    raise text
                if not text.strip():
                    continue
                yield (parse_ner(text, labels)[0] if labels is not None else
                       Example(tuple(filter(None, text.replace("\t", " ").split(" ")))))
            except RowError:
                counts["unusable_rows"] += 1


def _tally(rows: Iterator[Example], measure: Measure, seq_len: int) -> Dict[str, _Tally]:
    tallies: Dict[str, _Tally] = collections.defaultdict(_Tally)
    while True:
        chunk = list(itertools.islice(rows, _CHUNK))
        if not chunk:
            return tallies
        for row, length, unknown in zip(chunk, *measure([row.words for row in chunk])):
            tallies[row.language].add(row, length, unknown, seq_len)


def _leaks(digests: Dict[str, np.ndarray]) -> Dict[str, int]:
    """Number of sentences of split a that also occur in split b, by "a in b"."""
    pairs = [("train", "dev"), ("train", "test"), ("dev", "test"),
             ("transfer", "dev"), ("transfer", "test")]
    return {f"{a} in {b}": int(np.isin(digests[a], digests[b]).sum())
            for a, b in pairs if a in digests and b in digests}


def measure_task(folder: pathlib.Path, transfer_file: str, measure: Measure, seq_len: int,
                 *, kind: str = LabelSet.kind) -> Dict[str, Any]:
    """Measures a task folder, row by row.

    Args:
      folder: the task folder.
      transfer_file: its unlabelled text; may be missing.
      measure: returns the lengths of rows and their numbers of unknown tokens.
      seq_len: maximum length in subword tokens, special tokens included.
      kind: name of the kind of task.

    Returns:
      "splits" with the numbers of each split, "leaks", and "labels" in their order.

    Raises:
      UserError: if labels.tsv is unusable.
      OSError: if a file cannot be read.
    """
    labels = read_labels(folder / "labels.tsv", kind=kind)
    paths = {split: folder / f"{split}.tsv" for split in SPLITS}
    if (folder / transfer_file).is_file():
        paths["transfer"] = folder / transfer_file
    splits: Dict[str, Any] = {}
    digests: Dict[str, np.ndarray] = {}
    for split, path in paths.items():
        log.info("counting %s", path)
        counts: Counter[str] = collections.Counter()
        rows = _rows(path, None if split == "transfer" else labels, counts)
        tallies = _tally(rows, measure, seq_len)
        whole = _Tally()
        for tally in tallies.values():
            whole.merge(tally)
        digests[split] = np.frombuffer(whole.digests, np.uint64)
        splits[split] = {
            **(whole.numbers() if tallies else {"sentences": 0}), **counts,
            "tags": {tag: whole.tags[tag] for tag in labels.tags if split != "transfer"},
            "entities": dict(sorted(whole.entities.items())),
            "lengths": {str(length): count for length, count in sorted(whole.lengths.items())},
            "languages": {code: tallies[code].numbers() for code in sorted(tallies)},
        }
    return {"labels": list(labels.tags), "splits": splits, "leaks": _leaks(digests)}
