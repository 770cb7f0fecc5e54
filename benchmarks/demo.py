"""Keeps the record of a demo beside this file: metrics, report and plots, and its teacher's time.

Commands:
  make demo
  python benchmarks/demo.py [--run=runs/demo] [--note=NOTE]
Written to benchmarks/demo/; `make docs` shows it in README.
"""

import pathlib
import shutil

from absl import app, flags
from machine import ROOT, write_record

from xtremedistil_tf.files.contents import read_json

FLAGS = flags.FLAGS


def main(_) -> None:
    """Copies the run, and records its teacher and the machine."""
    run, target = pathlib.Path(FLAGS.run), ROOT / "benchmarks" / "demo"
    shutil.rmtree(target)
    target.mkdir()
    for name in ("metrics.json", "report.md"):
        shutil.copy(run / name, target / name)
    shutil.copytree(run / "plots", target / "plots")
    teacher = pathlib.Path(f"{FLAGS.run}_teacher") / "teacher" / "teacher.json"
    write_record("demo/teacher", {"note": FLAGS.note, **{
        name: read_json(teacher)[name] for name in ("seconds", "epochs", "dev")}})


if __name__ == "__main__":
    flags.DEFINE_string("run", "runs/demo", "Folder of the demo's run.")
    flags.DEFINE_string("note", "", "What a reader must know, e.g. what ran beside it.")
    app.run(main)
