"""Cuts questions into sequences: each is a question with a window of its context."""

import collections
import itertools
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np
from tokenizers import Tokenizer

from xtremedistil_tf.config import SquadConfig
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization.alignment import Contexts, Features
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.progress import Progress

# Questions for each call of the tokenizer: windows with their offsets need much memory.
CHUNK = 512
# The position of [CLS], the target of windows without the answer.
_NOWHERE = (0, 0)


class WindowCutter:
    """Cuts questions with their contexts into overlapping windows.

    Args:
      tokenizer: the tokenizer; it is copied, because truncation is one of its settings.
      seq_len: maximum length in subword tokens, special tokens included.
      settings: settings of questions and windows.
    """

    def __init__(self, tokenizer: Tokenizer, seq_len: int, settings: SquadConfig):
        settings.check(seq_len)
        self._settings = settings
        self._whole, self._cutting = (Tokenizer.from_str(tokenizer.to_str()) for _ in range(2))
        for copy in (self._whole, self._cutting):
            copy.no_padding()
            copy.no_truncation()
            # A special token that occurs in a text is text.
            copy.encode_special_tokens = True
        self._cutting.enable_truncation(
            seq_len, stride=settings.doc_stride, strategy="only_second")

    def _short(self, texts: Sequence[str]) -> List[str]:
        """Truncates questions that are too long."""
        most, short = self._settings.max_query_length, list(texts)
        left = list(range(len(short)))
        while left:
            encoded = self._whole.encode_batch(
                [short[at] for at in left], add_special_tokens=False)
            long = [(at, found) for at, found in zip(left, encoded) if len(found.ids) > most]
            for at, found in long:
                short[at] = short[at][: found.offsets[most][0]]
            # The rest of a truncated word may have more tokens than before.
            left = [at for at, _ in long]
        return short

    def __call__(self, pairs: Sequence[Tuple[str, str]]) -> List[List[Any]]:
        """Returns the windows of each (question, context), as encodings of the tokenizer."""
        return [[first, *first.overflowing]
                for first in self._cutting.encode_batch(self._shortened(pairs))]

    def whole(self, pairs: Sequence[Tuple[str, str]]) -> List[Any]:
        """Returns one encoding of each (question, whole context)."""
        return self._whole.encode_batch(self._shortened(pairs))

    def _shortened(self, pairs: Sequence[Tuple[str, str]]) -> List[Tuple[str, str]]:
        short = self._short([question for question, _ in pairs])
        return [(question, context) for question, (_, context) in zip(short, pairs)]


def piece_offsets(window: Any) -> Tuple[np.ndarray, np.ndarray]:
    """Character offsets in the context at which a window's subword tokens begin and end.

    Args:
      window: an encoding of the tokenizer.

    Returns:
      Two int32 [tokens]; -1 for tokens outside the context.
    """
    offsets = np.array(window.offsets, np.int32).reshape(-1, 2)
    inside = np.fromiter((text == 1 for text in window.sequence_ids), bool, len(offsets))
    inside &= offsets[:, 1] > offsets[:, 0]
    return np.where(inside, offsets[:, 0], -1), np.where(inside, offsets[:, 1], -1)


class PackedWindows(NamedTuple):
    """The windows of some questions, one sequence each.

    Attributes:
      ids: subword token ids.
      begins, ends, owners: see `alignment.Contexts`.
    """

    ids: Ragged
    begins: Ragged
    ends: Ragged
    owners: np.ndarray


def pack_windows(cut: Sequence[Sequence[Any]], *, first: int = 0) -> PackedWindows:
    """Packs the windows of a `WindowCutter`.

    Args:
      cut: the windows of each question.
      first: number of the first question.
    """
    windows = [window for own in cut for window in own]
    offsets = [piece_offsets(window) for window in windows]
    owners = np.repeat(np.arange(first, first + len(cut), dtype=np.int32),
                       [len(own) for own in cut])
    return PackedWindows(
        Ragged.of([window.ids for window in windows]), Ragged.of([begins for begins, _ in offsets]),
        Ragged.of([ends for _, ends in offsets]), owners)


def answer_place(
    begins: np.ndarray, ends: np.ndarray, start: int, end: int
) -> Tuple[int, int]:
    """Positions of an answer's first and last subword token in a window.

    Args:
      begins, ends: see `piece_offsets`.
      start, end: character offsets of the answer; `end` is exclusive.

    Returns:
      (first, last); the position of [CLS] twice if the window does not hold the whole answer.
    """
    at = np.flatnonzero(begins >= 0)
    if not len(at) or begins[at[0]] > start or ends[at[-1]] < end:
        return _NOWHERE
    # Tokens that overlap the answer; a token may be longer than the answer.
    touched = at[(ends[at] > start) & (begins[at] < end)]
    return (int(touched[0]), int(touched[-1])) if len(touched) else _NOWHERE


class _Rows:
    """Collects windows, packed chunk by chunk."""

    def __init__(self, unknown: int):
        self._unknown = unknown
        self.packed: List[PackedWindows] = []
        self.places: List[Tuple[int, int]] = []
        self.counts: Dict[str, int] = collections.Counter()

    def take(
        self, first: int, questions: Sequence[Question], cut: Sequence[Sequence[Any]]
    ) -> None:
        """Adds the windows of some questions; `first` is the number of the first question."""
        packed, row = pack_windows(cut, first=first), 0
        for question, windows in zip(questions, cut):
            places = [self._place(question, packed.begins[at], packed.ends[at])
                      for at in range(row, row + len(windows))]
            self.counts["lost_answers"] += bool(question.tags) and set(places) == {_NOWHERE}
            self.counts["answerable"] += bool(question.tags)
            self.counts["cut_sentences"] += len(windows) > 1
            self.places += places
            row += len(windows)
        self.packed.append(packed)
        self.counts["windows"] += len(packed.ids)
        self.counts["pieces"] += len(packed.ids.values)
        self.counts["unknown_pieces"] += int((packed.ids.values == self._unknown).sum())

    @staticmethod
    def _place(question: Question, begins: np.ndarray, ends: np.ndarray) -> Tuple[int, int]:
        if not question.tags:
            return _NOWHERE
        return answer_place(begins, ends, question.start, question.start + len(question.tags[0]))


def _chunks(questions: Sequence[Question]) -> Iterator[Tuple[int, Sequence[Question]]]:
    for first in range(0, len(questions), CHUNK):
        yield first, questions[first : first + CHUNK]


def window_features(
    tokenizer: Any, questions: Sequence[Question], seq_len: int, settings: SquadConfig
) -> Features:
    """Cuts questions into the sequences that a model reads.

    Args:
      tokenizer: a fast Hugging Face tokenizer.
      questions: the questions of one split.
      seq_len: maximum length in subword tokens, special tokens included.
      settings: settings of windows and answers.

    Returns:
      Features with one sequence for each window, in the order of `questions`; `tags` has one tuple
      for each question. `counts` has `windows`, `answerable`, `lost_answers` (no window holds the
      whole answer, so the question is trained as unanswerable), `cut_sentences` (questions with
      several windows), `pieces` and `unknown_pieces`.
    """
    cutter = WindowCutter(tokenizer.backend_tokenizer, seq_len, settings)
    rows = _Rows(tokenizer.unk_token_id)
    with Progress(len(questions), "cutting contexts", "questions") as bar:
        for first, chunk in _chunks(questions):
            rows.take(first, chunk, cutter([(one.text, one.context) for one in chunk]))
            bar.advance(len(chunk))
    languages = [question.language for question in questions]
    ids, begins, ends = (Ragged.join([getattr(packed, name) for packed in rows.packed])
                         for name in ("ids", "begins", "ends"))
    owners = np.concatenate([packed.owners for packed in rows.packed])
    contexts = Contexts([question.context for question in questions], owners, begins, ends,
                        settings.max_answer_length, languages)
    return Features(
        ids, Ragged.of(rows.places), Ragged.of([()] * len(owners)),
        [languages[owner] for owner in owners], [question.tags for question in questions],
        dict(rows.counts), pooled=True, contexts=contexts)


def window_pieces(
    tokenizer: Any, questions: Iterable[Question], seq_len: int, settings: SquadConfig
) -> Iterator[Tuple[Ragged, Dict[str, int]]]:
    """Cuts unlabelled questions into windows chunk by chunk, in constant memory.

    Arguments as for `window_features`.

    Yields:
      (token ids of the windows of a chunk of questions, counts: `sentences` (questions), `windows`,
      `cut_sentences`, `pieces` and `unknown_pieces`).
    """
    cutter, waiting = WindowCutter(tokenizer.backend_tokenizer, seq_len, settings), iter(questions)
    while chunk := list(itertools.islice(waiting, CHUNK)):
        cut = cutter([(one.text, one.context) for one in chunk])
        ids = Ragged.of([window.ids for windows in cut for window in windows])
        yield ids, {
            "sentences": len(chunk), "windows": len(ids), "pieces": len(ids.values),
            "cut_sentences": sum(len(windows) > 1 for windows in cut),
            "unknown_pieces": int((ids.values == tokenizer.unk_token_id).sum())}
