"""The scores of one seed on each stack of packages.

Commands, in a fresh clone for each Python:
  make demo PYTHON=python3.12
  .venv/bin/python benchmarks/stacks.py --run=runs/demo
Written to benchmarks/stacks/<python>.json; README's table holds all that are there.
"""

import pathlib
import platform

from absl import app, flags
from machine import write_record

from xtremedistil_tf.files.contents import read_json

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "Finished run folder, made by this Python.", required=True)


def main(_) -> None:
    """Records the scores of teacher and student."""
    metrics = read_json(pathlib.Path(FLAGS.run) / "metrics.json")
    scores = {f"{split}_{model}": metrics[model][split]["macro_f1"]
              for model in ("teacher", "student") for split in ("dev", "test")}
    name = ".".join(platform.python_version_tuple()[:2])
    write_record(f"stacks/{name}", {"seed": metrics["seed"], **scores,
                                    "languages": metrics["student"]["test"]["languages"]})


if __name__ == "__main__":
    app.run(main)
