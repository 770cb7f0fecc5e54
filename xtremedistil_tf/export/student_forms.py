"""Which forms each kind of student has, and how they are built."""

import dataclasses
import functools
from typing import Callable, Dict

from xtremedistil_tf.config import ACTIVATIONS
from xtremedistil_tf.export.common.arrays import StudentArrays, student_arrays
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.export.onnx.bilstm import build_model
from xtremedistil_tf.export.onnx.transformer import build_transformer
from xtremedistil_tf.export.savedmodel.graph_student import GraphStudent, KerasStudent
from xtremedistil_tf.export.tflite import build_lite
from xtremedistil_tf.inference.student_folder import StudentBundle


def arrays_forms(arrays: StudentArrays) -> Forms:
    """The forms of a BiLSTM; TFLite for taggers only."""
    rest = sum(array.size for array in (*arrays.forward, *arrays.backward, *arrays.projection,
                                        *arrays.logits))
    return Forms(
        len(arrays.embedding), arrays.embedding.size, arrays.embedding.size + rest,
        functools.partial(GraphStudent, arrays), functools.partial(build_model, arrays),
        functools.partial(build_model, arrays, for_int8=True),
        functools.partial(build_lite, arrays) if arrays.pooling is None else None)


def _bilstm(bundle: StudentBundle) -> Forms:
    return arrays_forms(
        student_arrays(bundle.student, bundle.settings.dense_act_func, bundle.pooling,
                       bundle.separator))


def _keras(bundle: StudentBundle) -> Forms:
    """What any Keras student has: its own layers in a graph."""
    model = bundle.student.model
    rows = len(bundle.vocabulary)
    return Forms(rows, rows * bundle.settings.word_emb_dim, model.count_params(),
                 functools.partial(KerasStudent, model, bundle.labels.pooled),
                 longest=bundle.longest)


def _transformer(bundle: StudentBundle) -> Forms:
    forms = _keras(bundle)
    # A checkpoint may have another activation inside its layers, such as gelu's approximation.
    if bundle.student.model.get_layer("encoder").config.hidden_act not in ACTIVATIONS:
        return forms
    onnx = functools.partial(build_transformer, bundle.student, bundle.settings.dense_act_func,
                             bundle.pooling, bundle.separator)
    return Forms(forms.vocabulary, forms.embedding, forms.parameters, forms.graph, onnx,
                 longest=forms.longest)


_KINDS: Dict[str, Callable[[StudentBundle], Forms]] = {
    "bilstm": _bilstm, "transformer": _transformer,
}


def student_forms(bundle: StudentBundle) -> Forms:
    """The forms of a loaded student."""
    forms = _KINDS.get(bundle.settings.student, _keras)(bundle)
    return dataclasses.replace(forms, separator=bundle.separator)
