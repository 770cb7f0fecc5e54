"""Exports a student: SavedModel for TensorFlow Serving, ONNX, TFLite for phones, Triton.

Examples:
    xtremedistil-export --model_dir=runs/mine
    xtremedistil-export --model_dir=runs/mine --forms=tflite,triton
"""

import contextlib
import pathlib
from typing import Iterator

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.config import ON_BAD_ROW, WRITTEN_FORMATS
from xtremedistil_tf.errors import UserError

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the flags of this command."""
    flags.DEFINE_string("model_dir", None, "Run folder, or its student folder.", required=True)
    flags.DEFINE_list("forms", None,
                      f"Export formats: {', '.join(WRITTEN_FORMATS)}. Default: savedmodel and "
                      "onnx, if the student has them and their libraries are installed.")
    flags.DEFINE_boolean("onnx_float16", False,
                         "The ONNX export has a float16 model for GPUs, too; see --runtime and "
                         "--onnx_providers of xtremedistil-predict.")
    flags.DEFINE_integer("export_version", None,
                         "Version of the SavedModel. Default: the next free one.")
    flags.DEFINE_boolean("whitespace_words", False,
                         "The SavedModel splits text at white space only.")
    flags.DEFINE_string("task", None,
                        "Task folder whose dev file measures what int8 loses. Default: not "
                        "measured.")
    flags.DEFINE_enum("on_bad_row", ON_BAD_ROW[0], ON_BAD_ROW,
                      "Stop at an unusable row of the dev file, or skip it.")


def _dev_examples():
    """Returns the labelled examples for measuring int8; None without --task."""
    if FLAGS.task is None:
        return None
    from xtremedistil_tf.evaluation.labelled import read_labelled_rows
    from xtremedistil_tf.inference.assets import load_assets, student_path

    assets = load_assets(student_path(FLAGS.model_dir))
    rows, _ = read_labelled_rows(
        pathlib.Path(FLAGS.task), assets.labels, split="dev", pairs=assets.separator is not None,
        glue_task=assets.record.get("glue_task"), on_bad_row=FLAGS.on_bad_row)
    return rows


@contextlib.contextmanager
def _alone(model_dir: str) -> Iterator[None]:
    """Keeps other exports, and a run, out of the folder; removes what killed exports left there."""
    from xtremedistil_tf.files.leftovers import sweep_beside, sweep_leftovers
    from xtremedistil_tf.files.locks import locked
    from xtremedistil_tf.inference.assets import FORMAT_FOLDERS, student_path
    from xtremedistil_tf.inference.student_record import read_student_record

    student = student_path(pathlib.Path(model_dir))
    read_student_record(student)  # A folder without a student gets no lock.
    # Not all below it: a student may lie in any folder.
    with locked(student.parent, sweep=False):
        for name in FORMAT_FOLDERS.values():
            sweep_beside(student.parent / name)
            sweep_leftovers(student.parent / name)
        yield


def main() -> None:
    """Exports the student and prints the folder of each export format."""
    if FLAGS.export_version is not None and FLAGS.export_version < 1:
        raise UserError(f"--export_version is {FLAGS.export_version}; allowed: 1 and above")
    if FLAGS.forms == []:
        raise UserError(f"--forms is empty; allowed: {', '.join(WRITTEN_FORMATS)}")
    unknown = sorted(set(FLAGS.forms or ()) - set(WRITTEN_FORMATS))
    if unknown:
        raise UserError(
            f"--forms has {', '.join(unknown)}; allowed: {', '.join(WRITTEN_FORMATS)}")
    dev = _dev_examples()
    with _alone(FLAGS.model_dir):
        from xtremedistil_tf.export.export import export_student

        made = export_student(FLAGS.model_dir, forms=FLAGS.forms, version=FLAGS.export_version,
                              keep_whole=FLAGS.whitespace_words, dev=dev,
                              onnx_float16=FLAGS.onnx_float16)
    for form, folder in made.items():
        console.say(f"{form}: {folder}")


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags,
                  on_interrupt="nothing was written of the format that was being made")


if __name__ == "__main__":
    run()
