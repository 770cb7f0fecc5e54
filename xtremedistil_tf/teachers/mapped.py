"""A finished model whose labels are mapped to the task's."""

import dataclasses
from typing import Any, Callable, ClassVar, Dict, Iterator, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.label_map import LabelMap
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.errors import UserError


class MappedForward:
    """A forward pass over a finished model, with logits over the task's labels.

    Args:
      raw: a forward pass with the model's own logits.
      labels: the map.
    """

    def __init__(self, raw: Any, labels: LabelMap):
        self._raw, self._labels = raw, labels
        self.wants_starts = labels.in_context

    def batches(
        self, input_ids: Ragged, *, starts: Optional[Any] = None,
        on_rows: Optional[Callable[[int], None]] = None,
    ) -> Iterator[Tuple[np.ndarray, np.ndarray, Dict[str, np.ndarray]]]:
        """As `models.inference.Forward.batches`.

        Args:
          input_ids: the sequences.
          starts: for each sequence the positions of its words' first tokens, if `wants_starts`.
          on_rows: see there.

        Raises:
          UserError: if the model returns infinite numbers or NaN.
        """
        for rows, lengths, outputs in self._raw.batches(input_ids, on_rows=on_rows):
            logits = outputs["logits"]
            # Pooled logits have one position.
            real = np.arange(logits.shape[1])[None] < lengths[:, None]
            if not np.isfinite(logits[real]).all():
                raise UserError("the teacher returns logits that are infinite or no numbers (NaN); "
                                "its weights are damaged, or it needs float32")
            if self.wants_starts:
                # Without words, each token is one.
                mapped = np.stack([self._labels(
                    one, np.arange(len(one)) if starts is None else starts[row])
                    for row, one in zip(rows, logits)])
            else:
                mapped = self._labels(logits.reshape(-1, logits.shape[-1]))
                mapped = mapped.reshape(*logits.shape[:2], -1)
            yield rows, lengths, {**outputs, "logits": mapped}


@dataclasses.dataclass(frozen=True)
class MappedTeacher:
    """A finished model as a teacher; see `teachers.base.Teaches`.

    Attributes:
      run: (names of outputs) -> forward pass with the model's own logits.
      labels: maps the model's labels to the task's.
      embeddings: () -> word embedding, or None.
    """

    tokenizer: Any
    run: Callable[[Sequence[str]], Any]
    labels: LabelMap
    layer: int
    width: int
    vocabulary: int
    parameters: Optional[int]
    embeddings: Callable[[], Optional[np.ndarray]]
    matched: int = 0
    pooled: bool = False
    pairs: bool = False
    # True for taggers: finished ones were not trained on later tokens of words.
    words_only: bool = False
    partial: ClassVar[bool] = False
    answers_any: ClassVar[bool] = True

    @property
    def classes(self) -> int:
        """Number of logits of a position."""
        return self.labels.size

    def word_embeddings(self) -> Optional[np.ndarray]:
        """Returns the word embedding, float32 [vocabulary, embedding width]; None without one."""
        return self.embeddings()

    def forward(self, outputs: Sequence[str] = ("logits",)) -> MappedForward:
        """Returns a forward pass."""
        return MappedForward(self.run(outputs), self.labels)


def check_tokenizer(tokenizer: Any, vocab_size: int, where: str) -> None:
    """Checks that a tokenizer belongs to its model.

    Models may round their vocabulary up, so a few ids more than the tokenizer's are allowed.

    Raises:
      UserError: if their vocabularies differ in size.
    """
    pieces = len(tokenizer)
    if not 0.9 * vocab_size <= pieces <= vocab_size:
        raise UserError(f"{where}: its tokenizer has {pieces} subword tokens and its model "
                        f"{vocab_size}; they do not belong together")
