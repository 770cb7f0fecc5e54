"""The student's stage 1 with Keras' LSTM and with our step of it, by threads and precision.

Command:
  python benchmarks/engine/bilstm.py
Students read random tokens: what they learn changes no time. Each way runs in processes of its own,
in turns; a figure is the median. bfloat16 is measured on processors that have its products.
Written to benchmarks/engine/bilstm.json.
"""

import contextlib
import os
import pathlib
import statistics
import subprocess
import sys

from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import write_record
from student_steps import ROWS, steps_a_second

FLAGS = flags.FLAGS
flags.DEFINE_integer("turns", 2, "Measurements of each way.")
flags.DEFINE_boolean("child", False, "Measure one student and print its steps a second.")
flags.DEFINE_boolean("keras", False, "With Keras' LSTM.")
flags.DEFINE_string("policy", None, "Keras' mixed precision policy of a child.")
STUDENTS = ((50, 200, 150), (300, 600, 30))  # E, H, steps.


def child(E: int, H: int, steps: int) -> float:
    """Steps a second of stage 1, with the flags' LSTM and precision."""
    from xtremedistil_tf.models import distillation_model
    from xtremedistil_tf.runtime import prepare

    prepare(1, False, opt_policy=FLAGS.policy)
    if FLAGS.keras:
        distillation_model.with_cpu_kernels = contextlib.nullcontext
    return steps_a_second(E, H, steps)


def measure(size, *, step: str, precision: str, threads: int) -> float:
    """Steps a second of a student in a process of its own."""
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": str(threads)}
    options = [*(["--keras"] if step == "keras" else []),
               *([f"--policy=mixed_{precision}"] if precision != "float32" else [])]
    told = subprocess.run(
        [sys.executable, __file__, "--child", *options, *map(str, size)], env=environment,
        stdout=subprocess.PIPE, text=True, check=True).stdout
    return float(told.split()[-1])


def ways() -> list:
    """What is measured: the step, the precision of products, threads of an operation."""
    computed = [("keras", "float32"), ("own", "float32")]
    if "_bf16" in pathlib.Path("/proc/cpuinfo").read_text():
        computed += [("keras", "bfloat16"), ("own", "bfloat16")]
    return [{"step": step, "precision": precision, "threads": threads}
            for step, precision in computed for threads in (os.cpu_count() or 1, 1)]


def main(argv) -> None:
    """Measures all ways in turns."""
    if FLAGS.child:
        print(child(*map(int, argv[1:])))
        return
    students = []
    for size in STUDENTS:
        found = [(way, []) for way in ways()]
        for _ in range(FLAGS.turns):
            for way, rates in found:
                rates.append(measure(size, **way))
        students.append({"E": size[0], "H": size[1], "batch": ROWS, "ways": [
            {**way, "steps_a_second": statistics.median(rates)} for way, rates in found]})
    write_record("engine/bilstm", {"students": students})


if __name__ == "__main__":
    app.run(main)
