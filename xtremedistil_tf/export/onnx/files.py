"""The files of an ONNX export: float32, int8 by dynamic quantization, and float16 for GPUs."""

import logging
import pathlib
import shutil
from typing import Any, Dict, Optional, Sequence

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.common.check import TOLERANCE, check_equal, write_check
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.inference.assets import RECORD_FILE, TOKENIZER_FILE, VOCABULARY_FILE
from xtremedistil_tf.inference.runtimes.onnx import FILES, Session, load_onnx
from xtremedistil_tf.validation.manifest import write_manifest

# Largest error of float16, relative to the largest logit; rounding gives about 0.001.
_FLOAT16_TOLERANCE = 0.02


def import_onnx() -> Any:
    """The onnx module.

    Raises:
      UserError: if it or onnxruntime is not installed.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401  The export is checked by running it.
    except ImportError as error:
        raise UserError(
            f"the ONNX export needs {error.name}; install xtremedistil-tf[onnx]"
        ) from None
    return onnx


def write_models(
    model: Any, for_int8: Any, float_path: pathlib.Path, int8_path: pathlib.Path
) -> None:
    """Writes a model in float32 and in int8.

    Weights and embedding are stored as int8; activations are quantized at run time. The node
    "logits" keeps float32 weights.

    Args:
      model: an onnx.ModelProto.
      for_int8: the onnx.ModelProto to quantize; it may equal `model`.
      float_path, int8_path: the two files.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    onnx.save(model, float_path)
    # quantize_dynamic recommends a pre-processing on the root logger, which this graph does not
    # need.
    logging.disable(logging.WARNING)
    try:
        # The logits layer is tiny and matters most, so it stays float32. reduce_range: seven bits,
        # since eight overflow in sums on processors without VNNI.
        quantize_dynamic(for_int8, int8_path, weight_type=QuantType.QInt8, per_channel=True,
                         reduce_range=True, nodes_to_exclude=["logits"])
    finally:
        logging.disable(logging.NOTSET)


def write_float16(model: Any, path: pathlib.Path) -> None:
    """Writes a model with float16 weights and activations, and float32 logits.

    It is for GPUs; ONNX Runtime's CPU kernels compute in float32.

    Args:
      model: an onnx.ModelProto. It is changed.
      path: the file.
    """
    import warnings

    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with warnings.catch_warnings():
        # It tells of every weight that is too small for float16.
        warnings.simplefilter("ignore")
        onnx.save(convert_float_to_float16(model, keep_io_types=True), path)


def export_onnx(
    forms: Forms, logits: Any, student_folder: pathlib.Path, folder: pathlib.Path,
    *, dev: Optional[Sequence[Example]] = None, float16: bool = False,
) -> Dict[str, Any]:
    """Writes a folder that needs no TensorFlow, and checks it.

    Args:
      forms: export builders of the student, with ONNX.
      logits: forward pass of the Keras student, int32 [batch, time] to float32 logits.
      student_folder: source of tokenizer, vocabulary and record.
      folder: target folder, such as onnx. It is replaced as a whole.
      dev: labelled examples that measure the loss of int8; None skips this.
      float16: write the file for GPUs, too.

    Returns:
      The contents of check.json; see `check.write_check`.

    Raises:
      UserError: if onnx or onnxruntime is not installed.
    """
    assert forms.onnx is not None, "the caller checks export_formats"
    import_onnx()
    with atomic_folder(folder) as temporary:
        files = {precision: name for precision, name in FILES.names.items()
                 if float16 or precision != "float16"}

        def error(precision: str, tolerance: float) -> float:
            name = files[precision]
            return check_equal(
                name, Session(temporary / name), logits, size=forms.vocabulary,
                seq_len_limit=forms.seq_len_limit, separator=forms.separator, tolerance=tolerance)

        write_models(forms.onnx(), (forms.onnx_for_int8 or forms.onnx)(),
                     temporary / files["float32"], temporary / files["int8"])
        if float16:
            write_float16(forms.onnx(), temporary / files["float16"])
        for name in (RECORD_FILE, VOCABULARY_FILE, TOKENIZER_FILE):
            shutil.copy(pathlib.Path(student_folder) / name, temporary / name)
        errors = {"float32": error("float32", TOLERANCE)}
        if float16:
            errors["float16"] = error("float16", _FLOAT16_TOLERANCE)
        record = write_check(temporary, files, errors,
                             lambda precision: load_onnx(temporary, precision=precision), dev)
        write_manifest(temporary)
    return record
