"""Adam for word embeddings: lazy without TensorFlow Addons, and exact on the rows that occur."""

import dataclasses
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np

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


@dataclasses.dataclass(frozen=True)
class UsedRows:
    """The rows of a word embedding that the training text reads.

    Attributes:
      table: variable [vocabulary, width].
      rows: int32 [rows], ascending without repeats.
    """

    table: tf.Variable
    rows: np.ndarray


@overrides("_create_slots", "_resource_apply_dense", "_resource_apply_sparse",
           "_fallback_apply_state")
class UsedRowsAdam(tf.keras.optimizers.legacy.Adam):
    """Adam that keeps moments of a word embedding for its used rows only.

    A row that never has a gradient has moments of zero, so Adam never moves it: all weights equal
    those of Adam. Adam itself passes over the whole table in every step. XLM-R's has 250,002 rows,
    of which a training set may read a tenth.

    Args:
      learning_rate: rate or schedule.
      used: the embedding and its rows. Other variables are handled as by Adam.
    """

    def __init__(self, learning_rate: Any, used: UsedRows):
        super().__init__(learning_rate)
        self._used = used

    def _create_slots(self, var_list: Sequence[tf.Variable]) -> None:
        for name in ("m", "v"):
            for var in var_list:
                shape = [len(self._used.rows), *var.shape[1:]]
                self.add_slot(var, name, shape=shape if var is self._used.table else None)

    def _is_used_table(self, var: tf.Variable) -> bool:
        """True for the embedding, even a replica's part of it: its moments are smaller."""
        return self.get_slot(var, "m").shape != var.shape

    def _resource_apply_dense(
        self, grad: tf.Tensor, var: tf.Variable,
        apply_state: Optional[Dict[Tuple[str, tf.DType], Dict[str, tf.Tensor]]] = None,
    ) -> tf.Operation:
        """Updates a variable; a dense gradient of the embedding must be zero in unused rows."""
        if not self._is_used_table(var):
            return super()._resource_apply_dense(grad, var, apply_state)
        rows = tf.constant(self._used.rows)
        part = tf.gather(grad, rows)
        tf.debugging.assert_equal(
            tf.math.count_nonzero(grad), tf.math.count_nonzero(part),
            "a row of the word embedding that no text reads has a gradient")
        return self._resource_apply_sparse(part, var, rows, apply_state)

    def _resource_apply_sparse(
        self, grad: tf.Tensor, var: tf.Variable, indices: tf.Tensor,
        apply_state: Optional[Dict[Tuple[str, tf.DType], Dict[str, tf.Tensor]]] = None,
    ) -> tf.Operation:
        """Updates all used rows; for arguments see `SparseRowsAdam`.

        Raises:
          InvalidArgumentError: in a step that reads another row.
        """
        if not self._is_used_table(var):
            return super()._resource_apply_sparse(grad, var, indices, apply_state)
        key = var.device, var.dtype.base_dtype
        rates = (apply_state or {}).get(key) or self._fallback_apply_state(*key)
        rows = tf.constant(self._used.rows, indices.dtype)
        places = tf.searchsorted(rows, indices)
        tf.debugging.assert_equal(
            tf.gather(rows, tf.minimum(places, len(self._used.rows) - 1)), indices,
            "a batch reads a row of the word embedding that is not among the used rows")
        mean, square = self.get_slot(var, "m"), self.get_slot(var, "v")
        mean.assign(mean * rates["beta_1_t"])
        mean.scatter_add(tf.IndexedSlices(grad * rates["one_minus_beta_1_t"], places))
        square.assign(square * rates["beta_2_t"])
        square.scatter_add(
            tf.IndexedSlices(tf.square(grad) * rates["one_minus_beta_2_t"], places))
        change = rates["lr"] * mean / (tf.sqrt(square) + rates["epsilon"])
        return var.scatter_sub(tf.IndexedSlices(change, rows))
