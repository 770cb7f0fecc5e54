"""Kills runs at random moments of every part of the job and starts them again.

Command:
  python benchmarks/engine/kills.py --work=FOLDER [--kills=32] [--at_once=2]
A small job on the sample data is run once undisturbed; then it is run again and again, killed with
SIGKILL at a random moment after a part of the job began, and started again with the same command.
All must end with the weights (bit by bit) and the scores of the undisturbed run. Written to
benchmarks/engine/kills.json.
"""

import concurrent.futures
import os
import pathlib
import random
import shutil
import signal
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
flags.DEFINE_integer("kills", 32, "Runs that are killed.")
flags.DEFINE_integer("at_once", 2, "Runs at a time.")
flags.DEFINE_integer("seed", 0, "Of the moments.")

# A part of the job begins when this file is there.
PARTS = {
    "start": ".lock",
    "fine-tuning": "teacher_training",
    "tokenising": "teacher/teacher.json",
    "targets": "targets/pieces/pieces.json",
    "representation": "targets/dev/shard-00000/shard.json",
    "logits, frozen below": "stages/01_representation/done.json",
    "logits, all": "stages/04_logits_bilstm/done.json",
    "labels": "stages/05_logits_word_embedding/done.json",
    "evaluation and export": "stages/09_labels_word_embedding/done.json",
}


def run(arguments: list, log: pathlib.Path) -> subprocess.Popen:
    """Starts a command with its output in a file."""
    with open(log, "ab") as file:
        return subprocess.Popen(arguments, cwd=ROOT, stdout=file, stderr=file)


def outcome(folder: pathlib.Path) -> dict:
    """What a run ended with: weights, scores, predictions; nothing that depends on the clock."""
    metrics = read_json(folder / "metrics.json")
    stages = [{key: value for key, value in stage.items() if key != "seconds"}
              for stage in metrics["stages"]]
    return {
        "weights": load_file(folder / "student" / "weights.safetensors"),
        "teacher": load_file(folder / "teacher" / "model.safetensors"),
        "scores": [metrics["teacher"], metrics["student"], stages],
        "predictions": (folder / "predictions" / "test.student.tsv").read_bytes(),
    }


def equal(one: dict, other: dict) -> bool:
    """Whether two runs ended alike, weights bit by bit."""
    arrays = all(
        one[name].keys() == other[name].keys()
        and all(np.array_equal(one[name][key], other[name][key]) for key in one[name])
        for name in ("weights", "teacher")
    )
    same = [one[name] == other[name] for name in ("scores", "predictions")]
    return arrays and all(same)


def kill_once(work: pathlib.Path, number: int, part: str, delay: float, expected: dict) -> dict:
    """Runs, kills a while after a part began, runs again, compares."""
    folder, log = work / f"killed_{number}", work / f"killed_{number}.log"
    shutil.rmtree(folder, ignore_errors=True)
    log.unlink(missing_ok=True)
    process = run(command(work, folder), log)
    while process.poll() is None and not (folder / PARTS[part]).exists():
        time.sleep(0.01)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
    killed = process.wait() == -signal.SIGKILL
    finished_before = (folder / "metrics.json").exists()
    status = run(command(work, folder), log).wait()
    alike = status == 0 and equal(outcome(folder), expected)
    left = [str(path) for path in folder.rglob(".tmp-*")]
    shutil.rmtree(folder)
    return {"part": part, "seconds_after_its_start": round(delay, 2), "killed": killed,
            "finished_before": finished_before, "exit_code": status, "alike": alike,
            "left_over": left}


def main(argv) -> None:
    """Runs the study."""
    del argv
    work = pathlib.Path(FLAGS.work).resolve()
    write_job(work)
    whole = work / "whole"
    shutil.rmtree(whole, ignore_errors=True)
    process = run(command(work, whole), work / "whole.log")
    seen = {}
    while process.poll() is None:
        for part, marker in PARTS.items():
            if part not in seen and (whole / marker).exists():
                seen[part] = time.monotonic()
        time.sleep(0.01)
    if process.returncode:
        raise SystemExit(f"the undisturbed run failed, see {work / 'whole.log'}")
    ends = [*list(seen.values())[1:], time.monotonic()]
    lengths = {part: end - start for (part, start), end in zip(seen.items(), ends)}
    expected, generator = outcome(whole), random.Random(FLAGS.seed)
    # Every part in turn; the moment within it at random.
    parts = [list(seen)[number % len(seen)] for number in range(FLAGS.kills)]
    delays = [generator.uniform(0, lengths[part]) for part in parts]
    with concurrent.futures.ThreadPoolExecutor(FLAGS.at_once) as pool:
        futures = [pool.submit(kill_once, work, number, part, delay, expected)
                   for number, (part, delay) in enumerate(zip(parts, delays))]
        runs = []
        for future in concurrent.futures.as_completed(futures):
            runs.append(future.result())
            print(f"{len(runs)}/{FLAGS.kills}: {runs[-1]}", flush=True)
    write_record("engine/kills", {
        "undisturbed_seconds": {part: round(length, 2) for part, length in lengths.items()},
        "killed": sum(found["killed"] for found in runs),
        "alike": sum(found["alike"] for found in runs),
        "runs": sorted(runs, key=lambda found: list(PARTS).index(found["part"])),
    })
    if not all(found["alike"] for found in runs):
        raise SystemExit("some runs ended otherwise")


if __name__ == "__main__":
    app.run(main)
