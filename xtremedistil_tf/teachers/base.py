"""The record that describes a kind of teacher, and what a run asks of its teacher."""

import dataclasses
import pathlib
from typing import Any, Callable, Mapping, Optional, Protocol, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import DataConfig, SquadConfig


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The outputs that a run asks of its teacher; JSON values, so that helper processes get it.

    Attributes:
      kind: name of the kind of task.
      tags: the task's labels.
      layer: index into hidden_states of the representation.
      matched: number of topmost layers that are compared with a student's.
      pairs: True if a row has two texts.
      label_map: (teacher's label, task's label) for labels of other names.
      scheme: tag scheme of a finished tagger; see `data.label_map.make_label_map`.
      seq_len: longest sequence in subword tokens.
      tokenizer: folder or hub name of the tokenizer for outputs from elsewhere; None trains one.
      weights: for each of several teachers its weight; empty for equal ones.
      languages: for each of several teachers the languages of its rows, with + between, or *; empty
        for all.
      squad: settings of windows, for question answering.
    """

    kind: str
    tags: Tuple[str, ...]
    layer: int
    matched: int = 0
    pairs: bool = False
    label_map: Tuple[Tuple[str, str], ...] = ()
    scheme: Optional[str] = None
    seq_len: int = DataConfig.seq_len
    tokenizer: Optional[str] = None
    weights: Tuple[float, ...] = ()
    languages: Tuple[str, ...] = ()
    squad: Optional[SquadConfig] = None

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> "Wanted":
        """Returns the record of its JSON values."""
        return cls(**{**saved, "tags": tuple(saved["tags"]),
                      "weights": tuple(saved["weights"]),
                      "languages": tuple(saved["languages"]),
                      "label_map": tuple((theirs, ours) for theirs, ours in saved["label_map"]),
                      "squad": SquadConfig(**saved["squad"]) if saved["squad"] else None})


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Sizes of a teacher, known before it is loaded.

    Attributes:
      width: width of the hidden states.
      layers: number of layers.
      embedding: width of the word embedding; None without one.
      states: False if it has logits only, so that there is no representation to learn.
    """

    width: int
    layers: int
    embedding: Optional[int]
    states: bool = True


def sequence_key(ids: np.ndarray) -> bytes:
    """Returns a sequence of subword token ids as a key of a dict."""
    return np.asarray(ids, "<i4").tobytes()


class Teaches(Protocol):
    """A loaded teacher of any kind, as the rest of a run uses it."""

    tokenizer: Any
    layer: int
    matched: int
    pooled: bool
    pairs: bool
    # True if only the first subword tokens of words have logits, False if all tokens have.
    words_only: bool
    # True if some words or texts may have no outputs; a forward pass then returns "known" too.
    partial: bool
    # False if it cannot be asked about text other than that of its outputs.
    answers_any: bool

    @property
    def width(self) -> int:
        """Width of the hidden states."""

    @property
    def classes(self) -> int:
        """Number of logits of a position."""

    @property
    def vocabulary(self) -> int:
        """Number of ids of its tokenizer."""

    @property
    def parameters(self) -> Optional[int]:
        """Number of parameters; None if it is not known."""

    def word_embeddings(self) -> Optional[np.ndarray]:
        """The word embedding, float32 [vocabulary, width]; None without one."""

    def forward(self, outputs: Sequence[str] = ("logits",)) -> Any:
        """A forward pass with the method `batches` of `models.inference.Forward`."""


@dataclasses.dataclass(frozen=True)
class TeacherKind:
    """A kind of teacher.

    Attributes:
      kind: its name.
      holds: (path) -> True if the path holds a teacher of this kind. The last kind of the table is
        asked first.
      sizes: (path, DataConfig, layer) -> `Sizes`; raises UserError if the teacher lacks the layer
        or the positions.
      labels: (path, DataConfig) -> the kind of task and the labels that the teacher was made for.
      name: (path) -> its name for reports.
      load: (path, Wanted) -> `Teaches`.
      fingerprint: (path) -> hash of all that determines its outputs.
      tuned_here: True if its labels must equal the task's, as those of teachers fine-tuned by this
        package do; False if they are mapped.
      says_all: True if it must have a counterpart of each of the task's labels.
    """

    kind: str
    holds: Callable[[pathlib.Path], bool]
    sizes: Callable[[pathlib.Path, DataConfig, int], Sizes]
    labels: Callable[[pathlib.Path, DataConfig], Tuple[str, Tuple[str, ...]]]
    name: Callable[[pathlib.Path], str]
    load: Callable[[pathlib.Path, Wanted], Any]
    fingerprint: Callable[[pathlib.Path], str]
    tuned_here: bool = False
    says_all: bool = True
