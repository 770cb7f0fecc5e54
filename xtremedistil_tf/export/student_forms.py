"""The export builders of each kind of student. Its record names the formats it has."""

import dataclasses
import functools

from xtremedistil_tf.export.common.arrays import StudentArrays, student_arrays
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.export.huggingface.checkpoint import build_checkpoint
from xtremedistil_tf.export.onnx.bilstm import build_model
from xtremedistil_tf.export.onnx.transformer import build_transformer
from xtremedistil_tf.export.savedmodel.graph_student import GraphStudent, KerasStudent
from xtremedistil_tf.export.tflite import build_lite
from xtremedistil_tf.inference.student_folder import StudentBundle
from xtremedistil_tf.tasks import task_kind


def arrays_forms(arrays: StudentArrays) -> Forms:
    """Returns the export builders of a BiLSTM."""
    dense = [array for layer, _ in arrays.dense for array in layer]
    lstms = [array for both in arrays.bilstms for one in both for array in one]
    rest = sum(array.size for array in (*lstms, *dense))
    return Forms(
        len(arrays.embedding), arrays.embedding.size, arrays.embedding.size + rest,
        functools.partial(GraphStudent, arrays), functools.partial(build_model, arrays),
        functools.partial(build_model, arrays, for_int8=True),
        functools.partial(build_lite, arrays),
        separator=None if arrays.pairs is None else arrays.pairs.separator)


def bilstm_forms(bundle: StudentBundle) -> Forms:
    """Returns the export builders of a BiLSTM student."""
    return arrays_forms(
        student_arrays(bundle.student, bundle.settings.dense_act_func, pooling=bundle.pooling,
                       separator=bundle.separator))


def keras_forms(bundle: StudentBundle) -> Forms:
    """Returns the export builders of any Keras student: its layers in a graph."""
    model = bundle.student.model
    rows = len(bundle.vocabulary)
    return Forms(rows, rows * bundle.settings.word_emb_dim, model.count_params(),
                 functools.partial(KerasStudent, model, bundle.labels.pooled),
                 seq_len_limit=bundle.seq_len_limit)


def transformer_forms(bundle: StudentBundle) -> Forms:
    """Returns the export builders of a Transformer student."""
    settings = bundle.settings
    activation = settings.dense_act_func if settings.projects else None
    onnx = functools.partial(build_transformer, bundle.student, activation, bundle.pooling,
                             separator=bundle.separator)
    checkpoint = functools.partial(build_checkpoint, bundle,
                                   task_kind(bundle.labels.kind).transformers_class)
    return dataclasses.replace(keras_forms(bundle), onnx=onnx, huggingface=checkpoint)


def student_forms(bundle: StudentBundle) -> Forms:
    """Returns the builders of the export formats that the student's record names.

    Raises:
      RuntimeError: if one of these formats has no builder, which is a fault of the record.
    """
    settings, kind = bundle.settings, bundle.labels.kind
    forms = settings.kind.build_exports(bundle)
    has = settings.kind.export_formats(settings, kind)
    if not set(has) <= set(forms.names):
        raise RuntimeError(f"the record of {settings.student} students says {', '.join(has)} for "
                           f"{kind}; there are builders for {', '.join(forms.names)}")
    return dataclasses.replace(
        forms, onnx=forms.onnx if "onnx" in has else None,
        lite=forms.lite if "tflite" in has else None,
        huggingface=forms.huggingface if "huggingface" in has else None, separator=bundle.separator)
