"""How sure a student is, and what a cascade of it and its teacher is worth, on a test set.

Command, for a run of tags or of texts:
  python benchmarks/cascade.py --run=RUN --data=DATA --work=FOLDER [--teacher=TEACHER]
    [--name=NAME] [--note=NOTE]
RUN is a finished run, TEACHER its teacher (RUN/teacher by default), DATA a task folder. Scores both
with xtremedistil-evaluate; the evaluation stays in FOLDER and is not made twice, so each run needs
a FOLDER of its own. Filled is the part NAME (by default DATA's name) in benchmarks/cascade.json;
other parts stay. The student's temperature was fitted on dev by the run. WikiAnn, and SST-2 with
a run of benchmarks/classification.py (WORK is its --work):
  python benchmarks/cascade.py --run=RUN --data=DATA/wikiann8 --work=EVALUATION/wikiann8
  python benchmarks/classification.py --sets=sst2 --labels=500 --seeds=1 --ways=full --work=WORK ...
  python benchmarks/cascade.py --run=WORK/sst2-500-1/bilstm-full --data=DATA/sst2 \
    --teacher=WORK/sst2-500-1/teacher/teacher --work=EVALUATION/sst2
"""

import json
import pathlib
import subprocess
import sys
from typing import Any, Dict, List, Mapping, Sequence

from absl import app, flags
from machine import ROOT, machine

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json, write_json

RECORD = ROOT / "benchmarks" / "cascade.json"

FLAGS = flags.FLAGS


def with_returned(points: Sequence[Mapping[str, float]]) -> List[Dict[str, Any]]:
    """Adds to each point of a cascade what it gives back of the student's loss.

    Args:
      points: `share` and `score`, from the student alone to the teacher alone.

    Returns:
      The points with `returned`, from 0 to 1; None if the teacher is no better than the student.
    """
    first = points[0]["score"]
    lost = points[-1]["score"] - first
    return [{**point, "returned": (point["score"] - first) / lost if lost > 0 else None}
            for point in points]


def part_of(evaluation: Mapping[str, Any], metrics: Mapping[str, Any], name: str) -> Dict[str, Any]:
    """What the record keeps of a run.

    Args:
      evaluation: evaluation.json of the student and its teacher.
      metrics: the run's metrics.json.
      name: name of the data.

    Raises:
      UserError: for kinds of task whose answers have no probabilities.
    """
    fitted = metrics["student"].get("fitted_on_dev") or {}
    if "cascade" not in evaluation or "calibration" not in fitted:
        raise UserError(f"a student of {evaluation['kind']} has no calibrated probabilities; "
                        "needed is a run of tags or of texts with labels on dev")
    return {
        "data": f"{name}, test", "rows": evaluation["data"]["rows"],
        "kind": evaluation["kind"], "measure": evaluation["measure"],
        "parameters": {who: metrics[who]["parameters"] for who in ("student", "teacher")},
        "temperature": fitted["temperature"],
        "calibration_dev": {side: fitted["calibration"][side] for side in ("before", "after")},
        "calibration_test": {who: model["calibration"]["error"] for who, model in zip(
            ("student", "teacher"), evaluation["models"])},
        "cascade": with_returned(evaluation["cascade"])}


def main(_: Any) -> None:
    """Scores both models and writes the record."""
    run, work = pathlib.Path(FLAGS.run), pathlib.Path(FLAGS.work).resolve()
    teacher = pathlib.Path(FLAGS.teacher or run / "teacher")
    name = FLAGS.name or pathlib.Path(FLAGS.data).name
    if not (work / "evaluation.json").is_file():
        subprocess.run([sys.executable, "-m", "xtremedistil_tf.cli.evaluate",
                        f"--model_dir={run.resolve()},{teacher.resolve()}", f"--output={work}",
                        f"--data={pathlib.Path(FLAGS.data).resolve()}"], cwd=ROOT, check=True)
    part = {"note": FLAGS.note, "machine": machine(),
            **part_of(read_json(work / "evaluation.json"), read_json(run / "metrics.json"), name)}
    before = read_json(RECORD) if RECORD.is_file() else {}
    write_json(RECORD, {**before, name: part})
    print(json.dumps(part, indent=1))


if __name__ == "__main__":
    for option, what in (("run", "Folder of a run."), ("data", "Task folder."),
                         ("work", "Where the evaluation goes, or lies.")):
        flags.DEFINE_string(option, None, what, required=True)
    flags.DEFINE_string("teacher", None, "Folder of its teacher.")
    flags.DEFINE_string("name", None, "Name of the part in the record; by default that of --data.")
    flags.DEFINE_string("note", "", "What a reader must know, e.g. how the student was trained.")
    app.run(main)
