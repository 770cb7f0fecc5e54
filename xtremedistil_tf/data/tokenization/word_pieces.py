"""Subword tokens of words, each word tokenized once."""

import itertools
from typing import Any, Dict, Iterable, Iterator, List, Tuple

import numpy as np

from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary

# Number of words that are tokenized as one sequence: a sequence costs as much as some words.
_TOGETHER = 64
# Number of characters of remembered words, some 30 MB with all that belongs to them.
_REMEMBERED = 1 << 20


class WordPieces:
    """Student's ids of the subword tokens of words.

    A tokenizer reads words that are given apart one by one, so a word has the same subword tokens
    in each sentence. Looking them up takes a fraction of the time of tokenizing. Several threads
    may call at once.

    Args:
      tokenizer: a `tokenizers.Tokenizer` without truncation and padding, with one special token at
        each end of a sequence.
      vocabulary: maps its ids to the student's.

    Attributes:
      ends: the student's ids of the special tokens around a sequence, first and last.
    """

    def __init__(self, tokenizer: Any, vocabulary: StudentVocabulary):
        self._tokenizer, self._table = tokenizer, vocabulary.table
        self._known: Dict[str, Tuple[int, ...]] = {}
        self._characters = 0
        first, *_, last = tokenizer.encode([], is_pretokenized=True).ids
        self.ends = int(self._table[first]), int(self._table[last])

    def _encode(self, words: List[str]) -> Iterator[Tuple[int, ...]]:
        parts = [words[at:at + _TOGETHER] for at in range(0, len(words), _TOGETHER)]
        for part, encoding in zip(parts, self._tokenizer.encode_batch(parts, is_pretokenized=True)):
            counts = np.bincount(np.array(encoding.word_ids[1:-1], np.int64), minlength=len(part))
            pieces = iter(self._table[np.array(encoding.ids[1:-1], np.int64)].tolist())
            for count in counts.tolist():
                yield tuple(itertools.islice(pieces, count))

    def __call__(self, words: Iterable[str]) -> Ragged:
        """Returns the student's ids, int32, one row a word; a word may have none."""
        words = list(words)
        known = self._known
        new = [word for word in dict.fromkeys(words) if word not in known]
        if new:
            known.update(zip(new, self._encode(new)))
            self._characters += sum(map(len, new))
            if self._characters > _REMEMBERED:
                # This call and those of other threads still hold the old ones.
                self._known, self._characters = {}, 0
        return Ragged.of([known[word] for word in words])
