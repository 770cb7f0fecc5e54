"""Nested subsets of the data, for studies of its size."""

import collections
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import require
from xtremedistil_tf.data.readers.rows import Example, ReadReport, TextFile

# Independent of the run's seed: runs with different seeds share a teacher and its targets.
ROWS_SEED = 20200705


def of_languages(
    examples: Sequence[Example], languages: Sequence[str], where: str
) -> List[Example]:
    """Selects the rows of some languages; the order stays.

    Raises:
      UserError: for a language without rows.
    """
    there = {row.language for row in examples}
    missing = [name for name in languages if name not in there]
    require(not missing, f"--languages names {', '.join(missing)}; {where} has: "
            f"{', '.join(sorted(there))}")
    return [row for row in examples if row.language in languages]


def first_of_languages(examples: Sequence[Example], most: int) -> List[Example]:
    """Draws at most `most` rows of each language. A larger subset contains every smaller one.

    Source: paper section 6.3, Table 6 (100 and 500 labels a language).
    """
    rows: Dict[str, List[int]] = collections.defaultdict(list)
    for at, row in enumerate(examples):
        rows[row.language].append(at)
    kept = [
        at for members in rows.values()
        for at in np.random.default_rng(ROWS_SEED).permutation(members)[:most]
    ]
    return [examples[at] for at in sorted(kept)]


# Share of a transfer set that is held out if there is no dev.tsv, and its largest size.
HELD_OUT_SHARE, MOST_HELD_OUT = 0.05, 2000


class TextWithout(TextFile):
    """A text without some of its sentences, wherever they are repeated.

    Args:
      text: the whole text.
      left_out: the sentences to leave out.
    """

    def __init__(self, text: TextFile, left_out: Sequence[Example]):
        super().__init__(text.path, on_bad_row=text.on_bad_row)
        self._text, self._left_out = text, {row.texts for row in left_out}

    def read(self, report: ReadReport) -> Iterator[Example]:
        """Yields the other sentences; `report` counts only these as rows."""
        rows = 0
        for example in self._text.read(report):
            if example.texts not in self._left_out:
                rows += 1
                yield example
        report.counts["rows"] = rows


def hold_out(text: TextFile) -> Tuple[TextFile, Tuple[Example, ...]]:
    """Divides a transfer set: (the part to learn from, a random part to measure on).

    Raises:
      UserError: if the text has fewer than two different sentences.
    """
    rows = sum(1 for _ in text)
    size = min(MOST_HELD_OUT, max(1, round(HELD_OUT_SHARE * rows)))
    chosen = set(np.random.default_rng(ROWS_SEED + 1).permutation(rows)[:size].tolist())
    held = {row.texts: row for at, row in enumerate(text) if at in chosen}
    rest = TextWithout(text, list(held.values()))
    require(any(True for _ in rest), f"{text.path} has {rows} sentences; without dev.tsv a part is "
            "held out to measure on, so needed are two different ones at least")
    return rest, tuple(held.values())


class TextSample(TextFile):
    """Random sample of a text's sentences. A larger sample contains every smaller one.

    Args:
      text: the whole text; it is read once, to count its sentences.
      size: number of sentences in the sample.

    Raises:
      UserError: if the text has fewer sentences.
    """

    def __init__(self, text: TextFile, size: int):
        rows = sum(1 for _ in text)
        require(size <= rows,
                f"--transfer_size is {size}; {text.path} has {rows} sentences")
        super().__init__(text.path, on_bad_row=text.on_bad_row)
        self._text, self._size = text, size
        self._kept = np.zeros(rows, bool)
        self._kept[np.random.default_rng(ROWS_SEED).permutation(rows)[:size]] = True

    def read(self, report: ReadReport) -> Iterator[Example]:
        """Yields the sentences of the sample; `report` counts only these as rows."""
        for at, example in enumerate(self._text.read(report)):
            if self._kept[at]:
                yield example
        report.counts["rows"] = self._size
