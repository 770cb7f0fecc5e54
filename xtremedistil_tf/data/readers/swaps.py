"""More transfer text: labelled sentences with each entity replaced by one of the same type."""

import collections
from typing import Dict, Iterator, List, Sequence, Set, Tuple

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities

from xtremedistil_tf.data.readers.rows import Example, ReadReport, TextFile
from xtremedistil_tf.data.readers.subset import ROWS_SEED

_Words = Tuple[str, ...]


def _entities(row: Example) -> List[Tuple[str, int, int]]:
    """(type, index of the first word, index behind the last word) of each entity."""
    return [(kind, first, last + 1) for kind, first, last in get_entities(list(row.tags))]


def swap_entities(rows: Sequence[Example], times: int) -> List[Example]:
    """Replaces every entity of a sentence by one of the same type and language.

    Args:
      rows: tagged sentences; sentences without an entity are ignored.
      times: number of draws from each sentence; duplicates are dropped.

    Returns:
      Unlabelled sentences, each once, none of them in `rows`.
    """
    pools: Dict[Tuple[str, str], List[_Words]] = collections.defaultdict(list)
    for row in rows:
        for kind, first, end in _entities(row):
            pools[row.language, kind].append(row.words[first:end])
    draw = np.random.default_rng(ROWS_SEED)
    known: Set[_Words] = {row.words for row in rows}
    made = []
    for row in rows:
        entities = _entities(row)
        for _ in range(times if entities else 0):
            words: _Words = ()
            behind = 0
            for kind, first, end in entities:
                pool = pools[row.language, kind]
                words += row.words[behind:first] + pool[draw.integers(len(pool))]
                behind = end
            words += row.words[behind:]
            if words not in known:
                known.add(words)
                made.append(Example(words))
    return made


class SwappedText(TextFile):
    """A transfer text, followed by the sentences of `swap_entities`.

    Args:
      text: the transfer text.
      rows, times: see `swap_entities`.
    """

    def __init__(self, text: TextFile, rows: Sequence[Example], times: int):
        super().__init__(text.path, on_bad_row=text.on_bad_row)
        self._text, self._more = text, swap_entities(rows, times)

    def read(self, report: ReadReport) -> Iterator[Example]:
        """Yields the text's sentences, then the new ones; `report` counts both as rows."""
        yield from self._text.read(report)
        report.counts["rows"] += len(self._more)
        yield from self._more
