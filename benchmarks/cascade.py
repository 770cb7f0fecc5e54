"""How sure a student is, and what a cascade of it and its teacher is worth, on a test set.

Command:
  python benchmarks/cascade.py --run=RUN --data=DATA --work=FOLDER [--teacher=TEACHER] [--note=NOTE]
RUN is a finished run, TEACHER its teacher (RUN/teacher by default), DATA a task folder. Scores both
with xtremedistil-evaluate; the evaluation stays in FOLDER and is not made twice. Filled is the part
of DATA's name in benchmarks/cascade.json; other parts stay. The student's temperature was fitted on
dev by the run.
"""

import json
import pathlib
import subprocess
import sys
from typing import Any

from absl import app, flags
from machine import ROOT, machine

from xtremedistil_tf.runs import read_json, write_json

RECORD = ROOT / "benchmarks" / "cascade.json"

FLAGS = flags.FLAGS


def main(_: Any) -> None:
    """Scores both models and writes the record."""
    run, work = pathlib.Path(FLAGS.run), pathlib.Path(FLAGS.work).resolve()
    teacher = pathlib.Path(FLAGS.teacher or run / "teacher")
    if not (work / "evaluation.json").is_file():
        subprocess.run([sys.executable, "-m", "xtremedistil_tf.cli.evaluate",
                        f"--model_dir={run.resolve()},{teacher.resolve()}", f"--output={work}",
                        f"--data={pathlib.Path(FLAGS.data).resolve()}"], cwd=ROOT, check=True)
    found = read_json(work / "evaluation.json")
    fitted = read_json(run / "metrics.json")["student"]["fitted_on_dev"]
    points = found["cascade"]
    lost = points[-1]["score"] - points[0]["score"]
    part = {
        "note": FLAGS.note, "machine": machine(), "data": found["data"]["name"],
        "rows": found["data"]["rows"], "measure": found["measure"],
        "temperature": fitted["temperature"],
        "calibration_dev": {name: fitted["calibration"][name] for name in ("before", "after")},
        "calibration_test": {who: model["calibration"]["error"] for who, model in zip(
            ("student", "teacher"), found["models"])},
        "cascade": [{**point, "returned": (point["score"] - points[0]["score"]) / lost}
                    for point in points]}
    before = read_json(RECORD) if RECORD.is_file() else {}
    write_json(RECORD, {**before, pathlib.Path(FLAGS.data).name: part})
    print(json.dumps(part, indent=1))


if __name__ == "__main__":
    for name, what in (("run", "Folder of a run."), ("data", "Task folder."),
                       ("work", "Where the evaluation goes, or lies.")):
        flags.DEFINE_string(name, None, what, required=True)
    flags.DEFINE_string("teacher", None, "Folder of its teacher.")
    flags.DEFINE_string("note", "", "What a reader must know, e.g. how the student was trained.")
    app.run(main)
