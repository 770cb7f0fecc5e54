"""What suits each kind of student in a command without epochs; `Architecture.recipe` names it."""

import dataclasses
from typing import AbstractSet, Any, Dict, Mapping, Optional, Tuple

from xtremedistil_tf.config import RunConfig
from xtremedistil_tf.data.tokenization.cut import can_be_cut
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.base import Sizes

# A tagger with an LSTM of at most this width learns more in the same time from small batches at a
# high rate, in fewer epochs, and from a vocabulary of its own, of tokens with at least this count
# (docs/reference/results/studies.md, the first budget).
_NARROW_LSTM, _MIN_COUNT = 200, 2


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A chosen value.

    Attributes:
      value: the setting's value.
      why: the reason, to be read after the value; empty if its group gives it.
    """

    value: Any
    why: str = ""


Choices = Dict[str, Chosen]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What suits a student. Settings have the names "part.field" of `RunConfig`.

    Attributes:
      settings: choices that do not depend on the amount of data.
      rates: values of the optimizer and its learning rates; empty for the paper's.
      sentences: sentences that a phase on the transfer set reads in all its epochs
        (docs/reference/results/wikiann29.md).
      epochs: smallest and largest number of these epochs.
      batch_size: sequences of a batch of the transfer set; those of classifiers and of windows are
        smaller, whatever the student.
    """

    settings: Choices = dataclasses.field(default_factory=dict)
    rates: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    sentences: int = 800_000
    epochs: Tuple[int, int] = (4, 16)
    batch_size: int = 128


def plain_recipe(
    config: RunConfig, named: AbstractSet[str], sizes: Sizes, tokenizer: Optional[Any]
) -> Recipe:
    """Returns the recipe of a kind of student that has none of its own."""
    del config, named, sizes, tokenizer
    return Recipe({"distil.strategy": Chosen(
        "D4.1", "three stages; gradual unfreezing would have one for each layer")})


def bilstm_recipe(
    config: RunConfig, named: AbstractSet[str], sizes: Sizes, tokenizer: Optional[Any]
) -> Recipe:
    """Returns the recipe of a BiLSTM.

    Args:
      config: the run's settings.
      named: the settings that the command names.
      sizes: the teacher's sizes.
      tokenizer: the teacher's tokenizer; None if it does not exist yet.
    """
    kind = task_kind(config.data.kind)
    settings = {"student.word_emb_dim": Chosen(min(50, sizes.embedding or 50)),
                "student.bilstm_hidden_size": Chosen(_NARROW_LSTM)}
    if kind.tags_words and "student.vocabulary" not in named and can_be_cut(tokenizer):
        settings.update({"student.vocabulary": Chosen("cut"),
                         "student.vocabulary_min_count": Chosen(_MIN_COUNT)})
    if kind.entities:
        settings["data.decoding"] = Chosen("trained")
    wide = ("student.bilstm_hidden_size" in named
            and config.student.bilstm_hidden_size > _NARROW_LSTM)
    if not (kind.pooled or kind.windows or wide):
        return Recipe(settings, {
            "distil.learning_rate": 4e-3, "distil.optimizer": "lazy_adam",
            "distil.ft_learning_rate": 1e-3}, sentences=500_000, epochs=(4, 10), batch_size=64)
    return Recipe(settings, {"distil.learning_rate": 4e-3 if kind.pooled else 2e-3,
                             "distil.optimizer": "lazy_adam"})
