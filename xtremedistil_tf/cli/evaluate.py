"""Scores a student, a teacher or a file of predictions on labelled rows; compares two.

Examples:
    xtremedistil-evaluate --model_dir=runs/mine --data=DATA
    xtremedistil-evaluate --model_dir=runs/mine,runs/mine/teacher --data=DATA --output=scores
"""

import itertools
import pathlib
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.student_flags_loading import define_opening_flags
from xtremedistil_tf.errors import UserError, not_allowed

if TYPE_CHECKING:  # Imported later at run time, so that --help is fast.
    from xtremedistil_tf.evaluation.subjects import Subject

FLAGS = flags.FLAGS
_MOST = 2
# Flags that say what a file of predictions is of.
_OF_DATA = ("do_NER", "do_pairwise", "do_regression", "do_squad", "do_multilabel", "tag_scheme",
            "task_kind")


def define_flags() -> None:
    """Defines the flags of this command."""
    from xtremedistil_tf import config as cfg
    from xtremedistil_tf.tasks import TAG_SCHEMES

    flags.DEFINE_string("data", None, "Labelled file, or a task folder.", required=True)
    flags.DEFINE_string("split", "test", "Split of a task folder: train, dev or test.")
    flags.DEFINE_list("model_dir", [],
                      "What to score: a run folder, its student, onnx or tflite folder, or the "
                      "folder of a fine-tuned teacher. Two, with a comma between, are compared.")
    flags.DEFINE_list("runtime", [],
                      "What runs each student of --model_dir. Two runtimes of one folder are "
                      "compared. Default: what the folder holds, Keras for a run folder.")
    flags.DEFINE_list("predictions", [],
                      "Files of predictions to score, one row a line in the order of --data, such "
                      "as xtremedistil-predict writes; for SQuAD its predictions.json.")
    flags.DEFINE_boolean("do_NER", False,
                         "The data are tagged words. This flag and the next ones are needed for "
                         "--predictions alone; a model knows what it reads.")
    flags.DEFINE_boolean("do_pairwise", False, "An example has two texts.")
    flags.DEFINE_boolean("do_regression", False, "The labels are numbers.")
    flags.DEFINE_boolean("do_squad", False, "The data are SQuAD's JSON.")
    flags.DEFINE_boolean("do_multilabel", None, "A text has any number of labels.")
    flags.DEFINE_enum("tag_scheme", None, tuple(TAG_SCHEMES), "Scheme of the tags. Default: iob2.")
    flags.DEFINE_string("task_kind", None, "Name of a kind of task that an installed package adds.")
    flags.DEFINE_enum("glue_task", None, tuple(cfg.GLUE),
                      "The data are the original files of this GLUE task. Default: the student's.")
    flags.DEFINE_enum("on_bad_row", "error", cfg.ON_BAD_ROW,
                      "Stop at an unusable row, or skip it.")
    flags.DEFINE_integer("samples", 1000,
                         "Number of bootstrap samples for intervals; 0 leaves them out.",
                         lower_bound=0, upper_bound=1_000_000)
    flags.DEFINE_integer("seed", 0, "Seed of the bootstrap.")
    flags.DEFINE_integer("worst", 20, "Number of rows to show in each list of errors.",
                         lower_bound=0)
    flags.DEFINE_string("output", None,
                        "Folder for evaluation.md, evaluation.json and plots. Without it the "
                        "report goes to standard output.")
    define_opening_flags()


def _models() -> List[Tuple[str, Optional[str]]]:
    """Pairs folders and runtimes: one of each, or one for all of the others."""
    from xtremedistil_tf.config.models import named_folders

    folders = named_folders(",".join(FLAGS.model_dir)) if FLAGS.model_dir else ()
    runtimes = FLAGS.runtime or [None]
    if len(folders) > 1 and len(runtimes) > 1 and len(folders) != len(runtimes):
        raise UserError(f"--model_dir names {len(folders)} folders and --runtime {len(runtimes)} "
                        "runtimes; allowed: one for all, or as many")
    if not folders and FLAGS.runtime:
        raise UserError("--runtime needs --model_dir")
    if not folders:
        return []
    count = max(len(folders), len(runtimes))
    return list(itertools.islice(zip(itertools.cycle(folders), itertools.cycle(runtimes)), count))


def _settings_of_data() -> Dict[str, Any]:
    """The settings that name a kind of task, for files of predictions alone."""
    from xtremedistil_tf.config import SquadConfig

    return {"do_ner": FLAGS.do_NER, "do_pairwise": FLAGS.do_pairwise,
            "do_regression": FLAGS.do_regression, "glue_task": FLAGS.glue_task,
            "do_multilabel": FLAGS.do_multilabel, "tag_scheme": FLAGS.tag_scheme,
            "task_kind": FLAGS.task_kind, "on_bad_row": FLAGS.on_bad_row,
            "squad": SquadConfig() if FLAGS.do_squad else None}


def _subjects() -> "List[Subject]":
    from xtremedistil_tf.evaluation.subjects import (
        subject_of_folder,
        subject_of_predictions,
    )
    from xtremedistil_tf.inference.runtimes.load import RUNTIMES

    models = _models()
    if not 1 <= len(models) + len(FLAGS.predictions) <= _MOST:
        raise UserError("give what to score: --model_dir or --predictions, one of them or two")
    for runtime in FLAGS.runtime:
        if runtime not in RUNTIMES:
            raise not_allowed("runtime", runtime, RUNTIMES)
    subjects = [subject_of_folder(folder, runtime, keep_whole=FLAGS.whitespace_words,
                                  verify=FLAGS.verify) for folder, runtime in models]
    for path in FLAGS.predictions:
        subjects.append(subject_of_predictions(
            pathlib.Path(path), pathlib.Path(FLAGS.data), _settings_of_data(),
            like=subjects[0] if models else None))
    first = subjects[0]
    for other in subjects[1:]:
        if (first.labels.kind, first.labels.tags) != (other.labels.kind, other.labels.tags):
            raise UserError(f"{first.name} has the labels {', '.join(first.labels.tags)}; "
                            f"{other.name} has {', '.join(other.labels.tags)}; two models are "
                            "compared on the same labels")
    return subjects


def _check_flags(data: pathlib.Path) -> None:
    """Refuses wrong values, and flags that nothing would read, before a model is loaded.

    Raises:
      UserError: with the flag.
    """
    if not data.exists():
        raise UserError(f"--data {data}: no such file or folder")
    from xtremedistil_tf.config.checks import check_output, check_seed

    check_seed(FLAGS.seed)
    if FLAGS["split"].present and data.is_file():
        raise UserError(f"--split={FLAGS.split} is of a task folder; --data {data} is a file")
    unread = [name for name in _OF_DATA if FLAGS[name].present]
    if FLAGS.model_dir and unread:
        raise UserError(f"--{unread[0]} is for --predictions alone; a model knows what it reads")
    if FLAGS.output is not None:
        check_output(pathlib.Path(FLAGS.output), folder=True)


def main() -> None:
    """Scores, prints the report or writes it."""
    from xtremedistil_tf.evaluation.labelled import measure_of_data, read_labelled_rows
    from xtremedistil_tf.evaluation.scores import Settings, evaluate_subjects
    from xtremedistil_tf.evaluation.tables import render_evaluation, write_evaluation

    data = pathlib.Path(FLAGS.data)
    _check_flags(data)
    subjects = _subjects()
    first = subjects[0]
    glue_task = FLAGS.glue_task or first.glue_task
    rows, report = read_labelled_rows(
        data, first.labels, split=FLAGS.split, pairs=first.pairs, glue_task=glue_task,
        on_bad_row=FLAGS.on_bad_row)
    for line in report.warnings():
        console.logging.warning("%s", line)
    name = f"{data.resolve().name}, {FLAGS.split}" if data.is_dir() else data.name
    evaluation = evaluate_subjects(
        subjects, rows, data=name, measure=measure_of_data(first.labels, glue_task),
        settings=Settings(FLAGS.samples, FLAGS.seed, FLAGS.worst))
    if FLAGS.output is None:
        print(render_evaluation(evaluation), end="")
        return
    write_evaluation(pathlib.Path(FLAGS.output), evaluation)
    console.say(f"{pathlib.Path(FLAGS.output) / 'evaluation.md'}")


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags, on_interrupt="nothing was written")


if __name__ == "__main__":
    run()
