"""The values of one column of a column file: what they can be."""

import collections
import itertools
import re
from typing import Callable, List, Sequence

from xtremedistil_tf.corpora.readers.schemes import tagged_by_types
from xtremedistil_tf.data.lines import is_count
from xtremedistil_tf.data.readers.recognise import CHUNKS, LETTERS, is_bracketed, is_tag
from xtremedistil_tf.data.readers.sentences import LONG_ROW, count_ends
from xtremedistil_tf.data.words import END_MARKS

# Labels of phrases and arguments in CoNLL-2012's other columns of brackets.
_NO_ENTITIES = re.compile(r"(TOP|S|NP|VP|V|([CR]-)?(ARG|A|AM-).*|[CR]-V)")
EMPTY = frozenset({"", "_", "-"})
_INDEX = re.compile(r"\d+([-.]\d+)?")
_NUMBER = re.compile(r"-?\d+([.,-]\d+)*(e-?\d+)?")
_DIGIT = re.compile(r"\d")
_FIRST = 500  # Rows that show whether a column holds numbers.
_RUN_ROWS = 1000  # Rows that show whether a column names sentences.
# Fewer words in a run, on average, and the values count something else.
_SHORTEST_RUN = 1.5
# A column with at most this many different values may hold types without a scheme's letters.
_FEW_TYPES = 20
# More different values than any set of parts of speech has.
_MANY_WORDS = 1000
# A type of an entity beside a column of letters.
_TYPE = re.compile(r"[^\W\d_][^\W\d]*(?:[-./&][^\W\d]+)*")


def _are_new(names: Sequence[str]) -> bool:
    """True if no name of a run returns, or if the names count sentences, perhaps of each document.

    Numbers that only change between two values are marks of words.
    """
    if len(names) < 2 or not all(map(is_count, names)):
        return len(set(names)) == len(names) > 2
    numbers = list(map(int, names))
    first = numbers[0]
    if len(set(numbers)) == len(numbers) and (len(numbers) > 2 or numbers == [first, first + 1]):
        return True
    return first < 2 < len(set(numbers)) and all(
        after in (before + 1, first) for before, after in zip(numbers, numbers[1:]))


class Column:
    """The values of one column of the sample.

    Attributes:
      values: the values.
      types: entity types of its tags.
      distinct: number of different values.
      is_tags: True if it holds tags, or types in place of them.
      is_brackets: True if these are OntoNotes' brackets.
      is_chunks: True if these are phrases, not entities.
      is_letters: True if these are a scheme's letters without types.
      is_empty: True if nearly all values stand for nothing.
      is_index: True if nearly all are whole numbers, or ranges of them.
      is_number: True if nearly all are numbers.
      is_id: True if nearly all have a digit, as those of words never do: s0-t1, 0:5, doc3.txt.
    """

    def __init__(self, values: Sequence[str]):
        self.values = values
        self._counts = collections.Counter(values)
        found = [value for value in self._counts if is_tag(value)]
        self.types = list(dict.fromkeys(value[2:] for value in found if value != "O"))
        self.distinct = len(self._counts)
        self.is_tags = self._are_tags(sum(self._counts[value] for value in found))
        self.is_brackets = not self.is_tags and is_bracketed(values)
        if self.is_brackets:
            self.is_tags = True
            self.types = list(dict.fromkeys(re.findall(r"\(([^\s()*]+)", " ".join(values))))
        self.is_chunks = bool(self.types) and (
            CHUNKS.issuperset(self.types) or self.is_brackets and any(
                map(_NO_ENTITIES.fullmatch, self.types)))
        self.is_letters = self.is_tags and "B" in self._counts and (
            LETTERS | {"O"}).issuperset(self._counts)
        self.is_empty = self._most(lambda value: value in EMPTY)
        self.is_index = self._most(_INDEX.fullmatch)
        self.is_number = self._most(_NUMBER.fullmatch)
        self.is_id = self._most(_DIGIT.search)

    def _are_tags(self, tags: int) -> bool:
        """True if half of the values are tags, or if a tenth are O and the others a few types."""
        rows = len(self.values)
        if not rows or tags >= 0.5 * rows:
            return rows > 0
        few = self.distinct <= max(_FEW_TYPES, 0.1 * rows)
        return tags >= 0.1 * rows and not self.types and few and tagged_by_types(self._counts)

    def _most(self, test: Callable) -> bool:
        return sum(map(bool, map(test, self.values[:_FIRST]))) >= 0.9 * len(self.values[:_FIRST])

    def names_sentences(self, words: Sequence[str]) -> bool:
        """True if all words of a sentence have the same value, with a number, and others another.

        End marks tell sentences from documents and from lines of a page.

        Args:
          words: the values of the word column.
        """
        values = self.values[:_RUN_ROWS]
        runs = [(value, len(list(group))) for value, group in itertools.groupby(values)]
        if not self.is_id or not _SHORTEST_RUN * len(runs) <= len(values) <= LONG_ROW * len(runs):
            return False
        if not _are_new([value for value, _ in runs]):
            return False
        begin = inside = closing = 0
        for _, length in runs:
            run = words[begin:begin + length]
            inside += count_ends(run)
            closing += bool(END_MARKS.intersection(run[-2:]))
            begin += length
        return inside <= closing

    @property
    def may_be_words(self) -> bool:
        """True unless all values look like parts of speech: few and short, or in capitals."""
        return self.distinct >= _MANY_WORDS or not all(
            value.isascii() and (len(value) < 4 or value.isupper()) for value in self._counts)

    def are_types_of(self, letters: "Column") -> bool:
        """True if it has a type where a column has a letter, and nothing elsewhere."""
        types = {value for value in self._counts if value != "O" and value not in EMPTY}
        if self is letters or not 0 < len(types) <= _FEW_TYPES:
            return False
        return all(map(_TYPE.fullmatch, types)) and all(
            (value in types) == (letter != "O")
            for value, letter in zip(self.values, letters.values))

    @property
    def bare(self) -> List[str]:
        """Values that are not tags: types without a scheme's letter."""
        return [value for value in self._counts
                if not is_tag(value) and value not in EMPTY]

    def examples(self) -> str:
        """Some of its types."""
        found = self.types or self.bare
        return ", ".join(found[:4]) + (", ..." if found[4:] else "")
