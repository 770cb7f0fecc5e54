"""What is compared between the layers of a Transformer teacher and student, from the top down.

Of m matched layers m + 1 hidden states are compared, that below the lowest one included, and m
attentions. These are averages over heads: the two need not have as many, and what is stored a piece
is a row's length instead of that times the heads.
"""

import dataclasses
from typing import Any, Callable, Sequence

from xtremedistil_tf.keras2 import tf


@dataclasses.dataclass(frozen=True)
class Matching:
    """What of a student is matched with its teacher.

    Attributes:
      layers: how many, m.
      attention: whether their attentions are compared, too.
    """

    layers: int
    attention: bool = False


def joined_states(
    states: Sequence[Any], layers: int, *, change: Callable[[Any], Any] = lambda state: state
) -> Any:
    """The topmost hidden states side by side: float [batch, time, (layers + 1) * width].

    Args:
      states: [batch, time, width], from the embedding to the last layer's.
      layers: m.
      change: applied to each before.
    """
    return tf.concat([change(state) for state in states[len(states) - layers - 1:]], axis=-1)


def joined_attention(attentions: Sequence[Any], layers: int) -> Any:
    """The topmost attentions, averaged over heads: float [batch, query, layers, key].

    Args:
      attentions: probabilities [batch, heads, query, key], bottom to top.
      layers: m.
    """
    chosen = attentions[len(attentions) - layers:]
    return tf.stack([tf.reduce_mean(one, axis=1) for one in chosen], axis=2)
