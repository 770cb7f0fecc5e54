"""Aligns a student's own subword tokens with its teacher's in windows of contexts.

The student reads the same stretch of the context as the teacher. Tokens of the same characters
correspond to each other. A token of other characters has no counterpart, even if it begins where
one of the teacher's begins: its teacher's logits say where an answer begins and where it ends.
"""

import itertools
from typing import Any, Dict, Iterable, Iterator, Tuple

import numpy as np

from xtremedistil_tf.config import SquadConfig
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.windows import CHUNK, WindowCutter

# Bits of a character offset in a key.
_BITS = 28
_NO_KEY = -1


def _text_ahead(text: str) -> np.ndarray:
    """For each offset of a text, and its end, the offset of the next character of no space."""
    spaces = np.fromiter(map(str.isspace, text), bool, len(text))
    at = np.where(spaces, len(text), np.arange(len(text)))
    return np.append(np.minimum.accumulate(at[::-1])[::-1], len(text))


class _Keys:
    """Numbers the characters that the tokens of a question and its context stand for.

    Args:
      question, context: the texts.
    """

    def __init__(self, question: str, context: str):
        self._ahead = _text_ahead(question), _text_ahead(context)

    def __call__(self, encoding: Any) -> Tuple[np.ndarray, np.ndarray]:
        """Returns int64 [tokens] twice: keys (-1 for special tokens), and text numbers (or -1)."""
        texts = np.array([-1 if text is None else text for text in encoding.sequence_ids])
        offsets = np.array(encoding.offsets, np.int64).reshape(-1, 2)
        keys = np.full(len(texts), _NO_KEY, np.int64)
        for number, ahead in enumerate(self._ahead):
            own = texts == number
            # Some tokenizers include the space before a token in its offsets.
            begins, ends = ahead[offsets[own, 0]], offsets[own, 1]
            found = ((begins + (number << _BITS)) << _BITS) + ends
            keys[own] = np.where(ends > begins, found, _NO_KEY)
        return keys, texts


def _places(teacher: np.ndarray, student: np.ndarray, specials: Tuple[np.ndarray, np.ndarray]
            ) -> np.ndarray:
    """Position in the teacher's window of each of the student's tokens, int32; -1 for none.

    Args:
      teacher, student: keys of their tokens.
      specials: positions of their special tokens.
    """
    order = np.argsort(teacher, kind="stable")
    at = np.minimum(np.searchsorted(teacher[order], student), len(order) - 1)
    found = order[at]
    places = np.where((teacher[found] == student) & (student != _NO_KEY), found, -1)
    theirs, own = specials
    if len(theirs) == len(own):
        places[own] = theirs
    else:  # Some kinds of encoder have two separators between the texts.
        places[own[[0, -1]]] = theirs[[0, -1]]
    return places.astype(np.int32)


def _window(window: Any, whole: Any, keys: _Keys, seq_len: int) -> Tuple[np.ndarray, np.ndarray]:
    """(the student's ids, places) of one of the teacher's windows.

    Args:
      window: the teacher's window.
      whole: question and whole context in the student's tokens.
      keys: of this question.
      seq_len: maximum length.
    """
    theirs, texts = keys(window)
    own, own_texts = keys(whole)
    offsets, own_offsets = (np.array(one.offsets).reshape(-1, 2) for one in (window, whole))
    context = offsets[texts == 1]
    kept = own_texts != 1
    if len(context):
        inside = (own_offsets[:, 0] >= context[0, 0]) & (own_offsets[:, 1] <= context[-1, 1])
        inside = np.flatnonzero(~kept & inside)
        kept[inside[:max(0, seq_len - int(kept.sum()))]] = True
    own, ids = own[kept], np.array(whole.ids, np.int32)[kept]
    return ids, _places(theirs, own, (np.flatnonzero(texts < 0),
                                      np.flatnonzero(own_texts[kept] < 0)))


def realigned_windows(
    teacher: Any, student: Any, questions: Iterable[Question], seq_len: int, settings: SquadConfig
) -> Iterator[Tuple[Ragged, Ragged, Dict[str, int]]]:
    """Reads the teacher's windows in a student's own subword tokens, in constant memory.

    Args:
      teacher, student: fast Hugging Face tokenizers.
      questions: the questions.
      seq_len: maximum length in subword tokens of both, special tokens included. A window that is
        longer in the student's tokens is cut.
      settings: settings of windows and answers.

    Yields:
      (the student's sequences of a chunk, one for each window; their `realign.Realigned.places`;
      counts of questions, windows and tokens).
    """
    cutter, own = (WindowCutter(one.backend_tokenizer, seq_len, settings)
                   for one in (teacher, student))
    waiting = iter(questions)
    while chunk := list(itertools.islice(waiting, CHUNK)):
        pairs = [(one.text, one.context) for one in chunk]
        rows = [_window(window, whole, keys, seq_len)
                for windows, whole, keys in zip(cutter(pairs), own.whole(pairs),
                                                itertools.starmap(_Keys, pairs))
                for window in windows]
        ids = Ragged.of([row for row, _ in rows])
        yield ids, Ragged.of([places for _, places in rows]), {
            "sentences": len(chunk), "windows": len(rows), "pieces": len(ids.values)}
