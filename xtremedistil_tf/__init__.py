"""XtremeDistil in TensorFlow 2: distil a huge multilingual tagger into a tiny BiLSTM."""

from xtremedistil_tf.version import __version__

__all__ = ["__version__", "load"]


def load(folder, runtime=None, keep_whole=False):
    """Loads a distilled student for use on text.

    Args:
      folder: a run folder, its `student`, `onnx` or `tflite` folder, or a version folder of
        `export`.
      runtime: "keras", "savedmodel", "onnx", "onnx_int8", "tflite" or "tflite_int8"; by default
        what the folder holds, Keras for a run folder. With the ONNX ones no TensorFlow is imported.
      keep_whole: split text at white space only.

    Returns:
      A `xtremedistil_tf.inference.tagger.TextTagger`, called on a string or a list of strings.

    Raises:
      UserError: if the folder holds no complete student.
    """
    # Imported here so that `import xtremedistil_tf` costs nothing.
    from xtremedistil_tf.inference.runtimes.load import load as load_tagger

    return load_tagger(folder, runtime, keep_whole)
