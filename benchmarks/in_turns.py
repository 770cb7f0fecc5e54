"""Two or more students in TensorFlow and ONNX, float32 and int8, timed in turns in one process.

Command:
  python benchmarks/in_turns.py --students=NAME=RUN,NAME=RUN,... --record=NAME [--queries=1000]
The first student is the measure of the others. Written to benchmarks/<record>.json.
"""

import pathlib

from absl import app, flags
from machine import write_record

FLAGS = flags.FLAGS
flags.DEFINE_list("students", None, "Names and run folders: NAME=RUN.", required=True)
flags.DEFINE_string("record", None, "Name of the record.", required=True)
flags.DEFINE_integer("queries", 1000, "Calls of each student and runtime.")
flags.DEFINE_float("seconds", 30.0, "Longest time for each student and runtime.")


def main(_) -> None:
    """Measures and writes the record."""
    from xtremedistil_tf.benchmark import models as benchmark

    runs = dict(told.split("=", 1) for told in FLAGS.students)
    models, timings = benchmark.time_runs(
        {name: pathlib.Path(run) for name, run in runs.items()}, FLAGS.queries, FLAGS.seconds)
    ways = [(batch, runtime) for batch in benchmark.BATCHES for runtime in models[0].ways]
    write_record(FLAGS.record, {"students": {
        model.name: {
            "parameters": model.parameters, "bytes": model.bytes,
            "ms": {f"{runtime}_{batch}": timings[batch, model.name, runtime].p50
                   for batch, runtime in ways},
            "time_over_the_first": {
                f"{runtime}_{batch}": timings[batch, model.name, runtime].p50
                / timings[batch, models[0].name, runtime].p50 for batch, runtime in ways},
        } for model in models}})


if __name__ == "__main__":
    app.run(main)
