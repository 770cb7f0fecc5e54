"""Two workers on the loopback interface against one process: time and result.

Command:
  python benchmarks/engine/workers.py --work=FOLDER
The same small job on the sample data, without dropout, with the same batches: one process, then two
that share the machine's cores, so that nothing is gained in time here; what is checked is that the
result is the same. Written to benchmarks/engine/workers.json.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import numpy as np
from absl import app, flags
from safetensors.numpy import load_file
from small_job import command, write_job

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import ROOT, write_record

from xtremedistil_tf.files.contents import read_json

FLAGS = flags.FLAGS
flags.DEFINE_string("work", None, "Where the run folders go.", required=True)


def free_ports(count: int) -> list:
    """Ports of the loopback interface that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def run(work: pathlib.Path, name: str, workers: int, batch: int) -> dict:
    """Runs the job with some workers; returns its seconds, weights and stages."""
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    arguments = command(
        work, folder, f"--teacher_model_dir={work / 'teacher_run'}", "--dropout_rate=0",
        f"--distil_batch_size={batch}", f"--student_ft_batch_size={batch}",
    )
    ports = free_ports(workers)
    processes, began = [], time.monotonic()
    for index in range(workers):
        environment = dict(os.environ)
        if workers > 1:
            environment["TF_CONFIG"] = json.dumps({
                "cluster": {"worker": [f"127.0.0.1:{port}" for port in ports]},
                "task": {"type": "worker", "index": index},
            })
        log = open(work / f"{name}_{index}.log", "wb")
        processes.append(subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=log,
                                          stderr=log))
    if any(process.wait() for process in processes):
        raise SystemExit(f"{name} failed, see {work / name}_*.log")
    metrics = read_json(folder / "metrics.json")
    return {"seconds": time.monotonic() - began, "stages": metrics["stages"],
            "training_seconds": metrics["seconds"]["stages"],
            "weights": load_file(folder / "student" / "weights.safetensors")}


def main(argv) -> None:
    """Runs both and compares."""
    del argv
    work = pathlib.Path(FLAGS.work).resolve()
    write_job(work)
    run(work, "teacher_run", 1, 32)  # Its teacher is shared; what else it makes is not used.
    one, two = run(work, "one", 1, 32), run(work, "two", 2, 16)
    difference = max(float(np.abs(one["weights"][name] - two["weights"][name]).max())
                     for name in one["weights"])
    scale = max(float(np.abs(array).max()) for array in one["weights"].values())
    write_record("engine/workers", {
        "what": "two processes on the loopback interface of one machine",
        "seconds": {"one": one["seconds"], "two": two["seconds"]},
        "training_seconds": {"one": one["training_seconds"], "two": two["training_seconds"]},
        "two_over_one": two["training_seconds"] / one["training_seconds"],
        "largest_weight": scale, "largest_difference_of_a_weight": difference,
        "best_epochs_equal": [a["best_epoch"] == b["best_epoch"]
                              for a, b in zip(one["stages"], two["stages"])],
        "dev_macro_f1": {"one": [stage["dev"]["macro_f1"] for stage in one["stages"]],
                         "two": [stage["dev"]["macro_f1"] for stage in two["stages"]]},
    })


if __name__ == "__main__":
    app.run(main)
