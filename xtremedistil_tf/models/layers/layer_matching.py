"""Hidden states and attentions that are compared between Transformer teacher and student.

For the m topmost layers, these are m + 1 hidden states (including the input of the lowest matched
layer) and m attentions. Attentions are averages over heads: teacher and student may have different
numbers of heads, and the store needs less space.
"""

import dataclasses
from typing import Any, Callable, Sequence

from xtremedistil_tf.keras2 import tf


@dataclasses.dataclass(frozen=True)
class Matching:
    """The layers of a student that are matched with its teacher.

    Attributes:
      layers: m, the number of matched layers.
      attention: compare attentions, too.
    """

    layers: int
    attention: bool = False


def joined_states(
    states: Sequence[Any], layers: int, *, change: Callable[[Any], Any] = lambda state: state
) -> Any:
    """Concatenates the topmost hidden states: float [batch, time, (layers + 1) * width].

    Args:
      states: hidden states [batch, time, width], from the embedding to the last layer.
      layers: m.
      change: function applied to each state first.
    """
    return tf.concat([change(state) for state in states[len(states) - layers - 1:]], axis=-1)


def joined_attention(attentions: Sequence[Any], layers: int) -> Any:
    """Averages the topmost attentions over heads: float [batch, query, layers, key].

    Args:
      attentions: probabilities [batch, heads, query, key], bottom to top.
      layers: m.
    """
    chosen = attentions[len(attentions) - layers:]
    return tf.stack([tf.reduce_mean(one, axis=1) for one in chosen], axis=2)
