"""Nested subsets of the data, for studies of its size."""

import collections
from typing import Dict, Iterator, List, Sequence

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
        super().__init__(
            text.path, on_bad_row=text.on_bad_row, parse=text.parse, first=text.first)
        self._size = size
        self._kept = np.zeros(rows, bool)
        self._kept[np.random.default_rng(ROWS_SEED).permutation(rows)[:size]] = True

    def read(self, report: ReadReport) -> Iterator[Example]:
        """Yields the sentences of the sample; `report` counts only these as rows."""
        for at, example in enumerate(super().read(report)):
            if self._kept[at]:
                yield example
        report.counts["rows"] = self._size
