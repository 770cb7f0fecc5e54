"""The interface of student encoders: their input and output records."""

import dataclasses
from typing import Any, List, Optional, Sequence, Tuple

from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.layer_matching import Matching

# Logit of padding where positions compete: its probability is 0.
NEVER = -1e9


@dataclasses.dataclass(frozen=True)
class Shape:
    """The input of an encoder builder, in addition to the student's settings.

    Attributes:
      vocabulary: rows of the embedding, padding included.
      pooled: True for one state a sequence (see `StudentConfig.pooling`), False for one a subword
        token.
      seq_len: longest sequence, for encoders with position embeddings; others have no limit.
      matching: the layers that are compared with the teacher's; None without matching.
      separator: id of the separator token ([SEP]), for pairs of texts; None for single texts.
    """

    vocabulary: int
    pooled: bool = False
    seq_len: int = 512
    matching: Optional[Matching] = None
    separator: Optional[int] = None


@dataclasses.dataclass(frozen=True)
class Body:
    """An encoder: the student below its projection.

    Attributes:
      hidden: Keras tensor [batch, time, dim]; time is 1 if the student pools.
      parts: (name, layers), bottom to top, with the names of `StudentConfig.layers`.
      states, attentions: hidden states and attentions for `layer_matching`; empty without matching.
    """

    hidden: Any
    parts: List[Tuple[str, List[Any]]]
    states: Sequence[Any] = ()
    attentions: Sequence[Any] = ()

    @property
    def word_embedding(self) -> Any:
        """The variable [vocabulary, E] of the word embedding."""
        return self.parts[0][1][0].weights[0]


def real_positions(input_ids: Any) -> Any:
    """Returns bool [batch, time, 1], True where int32 ids [batch, time] are not padding."""
    return tf.not_equal(input_ids, 0)[:, :, tf.newaxis]
