"""The layer registry: names for what is frozen and unfrozen, and the only code that does so."""

from typing import Any, Dict, Iterable, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.errors import UserError


class LayerRegistry:
    """Ordered parts of a model, bottom to top; each part is one or more Keras layers.

    Args:
      model: the Keras model whose weights the parts must cover.
      parts: (name, layers) from the bottom of the model to its top.
      always_frozen: layers that are never trained, such as an unused pooler.

    Raises:
      ValueError: if a name is repeated, or a weight of the model belongs to no part or to two;
        such a weight would silently never be trained, or be unfrozen by surprise.
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

        The model must be compiled anew afterwards: Keras ignores the change in a compiled one.

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

    def weights(self, name: str) -> List[Any]:
        """The variables of one part."""
        return [weight for layer in self._parts[name] for weight in layer.weights]

    def parameters(self, names: Iterable[str]) -> int:
        """Number of parameters in the given parts."""
        return sum(int(np.prod(w.shape)) for name in names for w in self.weights(name))
