"""The rows that both codes of benchmarks/authors.py get, and the scores of the authors' logits."""

import collections
import pathlib
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
from both_ways import both_ways

from xtremedistil_tf.data.labels import LabelSet, read_labels
from xtremedistil_tf.data.readers.rows import Example, TextFile, read_ner
from xtremedistil_tf.metrics.decoding import decode

SPLITS = ("dev", "test")
# Evaluations of the authors' script: the teacher, then these stages.
STAGES = range(2, 10)


def tsv_line(row: Example) -> str:
    """A row in the form that both codes read."""
    return " ".join(row.words) + "\t" + " ".join(f"{row.language}:{tag}" for tag in row.tags)


def first_rows(rows: Sequence[Example], count: Optional[int]) -> List[Example]:
    """The first `count` rows of each language; all without a count."""
    seen: Dict[str, int] = collections.Counter()
    chosen = []
    for row in rows:
        seen[row.language] += 1
        if count is None or seen[row.language] <= count:
            chosen.append(row)
    return chosen


def write_task(source: pathlib.Path, target: pathlib.Path, *, labelled: Optional[int],
               transfer: Optional[int]) -> None:
    """Writes the rows that both codes get: train cut, dev and test whole, transfer text cut."""
    target.mkdir(parents=True, exist_ok=True)
    labels = read_labels(source / "labels.tsv")
    (target / "labels.tsv").write_text("\n".join(labels.tags) + "\n", "utf-8")
    for split, count in (("train", labelled), ("dev", None), ("test", None)):
        rows, _ = read_ner(source / f"{split}.tsv", labels)
        (target / f"{split}.tsv").write_text(
            "".join(tsv_line(row) + "\n" for row in first_rows(rows, count)), "utf-8")
    lines = [" ".join(row.words) for row in TextFile(source / "transfer.txt")][:transfer]
    (target / "transfer.txt").write_text("".join(line + "\n" for line in lines), "utf-8")


def word_starts(classes: np.ndarray, words: int, tags: int) -> np.ndarray:
    """Positions of the words' first subword tokens, from the gold classes of a sequence.

    Args:
      classes: int [time]: a real tag on first subword tokens, a syntactic class elsewhere.
      words: number of words of the row.
      tags: number of real tags; they are the first classes.

    Returns:
      int32 [words], -1 for a word that was cut off.

    Raises:
      ValueError: if there are more first tokens than words.
    """
    found = np.flatnonzero(classes < tags)
    if len(found) > words:
        raise ValueError(f"{len(found)} first subword tokens for {words} words")
    starts = np.full(words, -1, np.int32)
    starts[: len(found)] = found
    return starts


def kept_both_ways(kept: Any, split: str, rows: Sequence[Example], tags: Sequence[str]) -> Dict:
    """Scores of kept logits both ways, over words; words that were cut off are O.

    Args:
      kept: arrays by `split.language.logits` and `.classes`, rows in the order of the file.
      split: dev or test.
      rows: the split's rows.
      tags: the tags in the order of labels.tsv.
    """
    of = collections.defaultdict(list)
    for row in rows:
        of[row.language].append(row)
    if any(len(kept[f"{split}.{language}.logits"]) != len(own) for language, own in of.items()):
        raise ValueError(f"the kept logits are not of these rows of {split}")

    def predict(labels: LabelSet) -> List[List[str]]:
        return [words for language, own in of.items() for words, _ in decode(
            kept[f"{split}.{language}.logits"],
            [word_starts(classes, len(row.words), len(tags))
             for classes, row in zip(kept[f"{split}.{language}.classes"], own)], labels)]

    return both_ways([row for own in of.values() for row in own], tags, predict)


def their_scores(folder: pathlib.Path, rows: Dict[str, List[Example]], tags: Sequence[str]) -> Dict:
    """Teacher and stages of the authors' run."""
    found = []
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as kept:
            found.append({"their_score": float(kept["score"]),
                          **{split: kept_both_ways(kept, split, rows[split], tags)
                             for split in SPLITS}})
    return {"teacher": found[0],
            "stages": [{"stage": stage, **own} for stage, own in zip(STAGES, found[1:])]}
