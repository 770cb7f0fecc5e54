"""Several teachers of any kinds and tokenizers as one, averaged word by word."""

import dataclasses
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.outputs.reader import average_logits
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import encode_words, first_pieces
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import HAS_ALL, HAS_LOGITS, HAS_STATES
from xtremedistil_tf.teachers.base import sequence_key

ALL_LANGUAGES = "*"
# Sequences whose outputs are in memory at the same time.
_CHUNK = 512


@dataclasses.dataclass(frozen=True)
class Member:
    """One of several teachers.

    Attributes:
      teacher: a `teachers.base.Teaches`.
      weight: its weight.
      languages: languages of the rows that it is asked about; empty for all.
    """

    teacher: Any
    weight: float = 1.0
    languages: Tuple[str, ...] = ()

    def reads(self, row: Example) -> bool:
        """True if the teacher is asked about a row."""
        return not self.languages or row.language in self.languages


class MixedForward:
    """A forward pass through several teachers.

    Args:
      teacher: the teachers as one.
      outputs: names of the outputs.
    """

    wants_texts = True

    def __init__(self, teacher: "MixedTeacher", outputs: Sequence[str]):
        self._teacher, self._outputs = teacher, tuple(outputs)
        self._passes = [member.teacher.forward(
            outputs if not number else ("logits",)) for number, member in enumerate(
                teacher.members)]

    def batches(
        self, input_ids: Ragged, *, texts: Optional[Sequence[Example]] = None,
        on_rows: Optional[Callable[[int], None]] = None,
    ) -> Iterator[Tuple[np.ndarray, np.ndarray, Dict[str, np.ndarray]]]:
        """As `models.inference.Forward.batches`; "known" marks positions with outputs.

        Args:
          input_ids: the sequences, as the first teacher reads them.
          texts: their words; None for sequences that the teacher remembers.
          on_rows: see there.
        """
        order = np.argsort(input_ids.lengths, kind="stable")
        for at in range(0, len(order), _CHUNK):
            rows = order[at:at + _CHUNK]
            ids = Ragged.of([input_ids[row] for row in rows])
            own = [self._teacher.remembered(ids[place]) if texts is None else texts[row]
                   for place, row in enumerate(rows)]
            yield rows, ids.lengths, self._chunk(ids, own)
            if on_rows:
                on_rows(len(rows))

    def _chunk(self, ids: Ragged, texts: Sequence[Example]) -> Dict[str, np.ndarray]:
        """Asks all teachers about some sequences; outputs [rows, time, ...]."""
        teacher = self._teacher
        encoded = None if teacher.pooled else encode_words(
            teacher.tokenizer, texts, teacher.seq_len)
        starts = teacher.starts(encoded, texts)
        time = 1 if teacher.pooled else int(ids.lengths.max())
        asked = np.full((len(self._passes), len(texts), time, teacher.classes), np.nan, np.float32)
        found: Dict[str, np.ndarray] = {}
        for number, (member, forward) in enumerate(zip(teacher.members, self._passes)):
            rows = [row for row, text in enumerate(texts) if not number or member.reads(text)]
            for row, values in self._ask(
                    member, forward, rows, ids, texts, None if number else starts):
                for name in self._outputs if not number else ():
                    if name != "logits":
                        found.setdefault(name, np.zeros(
                            (len(texts), time, values[name].shape[-1]), np.float32))
                        found[name][row, :len(values[name])] = values[name]
                if member.reads(texts[row]):
                    self._place(asked[number, row], starts[row], values)
        weights = [member.weight for member in teacher.members]
        logits = average_logits(asked.reshape(len(weights), -1, teacher.classes), weights)
        logits = logits.reshape(asked.shape[1:])
        known = np.where(np.isfinite(logits).all(axis=-1), HAS_ALL, HAS_STATES)
        return {**found, "logits": np.nan_to_num(logits), "known": known.astype(np.uint8)}

    def _place(self, target: np.ndarray, starts: np.ndarray, values: Dict[str, Any]) -> None:
        """Moves a teacher's logits of words to the first teacher's first tokens of these words."""
        theirs = values["starts"]
        count = min(len(starts), len(theirs))
        words = np.flatnonzero((starts[:count] >= 0) & (theirs[:count] >= 0))
        scores = values["logits"][theirs[words]]
        if "known" in values:
            said = np.isin(values["known"][theirs[words]], (HAS_ALL, HAS_LOGITS))
            scores = np.where(said[:, None], scores, np.nan)
        target[starts[words]] = scores

    def _ask(
        self, member: Member, forward: Any, rows: List[int], ids: Ragged,
        texts: Sequence[Example], starts: Optional[List[np.ndarray]],
    ) -> Iterator[Tuple[int, Dict[str, Any]]]:
        """Yields (row, its outputs and first tokens of words) of the rows for a teacher.

        The first teacher is asked about all rows; `ids` and `starts` are its. None for others.
        """
        if not rows:
            return
        teacher, own = self._teacher, member.teacher
        if starts is not None:
            read = ids
        else:
            read_texts = [texts[row] for row in rows]
            encoded = encode_words(own.tokenizer, read_texts, teacher.seq_len)
            read, starts = Ragged.of(encoded["input_ids"]), teacher.starts(encoded, read_texts)
        asked = {"starts": starts} if getattr(forward, "wants_starts", False) else {}
        for batch, lengths, outputs in forward.batches(read, **asked):
            for at, (place, length) in enumerate(zip(batch, lengths)):
                yield rows[place], {"starts": starts[place], **{
                    name: values[at, :length] for name, values in outputs.items()}}


class MixedTeacher:
    """Several teachers as one; see `teachers.base.Teaches`.

    Tokenizer, representation and word embedding are the first teacher's.

    Args:
      members: the teachers.
      seq_len: longest sequence in subword tokens.
    """

    matched = 0
    partial = True
    wants_texts = True

    def __init__(self, members: Sequence[Member], seq_len: int):
        self.members, self.seq_len = tuple(members), seq_len
        first = members[0].teacher
        self.tokenizer, self.layer, self.width = first.tokenizer, first.layer, first.width
        self.pooled, self.pairs, self.classes = first.pooled, first.pairs, first.classes
        self.vocabulary, self.words_only = first.vocabulary, not first.pooled
        self.answers_any = all(member.teacher.answers_any for member in members)
        sizes = [member.teacher.parameters for member in members]
        self.parameters = None if None in sizes else sum(sizes)
        self._remembered: Dict[bytes, Example] = {}

    def word_embeddings(self) -> Optional[np.ndarray]:
        """The first teacher's word embedding."""
        return self.members[0].teacher.word_embeddings()

    def forward(self, outputs: Sequence[str] = ("logits",)) -> MixedForward:
        """Returns a forward pass."""
        return MixedForward(self, outputs)

    def remember(self, rows: Iterable[Example]) -> None:
        """Notes the words of rows that it will be asked about by their token ids alone."""
        rows = list(rows)
        for at in range(0, len(rows), _CHUNK):
            chunk = rows[at:at + _CHUNK]
            encoded = encode_words(self.tokenizer, chunk, self.seq_len)["input_ids"]
            self._remembered.update(zip(map(sequence_key, encoded), chunk))

    def remembered(self, ids: np.ndarray) -> Example:
        """Returns the words of a sequence that was noted; as many others for an unknown one."""
        # Measuring the time of a pass asks about sequences that nobody wrote.
        return self._remembered.get(sequence_key(ids)) or Example(("x",) * max(1, len(ids) - 2))

    def starts(self, encoded: Any, rows: Sequence[Example]) -> List[np.ndarray]:
        """Positions of the first tokens of each row's words, -1 for none; 0 for a text.

        Args:
          encoded: the rows as `encode_words` returns them; not looked at for texts.
          rows: the rows.
        """
        if self.pooled:
            return [np.zeros(1, int) for _ in rows]
        return [np.array(first_pieces(one.word_ids, len(row.words)))
                for one, row in zip(encoded.encodings, rows)]
