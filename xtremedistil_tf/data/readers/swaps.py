"""More transfer text, made from sentences by replacing their entities or words."""

import collections
import unicodedata
from typing import Any, Callable, Dict, Iterable, Iterator, List, Sequence, Set, Tuple

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities

from xtremedistil_tf.data.readers.rows import Example, ReadReport, TextFile
from xtremedistil_tf.data.readers.subset import ROWS_SEED

_Words = Tuple[str, ...]
# Share of the words that `WordSwaps` replaces, where it knows another.
_SHARE = 0.4
# Number of words below which a place is too rare to tell what may stand there.
_FEW = 5


def _alphabet(word: str) -> str:
    return unicodedata.name(word[0], "").partition(" ")[0]


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
    generator = np.random.default_rng(ROWS_SEED)
    known: Set[_Words] = {row.words for row in rows}
    made = []
    for row in rows:
        entities = _entities(row)
        for _ in range(times if entities else 0):
            words: _Words = ()
            behind = 0
            for kind, first, end in entities:
                pool = pools[row.language, kind]
                words += row.words[behind:first] + pool[generator.integers(len(pool))]
                behind = end
            words += row.words[behind:]
            if words not in known:
                known.add(words)
                made.append(Example(words))
    return made


class WordSwaps:
    """Replaces words by others of the same text, without a language or a tag.

    A word gives way to one that stands elsewhere beside the same word: "in Paris" and "in Rome"
    make "lives in Rome" of "lives in Paris". If few are known, a word with a capital gives way to
    any other of its alphabet: names of all languages stand in texts of each. Only words of letters
    are replaced or tell what may replace them: a bracket stands beside words of any language.

    Args:
      rows: sentences; their words replace each other.
    """

    def __init__(self, rows: Iterable[Example]):
        self._beside: Dict[Tuple[Any, ...], List[str]] = collections.defaultdict(list)
        self._names: Dict[str, List[str]] = collections.defaultdict(list)
        for row in rows:
            for at, word in enumerate(row.words):
                place = self._place(row.words, at)
                if place and word[0].isalpha():
                    self._beside[place].append(word)
                if word[0].isupper():
                    self._names[_alphabet(word)].append(word)

    @staticmethod
    def _place(words: _Words, at: int) -> Tuple[Any, ...]:
        """A word's neighbour and its side, and whether the word has a capital; () without any."""
        for side in (-1, 1):
            if 0 <= at + side < len(words) and words[at + side][0].isalpha():
                return words[at + side], side, words[at][0].isupper()
        return ()

    def _others(self, words: _Words, at: int) -> Sequence[str]:
        """The words that may stand there; empty for none."""
        word = words[at]
        pool = self._beside.get(self._place(words, at), ())
        if word[0].isupper() and len(pool) < _FEW:
            return self._names[_alphabet(word)]
        return pool if word[0].isalpha() else ()

    def swap(self, words: _Words, generator: np.random.Generator) -> _Words:
        """Returns a sentence with some of its words replaced; it may be the same."""
        made = list(words)
        for at in np.flatnonzero(generator.random(len(words)) < _SHARE):
            others = self._others(words, at)
            if others:
                made[at] = others[generator.integers(len(others))]
        return tuple(made)


def swap_words(text: TextFile, times: int) -> Callable[[], Iterator[Example]]:
    """Returns a function that makes the sentences of `WordSwaps`, the same ones at each call.

    Args:
      text: the transfer text; it is read at once for its words, and again with each call.
      times: number of draws from each sentence; a draw that changes nothing is dropped.
    """
    swaps = WordSwaps(text.read(ReadReport(text.path)))

    def made() -> Iterator[Example]:
        generator = np.random.default_rng(ROWS_SEED)
        for _ in range(times):
            for row in text.read(ReadReport(text.path)):
                words = swaps.swap(row.words, generator)
                if words != row.words:
                    yield Example(words)

    return made


class LongerText(TextFile):
    """A transfer text, followed by more sentences.

    Args:
      text: the transfer text.
      more: returns the sentences after it, the same ones at each call.
    """

    def __init__(self, text: TextFile, more: Callable[[], Iterable[Example]]):
        super().__init__(text.path, on_bad_row=text.on_bad_row)
        self._text, self._more = text, more

    def read(self, report: ReadReport) -> Iterator[Example]:
        """Yields the text's sentences, then the new ones; `report` counts both as rows."""
        yield from self._text.read(report)
        for row in self._more():
            report.counts["rows"] += 1
            yield row
