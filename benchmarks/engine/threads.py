"""The student's stage 1 with one thread an operation and with all: one run alone, two at a time.

Command:
  python benchmarks/engine/threads.py
Students read random tokens: what they learn changes no time. Each way runs in processes of its own,
in turns; a figure is the median. Written to benchmarks/engine/threads.json.
"""

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
STUDENTS = ((50, 200, 300), (300, 600, 30))  # E, H, steps.


def measure(size, *, threads: int, runs: int) -> float:
    """Steps a second of some runs at a time, all together."""
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": str(threads)}
    processes = [subprocess.Popen(
        [sys.executable, __file__, "--child", *map(str, size)], env=environment,
        stdout=subprocess.PIPE, text=True) for _ in range(runs)]
    told = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit("a student's process failed")
    return sum(float(text.split()[-1]) for text in told)


def main(argv) -> None:
    """Measures all ways in turns."""
    if FLAGS.child:
        print(steps_a_second(*map(int, argv[1:])))
        return
    cores = os.cpu_count() or 1
    ways = {(threads, runs): [] for threads in (1, cores) for runs in (1, 2)}
    students = []
    for size in STUDENTS:
        found = {way: [] for way in ways}
        for _ in range(FLAGS.turns):
            for (threads, runs), rates in found.items():
                rates.append(measure(size, threads=threads, runs=runs))
        students.append({"E": size[0], "H": size[1], "batch": ROWS, "ways": [
            {"threads": threads, "runs": runs, "steps_a_second": statistics.median(rates)}
            for (threads, runs), rates in found.items()]})
    write_record("engine/threads", {"students": students})


if __name__ == "__main__":
    app.run(main)
