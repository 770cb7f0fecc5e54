"""Graphs as they were traced against graphs rewritten by TensorFlow's optimizer, on a CPU.

Command:
  python benchmarks/engine/graphs.py
A student of E=50, H=200 learns representations of random rows of four lengths; in turns in one
process, a student anew each time: the seconds until its first epoch, of one step a length, is over,
and those of an epoch after it. Written to benchmarks/engine/graphs.json.
"""

import pathlib
import statistics
import sys
import time

import numpy as np
from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import write_record

FLAGS = flags.FLAGS
flags.DEFINE_integer("turns", 3, "Turns of each way.")
flags.DEFINE_integer("steps", 20, "Steps a length of the epoch that is timed.")
LENGTHS, BATCH, WIDTH, VOCABULARY, E, H = (8, 16, 24, 32), 64, 384, 20000, 50, 200
WAYS = {"as traced": True, "rewritten": False}


def rows(steps: int):
    """A dataset of so many batches a length."""
    import tensorflow as tf

    generator = np.random.default_rng(0)
    batches = [
        ({"input_ids": generator.integers(2, VOCABULARY, (BATCH, length)).astype(np.int32)},
         {"representation": generator.normal(size=(BATCH, length, WIDTH)).astype(np.float16),
          "mask": np.ones([BATCH, length], np.float32)})
        for _ in range(steps) for length in LENGTHS]
    spec = ({"input_ids": tf.TensorSpec([None, None], tf.int32)},
            {"representation": tf.TensorSpec([None, None, WIDTH], tf.float16),
             "mask": tf.TensorSpec([None, None], tf.float32)})
    return tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=spec)


def one_turn(as_traced: bool) -> dict:
    """Seconds of a new student's first short epoch and of a longer one after it."""
    import tensorflow as tf

    from xtremedistil_tf.addons import LazyAdam
    from xtremedistil_tf.config import StudentConfig
    from xtremedistil_tf.distill.losses import LOSSES
    from xtremedistil_tf.distill.stages import LossTerm
    from xtremedistil_tf.models.stage_model import traced_for_cpu
    from xtremedistil_tf.models.student import build_student

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": as_traced})
    student = build_student(StudentConfig(E, H), VOCABULARY, WIDTH, 11)
    student.registry.set_trainable(["word_embedding", "bilstm", "projection"])
    student.model.set_loss_terms([LossTerm("representation", "representation", "mse")], LOSSES)
    student.model.compile(optimizer=LazyAdam(1e-3))
    found = {}
    with traced_for_cpu(student.model):
        for name, steps in (("start", 1), ("epoch", FLAGS.steps)):
            began = time.perf_counter()
            student.model.fit(rows(steps), verbose=0)
            found[name] = time.perf_counter() - began
    return found


def main(argv) -> None:
    """Measures both ways in turns and writes the record."""
    del argv
    one_turn(True)  # What a process does once only.
    turns = {name: [] for name in WAYS}
    for _ in range(FLAGS.turns):
        for name, as_traced in WAYS.items():
            turns[name].append(one_turn(as_traced))
    seconds = {name: {part: statistics.median(turn[part] for turn in found)
                      for part in ("start", "epoch")} for name, found in turns.items()}
    write_record("engine/graphs", {
        "E": E, "H": H, "batch": BATCH, "steps": FLAGS.steps * len(LENGTHS), "turns": FLAGS.turns,
        "seconds": seconds,
        "rewritten_over_as_traced": {
            part: seconds["rewritten"][part] / seconds["as traced"][part]
            for part in ("start", "epoch")}})


if __name__ == "__main__":
    app.run(main)
