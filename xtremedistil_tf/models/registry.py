"""The layer registry: named parts of a model. Only this module freezes and unfreezes layers."""

from typing import Any, Dict, Iterable, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf


class LayerRegistry:
    """The parts of a model, bottom to top; each part is one or more Keras layers.

    Args:
      model: the Keras model. The parts must cover all its weights.
      parts: (name, layers) from the bottom of the model to its top.
      always_frozen: layers that are never trained, such as an unused pooler.

    Raises:
      ValueError: if a name is repeated, or if a weight belongs to no part (it would never be
        trained) or to two (it would be trained with either).
    """

    def __init__(
        self,
        model: Any,
        parts: Sequence[Tuple[str, Sequence[Any]]],
        *, always_frozen: Sequence[Any] = (),
    ):
        self._parts: Dict[str, List[Any]] = {name: list(layers) for name, layers in parts}
        if len(self._parts) != len(parts):
            raise ValueError(f"part names repeat: {[name for name, _ in parts]}")
        self._always_frozen = list(always_frozen)
        self._check_coverage(model)
        for layer in self._always_frozen:
            layer.trainable = False

    def _check_coverage(self, model: Any) -> None:
        owners: Dict[int, List[str]] = {}
        for name, layers in [*self._parts.items(), ("(always frozen)", self._always_frozen)]:
            for layer in layers:
                for weight in layer.weights:
                    owners.setdefault(id(weight), []).append(name)
        orphans = [weight.name for weight in model.weights if id(weight) not in owners]
        if orphans:
            raise ValueError(f"weights that no part owns would never be trained: {orphans}")
        shared = [w.name for w in model.weights if len(owners[id(w)]) > 1]
        if shared:
            raise ValueError(f"weights owned by more than one part: {shared}")

    @property
    def names(self) -> Tuple[str, ...]:
        """Part names, bottom to top."""
        return tuple(self._parts)

    def set_trainable(self, names: Iterable[str]) -> None:
        """Makes exactly these parts trainable and freezes all others.

        Compile the model afterwards: Keras ignores the change in a compiled model.

        Raises:
          UserError: for a name that is not a part.
        """
        wanted = set(names)
        unknown = wanted - set(self._parts)
        if unknown:
            raise UserError(
                f"unknown layers: {', '.join(sorted(unknown))}; "
                f"this model has: {', '.join(self.names)}"
            )
        for name, layers in self._parts.items():
            for layer in layers:
                layer.trainable = name in wanted

    def renew(self, names: Iterable[str], seed: int) -> None:
        """Gives the layers of some parts the weights of new layers.

        Args:
          names: parts whose layers need no other layer to be built, such as "logits".
          seed: seed of their initializers.
        """
        for layer in (layer for name in names for layer in self._parts[name]):
            tf.keras.utils.set_random_seed(seed)
            new = type(layer).from_config(layer.get_config())
            new.build(layer.input_shape)
            layer.set_weights(new.get_weights())

    def weights(self, name: str) -> List[Any]:
        """Returns the variables of one part."""
        return [weight for layer in self._parts[name] for weight in layer.weights]

    def parameters(self, names: Iterable[str]) -> int:
        """Returns the number of parameters of some parts."""
        return sum(int(np.prod(w.shape)) for name in names for w in self.weights(name))
