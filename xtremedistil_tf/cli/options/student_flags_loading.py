"""The flags for loading a student in any runtime and for reading its input."""

import functools
from typing import Any, Callable, Dict, Optional, Sequence

from absl import flags

from xtremedistil_tf.errors import UserError

FLAGS = flags.FLAGS


def define_loading_flags(
    *, runtime: Optional[str] = None, where: str = "", threshold: bool = True
) -> None:
    """Defines --model_dir, --runtime, --onnx_providers and those of `define_opening_flags`.

    Args:
      runtime: default runtime; None for that of the folder.
      where: addition to the help of --model_dir.
      threshold: True to define --threshold, too.
    """
    from xtremedistil_tf.inference.runtimes.load import RUNTIMES

    flags.DEFINE_string("model_dir", None,
                        "Run folder, its student, onnx or tflite folder, or a version of its "
                        f"export{where}; or user/name@revision on the model hub.",
                        required=True)
    chosen = "" if runtime else (
        " Default: the fastest that the folder holds: int8 where it loses at most 0.3 points, else "
        "float32 ONNX, else Keras.")
    flags.DEFINE_enum("runtime", runtime, RUNTIMES,
                      f"What runs the student.{chosen} All give the same output except the "
                      "int8 and float16 ones, which round.")
    flags.DEFINE_list("onnx_providers", [],
                      "What computes an ONNX student: some of cpu, cuda, tensorrt, rocm, coreml, "
                      "directml, openvino. The first that can run an operation runs it, the CPU "
                      "all others. Default: cpu.")
    if threshold:
        flags.DEFINE_list("threshold", [],
                          "Least probability of an answer: a number from 0 to 1, or one for each "
                          "label or entity type, as PER:0.8,LOC:0.6. Less probable entities are "
                          "left out, less probable texts get no label or answer. With several "
                          "labels a text: the least probability of a label.")
    define_opening_flags()


def define_opening_flags() -> None:
    """Defines --whitespace_words and --verify."""
    flags.DEFINE_boolean("whitespace_words", False,
                         "Split text at white space only, for text that is tokenized already.")
    flags.DEFINE_boolean("verify", True,
                         "Compare the student's files with the checksums that were written with "
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


def find_named_student() -> None:
    """Fetches a student that --model_dir names on the model hub; the flag is then its folder."""
    from xtremedistil_tf.hub.folders import student_on_hub

    FLAGS["model_dir"].value = str(student_on_hub(FLAGS.model_dir, runtime=FLAGS.runtime))


def load_named_student(runtime: Optional[str] = None) -> Any:
    """Loads the student that the flags name; returns its text model.

    Args:
      runtime: the runtime; by default that of the flags.
    """
    find_named_student()
    return student_loader(runtime)()


def student_loader(runtime: Optional[str] = None, *, verify: bool = True) -> Callable[[], Any]:
    """A function without arguments that loads the student that the flags name, in any process.

    Args:
      runtime: as for `load_named_student`.
      verify: False if its files were compared with their checksums already.
    """
    # Not every command that loads a student has this flag.
    least = _least(FLAGS.threshold) if "threshold" in FLAGS else {}
    return functools.partial(
        _load, FLAGS.model_dir, runtime or FLAGS.runtime, least,
        keep_whole=FLAGS.whitespace_words, verify=verify and FLAGS.verify,
        onnx_providers=FLAGS.onnx_providers)


def _load(folder: str, runtime: Optional[str], least: Dict[str, float], **settings: Any) -> Any:
    from xtremedistil_tf.inference.runtimes.load import load

    model = load(folder, runtime, **settings)
    if least:
        model.say_from(least)
    return model


def _least(items: Sequence[str]) -> Dict[str, float]:
    """Parses --threshold.

    Raises:
      UserError: for an item that is no number from 0 to 1, or a label with one.
    """
    least: Dict[str, float] = {}
    for item in items:
        name, _, number = item.rpartition(":")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not 0.0 <= value <= 1.0:
            raise UserError(f"--threshold has {item!r}; allowed: a number from 0 to 1, or "
                            "LABEL:NUMBER, with commas between")
        least[name] = value
    return least
