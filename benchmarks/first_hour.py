"""How long a newcomer waits: a fresh clone, then README's commands, timed.

Command:
  python benchmarks/first_hour.py --work=FOLDER [--python=python3.11]
Written to benchmarks/first_hour.json.
The minutes count from `git clone`; installing is in them, so they depend on the network and on
pip's cache.
"""

import pathlib
import subprocess
import sys
import time

from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from machine import ROOT, write_record

FLAGS = flags.FLAGS
flags.DEFINE_string("work", None, "A folder that does not exist yet, for the clone.", required=True)
flags.DEFINE_string("python", sys.executable, "The Python that make uses.")
TEXT = "Paul Bergmann arbeitet in Berlin."


def main(_) -> None:
    """Runs the commands one after another and notes when each has answered."""
    work, minutes, began = pathlib.Path(FLAGS.work).resolve(), {}, time.monotonic()

    def run(name: str, command: str, text: str = "") -> str:
        result = subprocess.run(command, shell=True, cwd=work if work.exists() else ROOT, text=True,
                                input=text, stdout=subprocess.PIPE, check=True)
        minutes[name] = (time.monotonic() - began) / 60
        return result.stdout

    run("cloned", f"git clone --quiet {ROOT} {work}")
    shown = run("demo", f"make demo PYTHON={FLAGS.python}")
    assert "SavedModel:" in shown, "the demo did not say where its export is"
    predict = ".venv/bin/xtremedistil-predict --format=json --model_dir=runs/demo"
    for name, options in (("own sentence", ""), ("exported", "/onnx --runtime=onnx_int8")):
        assert "Bergmann" in run(name, predict + options, TEXT + "\n")
    write_record("first_hour", {"minutes": minutes})


if __name__ == "__main__":
    app.run(main)
