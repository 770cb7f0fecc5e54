"""Lazy Adam without TensorFlow Addons: embedding rows that a batch does not use do not move."""

from typing import Dict, Optional, Tuple

from xtremedistil_tf.compat import overrides
from xtremedistil_tf.keras2 import tf


@overrides("_resource_apply_sparse", "_fallback_apply_state")
class SparseRowsAdam(tf.keras.optimizers.legacy.Adam):
    """Adam that, for sparse gradients, updates moments and weights in the gradient's rows only.

    Dense gradients are handled as by Adam. The results equal those of TensorFlow Addons' LazyAdam:
    the bias correction counts all steps, and epsilon is added to the uncorrected root.

    Source: Kingma & Ba 2015, section 2 (the reordered form, "epsilon hat").
    """

    def _resource_apply_sparse(
        self, grad: tf.Tensor, var: tf.Variable, indices: tf.Tensor,
        apply_state: Optional[Dict[Tuple[str, tf.DType], Dict[str, tf.Tensor]]] = None,
    ) -> tf.Operation:
        """Updates rows of one variable.

        Args:
          grad: gradient [rows, width] without repeated rows, which the base class has summed.
          var: variable [vocabulary, width].
          indices: row numbers [rows].
          apply_state: rates of this step by (device, dtype), from the base class.
        """
        key = var.device, var.dtype.base_dtype
        rates = (apply_state or {}).get(key) or self._fallback_apply_state(*key)
        first, second = self.get_slot(var, "m"), self.get_slot(var, "v")
        mean = rates["beta_1_t"] * tf.gather(first, indices) + rates["one_minus_beta_1_t"] * grad
        square = (
            rates["beta_2_t"] * tf.gather(second, indices)
            + rates["one_minus_beta_2_t"] * tf.square(grad)
        )
        change = rates["lr"] * mean / (tf.sqrt(square) + rates["epsilon"])
        rows = [(first.scatter_update, mean), (second.scatter_update, square),
                (var.scatter_sub, change)]
        return tf.group(*[move(tf.IndexedSlices(values, indices)) for move, values in rows])
