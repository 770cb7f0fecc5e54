"""The student's stage 1: Keras' LSTM and our step, by threads, precision and runs at a time.

Command:
  python benchmarks/engine/threads.py
Students read random tokens: what they learn changes no time. Each way runs in processes of its own,
in turns; a figure is the median. bfloat16 is measured on processors that have its products.
Written to benchmarks/engine/threads.json.
"""

import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np
from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import write_record

FLAGS = flags.FLAGS
flags.DEFINE_integer("turns", 2, "Measurements of each way.")
flags.DEFINE_boolean("child", False, "Measure one student and print its steps a second.")
flags.DEFINE_boolean("keras", False, "With Keras' LSTM.")
flags.DEFINE_string("policy", None, "Keras' mixed precision policy of a child.")
STUDENTS = ((50, 200, 150), (300, 600, 30))  # E, H, steps.
ROWS, VOCABULARY, WIDTH, TAGS = 64, 20000, 384, 7
LENGTHS = (12, 16, 20, 24)


def child(E: int, H: int, steps: int) -> float:
    """Steps a second of stage 1."""
    import tensorflow as tf

    from xtremedistil_tf.config import StudentConfig
    from xtremedistil_tf.distribution import spread
    from xtremedistil_tf.models import distillation_model
    from xtremedistil_tf.models.layers.body import Shape
    from xtremedistil_tf.models.student import build_student
    from xtremedistil_tf.runtime import prepare
    from xtremedistil_tf.training.addons import LazyAdam
    from xtremedistil_tf.training.loss_table import LOSSES
    from xtremedistil_tf.training.stages import LossTerm

    prepare(1, False, opt_policy=FLAGS.policy)
    if FLAGS.keras:
        distillation_model.with_cpu_kernels = contextlib.nullcontext
    student = build_student(StudentConfig(E, H), Shape(VOCABULARY), WIDTH, TAGS)
    student.registry.set_trainable(["word_embedding", "bilstm", "projection"])
    student.model.set_loss_terms([LossTerm("representation", "representation", "mse")], LOSSES)
    student.model.compile(optimizer=LazyAdam(1e-3))
    generator = np.random.default_rng(0)

    def batches():
        for step in range(steps):
            length = LENGTHS[step % len(LENGTHS)]
            yield ({"input_ids": generator.integers(2, VOCABULARY, (ROWS, length), dtype=np.int32)},
                   {"representation": generator.normal(size=(ROWS, length, WIDTH))
                    .astype(np.float16), "mask": np.ones([ROWS, length], np.float32)})

    def epoch():
        return spread(lambda share: tf.data.Dataset.from_generator(batches, output_signature=(
            {"input_ids": tf.TensorSpec([ROWS, None], tf.int32)},
            {"representation": tf.TensorSpec([ROWS, None, WIDTH], tf.float16),
             "mask": tf.TensorSpec([ROWS, None], tf.float32)})).prefetch(4))

    with distillation_model.traced_for_cpu(student.model):
        student.model.fit(epoch().take(len(LENGTHS)), verbose=0)
        began = time.perf_counter()
        student.model.fit(epoch(), verbose=0)
    return steps / (time.perf_counter() - began)


def measure(size, *, step: str, precision: str, threads: int, runs: int) -> float:
    """Steps a second of some runs at a time, all together."""
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": str(threads)}
    options = [*(["--keras"] if step == "keras" else []),
               *([f"--policy=mixed_{precision}"] if precision != "float32" else [])]
    processes = [subprocess.Popen(
        [sys.executable, __file__, "--child", *options, *map(str, size)], env=environment,
        stdout=subprocess.PIPE, text=True) for _ in range(runs)]
    told = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit("a student's process failed")
    return sum(float(text.split()[-1]) for text in told)


def ways() -> list:
    """What is measured: the step, the precision of products, threads of an operation, runs."""
    cores = os.cpu_count() or 1
    computed = [("keras", "float32"), ("own", "float32")]
    if "_bf16" in pathlib.Path("/proc/cpuinfo").read_text():
        computed += [("keras", "bfloat16"), ("own", "bfloat16")]
    return [{"step": step, "precision": precision, "threads": threads, "runs": runs}
            for step, precision in computed for threads, runs in ((cores, 1), (1, 1), (1, 2))]


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
    write_record("engine/threads", {"students": students})


if __name__ == "__main__":
    app.run(main)
