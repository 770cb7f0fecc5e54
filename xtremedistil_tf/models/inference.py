"""Forward passes over many sequences, sorted by length, in batches of similar token count."""

import contextlib
from typing import Any, Callable, Dict, Iterator, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.pipelines.length_batches import length_batches
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import traced_for_cpu


class Forward:
    """A compiled forward pass of a teacher or student, traced once for all shapes.

    Args:
      model: functional model with dict inputs and outputs, or an object that is called like one.
      outputs: names of the outputs to compute.
      table: int32 [teacher's vocabulary], maps subword token ids to the student's; None for no
        mapping.
      pad_id: id of padding; ignored with `table`, whose padding is 0.
    """

    def __init__(
        self, model: Any, *, outputs: Sequence[str] = ("logits",),
        table: Optional[np.ndarray] = None, pad_id: int = 0,
    ):
        self._table = table
        self._pad_id = 0 if table is not None else pad_id
        wants_mask = "attention_mask" in model.input_names
        spec = tf.TensorSpec([None, None], tf.int32)

        @tf.function(input_signature=[spec, spec], autograph=False)
        def run(input_ids, attention_mask):
            inputs = {"input_ids": input_ids}
            if wants_mask:
                inputs["attention_mask"] = attention_mask
            with traced_for_cpu(model) if isinstance(model, tf.keras.Model) \
                    else contextlib.nullcontext():
                result = model(inputs, training=False)
            return {name: result[name] for name in outputs}

        self._run: Callable = run

    def batches(
        self, input_ids: Ragged, *, on_rows: Optional[Callable[[int], None]] = None
    ) -> Iterator[Tuple[np.ndarray, np.ndarray, Dict[str, np.ndarray]]]:
        """Yields (indices, lengths, outputs [batch, time, ...]) of batches of the sequences.

        Args:
          input_ids: the sequences.
          on_rows: called with the size of each batch, for progress.
        """
        lengths = input_ids.lengths
        for rows in length_batches(lengths):
            ids = input_ids.padded(rows, self._pad_id)
            mask = np.arange(ids.shape[1])[None, :] < lengths[rows][:, None]
            if self._table is not None:
                ids = np.where(mask, self._table[ids], 0)
            result = self._run(tf.constant(ids, tf.int32), tf.constant(mask, tf.int32))
            yield rows, lengths[rows], {name: value.numpy() for name, value in result.items()}
            if on_rows:
                on_rows(len(rows))
