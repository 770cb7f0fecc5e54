"""Measures a run on this machine, or the sizes of the paper's grid or of the model card.

Examples:
    xtremedistil-benchmark --model_dir=runs/mine --output=bench
"""

import dataclasses
import pathlib
import tempfile
from typing import Any, Sequence

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.errors import UserError

FLAGS = flags.FLAGS
_TEXTS = ("Paul Bergmann arbeitet in Berlin, und zwar seit drei Jahren.",
          "Anna Petrova, who left Halcyon Ltd in May, lives in Porto now.",
          "Иван Соколов живёт в Твери и работает в «Заре».")


def define_flags() -> None:
    """Defines the flags of this command."""
    flags.DEFINE_string("model_dir", None, "Run folder with teacher and student.")
    flags.DEFINE_boolean("paper_grid", False,
                         "Measure the 16 sizes of Table 16 with random weights instead of a run: "
                         "the 88,400 subword tokens that Table 16's parameters imply, a "
                         "teacher of mBERT's size. Takes about 4 GB of memory.")
    flags.DEFINE_boolean("card_table", False,
                         "Measure the encoders of the model card of xtremedistil-l6-h384 with "
                         "random weights instead of a run, BERT base among them; with --runs also "
                         "the scores of finished runs of its tasks and their mean.")
    flags.DEFINE_integer("queries", 1000,
                         "Number of calls of each model and runtime (paper: 1,000).")
    flags.DEFINE_float("seconds", 60.0,
                       "Longest time for one model and runtime. Slow ones get fewer calls.")
    flags.DEFINE_string("output", None, "Folder for benchmark.json, benchmark.md and the plots.")
    flags.DEFINE_list("runs", [], "Trained run folders. The grid's plots show their F1 too. "
                      "For the card's table: one a task.")


def _measure_run(model_dir: pathlib.Path, work: pathlib.Path) -> dict:
    """Times the teacher and student of a run folder."""
    from xtremedistil_tf.benchmark import models as benchmark
    from xtremedistil_tf.export.student_forms import student_forms
    from xtremedistil_tf.inference.student_folder import load_student
    from xtremedistil_tf.inference.text_model import text_model
    from xtremedistil_tf.models.teacher import load_teacher
    from xtremedistil_tf.validation.run_files import has_teacher

    bundle = load_student(model_dir)
    forms = student_forms(bundle)
    student = benchmark.measured_student(forms, work)
    models = [student]
    if has_teacher(model_dir / "teacher"):
        models.insert(0, benchmark.measured_teacher(load_teacher(model_dir / "teacher", 0), work))
    vocabulary = min(forms.vocabulary, len(bundle.vocabulary.table))
    timings = benchmark.time_models(models, FLAGS.queries, FLAGS.seconds, vocabulary=vocabulary,
                                    separator=bundle.separator)
    texts: Sequence[Any] = _TEXTS if bundle.separator is None else list(zip(_TEXTS, _TEXTS))
    # Not every student has an ONNX form.
    ways = {form: way for form, way in student.ways.items() if form != "tensorflow"} or student.ways
    text = {form: benchmark.time_text(text_model(bundle, way), texts, FLAGS.queries)
            for form, way in ways.items()}
    lines = [*benchmark.timing_table(models, timings), "", *benchmark.size_table(models), ""]
    lines += ["| text to result, one at a time | p50 ms | p95 ms | of it the model |",
              "|---|---:|---:|---:|"]
    lines += [f"| {form} | {row['p50_ms']:.2f} | {row['p95_ms']:.2f} | "
              f"{100 * row['model_share']:.0f} % |" for form, row in text.items()]
    return {
        "lines": lines, "text": text,
        "timings": [{"batch": batch, "model": model, "runtime": runtime,
                     **dataclasses.asdict(timing)}
                    for (batch, model, runtime), timing in timings.items()],
        "models": {model.name: {"embedding": model.embedding, "rest": model.rest,
                                "bytes": model.bytes, "memory": model.memory}
                   for model in models},
    }


def main() -> None:
    """Measures, prints tables and writes them."""
    if [bool(FLAGS.model_dir), FLAGS.paper_grid, FLAGS.card_table].count(True) != 1:
        raise UserError("give one of --model_dir, --paper_grid and --card_table")
    if FLAGS.queries < 1 or FLAGS.seconds <= 0:
        raise UserError("--queries and --seconds must be above 0")
    output = pathlib.Path(FLAGS.output) if FLAGS.output else None
    runs = [pathlib.Path(run) for run in FLAGS.runs]
    with tempfile.TemporaryDirectory() as work:
        if FLAGS.paper_grid:
            from xtremedistil_tf.benchmark.paper_grid import measure_grid

            result = measure_grid(pathlib.Path(work), FLAGS.queries, FLAGS.seconds, runs=runs,
                                  output=output)
        elif FLAGS.card_table:
            from xtremedistil_tf.benchmark.card_table import measure_card

            result = measure_card(pathlib.Path(work), FLAGS.queries, FLAGS.seconds, runs=runs)
        else:
            result = _measure_run(pathlib.Path(FLAGS.model_dir), pathlib.Path(work))
    lines = result.pop("lines")
    print("\n".join(lines))
    if output:
        from xtremedistil_tf.files.atomic import atomic_path
        from xtremedistil_tf.files.contents import write_json
        from xtremedistil_tf.files.locks import sole_writer

        record, tables = output / "benchmark.json", output / "benchmark.md"
        with sole_writer(record, tables, lock_stays=False):
            write_json(record, result)
            with atomic_path(tables) as temporary:
                temporary.write_text("\n".join(lines) + "\n", "utf-8")


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags, on_interrupt="nothing was written")


if __name__ == "__main__":
    run()
