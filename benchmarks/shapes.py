"""Memory of a SavedModel that meets a new shape with nearly every request.

Command:
  python benchmarks/shapes.py --model_dir=RUN [--requests=20000]
The student is exported twice: as it is, with sizes rounded up before its layers see them, and
without. Each export gets requests of random rows and lengths through its signature `input_ids`, in
a process of its own, which writes down its memory. Written to benchmarks/serving/shapes.json after
each export.
"""

import concurrent.futures
import multiprocessing
import pathlib
import tempfile
import time

import numpy as np
from absl import app, flags
from machine import write_record

FLAGS = flags.FLAGS
flags.DEFINE_string("model_dir", None, "A run or its student folder.", required=True)
flags.DEFINE_integer("requests", 20_000, "Requests of each export.")
flags.DEFINE_integer("rows", 24, "Most rows of a request.")
flags.DEFINE_integer("time", 160, "Longest row.")


def export(model_dir: str, folder: str, rounded: bool) -> None:
    """Writes one of the two exports."""
    from xtremedistil_tf.export.savedmodel import class_signatures
    from xtremedistil_tf.export.savedmodel.export import export_saved_model
    from xtremedistil_tf.export.student_forms import student_forms
    from xtremedistil_tf.inference.student_folder import load_student

    if not rounded:
        class_signatures.Rounded = lambda student, *_, **__: student
    bundle = load_student(pathlib.Path(model_dir))
    export_saved_model(student_forms(bundle), bundle, pathlib.Path(folder), version=1)


def soak(folder: str, requests: int, rows: int, longest: int) -> dict:
    """Sends the requests; memory is the largest of each twentieth."""
    from xtremedistil_tf.benchmark.timing import resident_bytes
    from xtremedistil_tf.inference.runtimes.text_ops import TEXT_OPS, load_text_ops
    from xtremedistil_tf.keras2 import tf

    for kind in TEXT_OPS:
        load_text_ops(kind)
    model = tf.saved_model.load(str(pathlib.Path(folder) / "1"))
    run = model.signatures["input_ids"]
    random, memory, shapes = np.random.default_rng(0), [0] * 20, set()
    began = time.monotonic()
    for number in range(requests):
        shape = (int(random.integers(1, rows + 1)), int(random.integers(2, longest + 1)))
        shapes.add(shape)
        ids = tf.ones(shape, tf.int32)
        run(input_ids=ids, attention_mask=ids)
        part = number * len(memory) // requests
        memory[part] = max(memory[part], resident_bytes() or 0)
        if (number + 1) % 1000 == 0:
            print(f"{number + 1} requests, {len(shapes)} shapes, {memory[part]} bytes, "
                  f"{time.monotonic() - began:.0f} s", flush=True)
    return {"requests": requests, "shapes": len(shapes), "seconds": time.monotonic() - began,
            "resident_bytes": memory}


def main(_) -> None:
    """Runs both exports, one after the other."""
    results = {}
    context = multiprocessing.get_context("spawn")
    for name, rounded in (("rounded", True), ("plain", False)):
        with tempfile.TemporaryDirectory() as folder:
            for work, arguments in ((export, (FLAGS.model_dir, folder, rounded)),
                                    (soak, (folder, FLAGS.requests, FLAGS.rows, FLAGS.time))):
                with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
                    results[name] = pool.submit(work, *arguments).result()
        # The first twentieth makes everything ready.
        memory = results[name]["resident_bytes"]
        results[name]["grown_bytes"] = memory[-1] - memory[1]
        results[name]["grown_in_the_second_half"] = memory[-1] - memory[len(memory) // 2]
        write_record("serving/shapes", results)


if __name__ == "__main__":
    app.run(main)
