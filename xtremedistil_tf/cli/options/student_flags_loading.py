"""The flags for loading a student in any runtime and for reading its input."""

from typing import Any, Optional

from absl import flags

FLAGS = flags.FLAGS


def define_loading_flags(*, runtime: Optional[str] = None, where: str = "") -> None:
    """Defines --model_dir, --runtime, --whitespace_words and --verify.

    Args:
      runtime: default runtime; None for that of the folder.
      where: addition to the help of --model_dir.
    """
    from xtremedistil_tf.inference.runtimes.load import RUNTIMES

    flags.DEFINE_string("model_dir", None,
                        "Run folder, its student, onnx or tflite folder, or a version of its "
                        f"export{where}.", required=True)
    chosen = "" if runtime else " Default: what the folder holds, Keras for a run folder."
    flags.DEFINE_enum("runtime", runtime, RUNTIMES,
                      f"What runs the student.{chosen} All give the same output except the "
                      "int8 ones, which round.")
    flags.DEFINE_boolean("whitespace_words", False,
                         "Split text at white space only, for text that is tokenized already.")
    flags.DEFINE_boolean("verify", True,
                         "Hold the student's files against the checksums that were written with "
                         "them (manifest.json).")


def define_reading_flags() -> None:
    """Defines --text_column and --encoding."""
    flags.DEFINE_string("text_column", None,
                        "Column of a line's text: a number from 1, with tabs between the columns; "
                        "a key of JSON objects; or line for the whole line. Default: the whole "
                        "line, and a file of labelled rows is refused.")
    flags.DEFINE_string("encoding", None,
                        "Encoding of the input, such as latin-1. Default: that of its byte order "
                        "mark, else UTF-8.")


def load_named_student() -> Any:
    """Loads the student that the flags name; returns its text model."""
    from xtremedistil_tf.inference.runtimes.load import load

    return load(FLAGS.model_dir, FLAGS.runtime, keep_whole=FLAGS.whitespace_words,
                 verify=FLAGS.verify)
