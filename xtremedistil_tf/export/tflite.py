"""Export as TensorFlow Lite for phones: float32, and int8 weights by dynamic-range quantization.

The backward direction is a forward LSTM over sequences reversed within their length. The fused LSTM
of TFLite has no mask, and a masked Keras layer would become a slow loop.
"""

import pathlib
import shutil
from typing import Any, Callable, Dict, Optional, Sequence

import numpy as np

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.vocabulary import PAD_ID
from xtremedistil_tf.export.common.arrays import Lstm, StudentArrays
from xtremedistil_tf.export.common.check import check_equal, write_check
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.inference.assets import RECORD_FILE, TOKENIZER_FILE, VOCABULARY_FILE, Assets
from xtremedistil_tf.inference.runtimes.exported import load_exported
from xtremedistil_tf.inference.runtimes.tflite import FILES, FLOAT_FILE, lite_session
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.pairs import embedded, segment_ids
from xtremedistil_tf.validation.manifest import write_manifest

PIECES_FILE = "pieces.json"
# Complementary error function to 1.5e-7: erfc(z) = (a1 t + ... + a5 t^5) exp(-z^2), z >= 0, with
# t = 1 / (1 + p z). Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
_ERFC_P = 0.3275911
_ERFC_A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def _gelu(values: Any) -> Any:
    """Computes gelu to within 1e-6. TFLite has no error function, so it is approximated."""
    size = tf.abs(values)
    z = size * float(np.sqrt(0.5))
    t = 1.0 / (1.0 + _ERFC_P * z)
    polynomial = tf.zeros_like(t)
    for factor in reversed(_ERFC_A):
        polynomial = (polynomial + factor) * t
    return tf.nn.relu(values) - 0.5 * size * polynomial * tf.exp(-z * z)


def _lstm(weights: Lstm, name: str) -> Any:
    """Builds a Keras LSTM with given weights; the converter fuses it into one operation."""
    kernel, recurrent, bias = weights
    # float32 even if the process trained under mixed precision.
    layer = tf.keras.layers.LSTM(
        recurrent.shape[0], return_sequences=True, name=name, dtype="float32")
    layer.build((1, None, kernel.shape[0]))
    layer.set_weights([kernel, recurrent, bias])
    return layer


class _LiteStudent(tf.Module):
    """A BiLSTM student for one sequence: a vector for each subword token, or one for the text."""

    def __init__(self, arrays: StudentArrays):
        super().__init__()
        self._embedding = tf.constant(arrays.embedding)
        self._bilstms = [(_lstm(forward, "forward"), _lstm(backward, "backward"))
                         for forward, backward in arrays.bilstms]
        self._dense = [(layer, _gelu if name == "gelu" else tf.keras.activations.get(name))
                       for layer, name in arrays.dense]
        self._pooling, self._pairs = arrays.pooling, arrays.pairs

    def _hidden(self, ids: Any) -> Any:
        """Returns float32 [time, 2 H], or [1, 2 H] if the student pools."""
        length = tf.reduce_sum(tf.cast(ids > 0, tf.int32), 1)
        hidden = embedded(self._embedding, ids, self._pairs)
        for forward, backward in self._bilstms:
            turned = tf.reverse_sequence(hidden, length, seq_axis=1)
            back = tf.reverse_sequence(backward(turned), length, seq_axis=1)
            hidden = tf.concat([forward(hidden), back], -1)
        both = hidden[0]
        if self._pooling == "last":
            last = tf.maximum(length[0], 1) - 1
            units = both.shape[-1] // 2
            return tf.concat([both[last:last + 1, :units], both[:1, units:]], -1)
        if self._pooling is None:
            return both
        real = tf.cast(ids[0] > 0, tf.float32)[:, None]
        # Far below all states, which lie between -1 and 1.
        return tf.reduce_max(both - 4.0 * (1.0 - real), 0, keepdims=True)

    def _pair(self, ids: Any) -> Any:
        """Returns float32 [1, 8 H] of a pair whose texts are read alone."""
        assert self._pairs is not None
        first = tf.reduce_sum(tf.cast(
            (ids > 0) & (segment_ids(ids, self._pairs.separator) == 0), tf.int32))
        # Both texts keep the separator between them, see `models.layers.pairs.split_pairs`.
        texts = ids[:, :first], ids[:, tf.maximum(first - 1, 0):]
        u, v = (self._hidden(text) for text in texts)
        return tf.concat([u, v, tf.abs(u - v), u * v], -1)

    @tf.function(input_signature=[tf.TensorSpec([1, None], tf.int32, name="input_ids")])
    def tag_ids(self, input_ids: Any) -> Dict[str, Any]:
        """Returns logits float32 [1, time, classes], or [1, classes] if the student pools."""
        siamese = self._pairs is not None and self._pairs.siamese
        hidden = self._pair(input_ids) if siamese else self._hidden(input_ids)
        for (kernel, bias), activation in self._dense:
            hidden = activation(tf.matmul(hidden, kernel) + bias)
        return {"logits": hidden[None] if self._pooling is None else hidden}


def build_lite(arrays: StudentArrays, int8: bool) -> bytes:
    """Builds a TFLite model that maps int32 input_ids [1, time] to float32 logits.

    They are [1, time, classes], or [1, classes] if the student pools.

    Args:
      arrays: weights of the student.
      int8: store large weights, the embedding included, as int8.
    """
    student = _LiteStudent(arrays)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [student.tag_ids.get_concrete_function()], student)
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def _pieces(assets: Assets) -> Dict[str, int]:
    """Maps every subword token of the tokenizer to the student's id."""
    known = assets.tokenizer.get_vocab(with_added_tokens=True)
    table = assets.vocabulary.table
    return {piece: int(table[number]) for piece, number in sorted(
        known.items(), key=lambda entry: entry[1]) if table[number] != PAD_ID}


def export_tflite(
    forms: Forms, logits: Callable[[np.ndarray], np.ndarray], assets: Assets,
    student_folder: pathlib.Path, *, folder: pathlib.Path, dev: Optional[Sequence[Example]] = None,
) -> Dict[str, Any]:
    """Writes a folder for phones and checks it.

    Args:
      forms: export builders of the student, with TFLite.
      logits: forward pass of the Keras student, int32 [batch, time] to float32 logits.
      assets: tokenizer, vocabulary and labels of the student.
      student_folder: source of tokenizer, vocabulary and record.
      folder: target folder, such as tflite. It is replaced as a whole.
      dev: labelled sentences that measure the loss of int8; None skips this.

    Returns:
      The contents of check.json; see `check.write_check`.
    """
    assert forms.lite is not None, "the caller checks export_formats"
    with atomic_folder(folder) as temporary:
        for form, name in FILES.names.items():
            (temporary / name).write_bytes(forms.lite(form == "int8"))
        for name in (RECORD_FILE, VOCABULARY_FILE, TOKENIZER_FILE):
            shutil.copy(pathlib.Path(student_folder) / name, temporary / name)
        write_json(temporary / PIECES_FILE, _pieces(assets))
        error = check_equal(
            FLOAT_FILE, lite_session(temporary / FLOAT_FILE), logits, size=forms.vocabulary,
            separator=forms.separator)
        record = write_check(temporary, FILES.names, {"float32": error},
                             lambda precision: load_exported(temporary, FILES, lite_session,
                                                           precision=precision), dev)
        write_manifest(temporary)
    return record
