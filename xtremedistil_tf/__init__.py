"""XtremeDistil in TensorFlow 2: distil a huge multilingual tagger into a tiny BiLSTM."""

from xtremedistil_tf.version import __version__

__all__ = ["__version__", "load"]


def load(folder):
    """Loads a distilled student for use on text.

    Args:
      folder: the `student/` folder of a run, or the run folder that holds it.

    Returns:
      A `xtremedistil_tf.serving.predictor.Tagger`, called on a string or a list of strings.

    Raises:
      UserError: if the folder holds no complete student.
    """
    # Imported here so that `import xtremedistil_tf` costs no TensorFlow start-up.
    from xtremedistil_tf.serving.predictor import load as load_tagger

    return load_tagger(folder)
