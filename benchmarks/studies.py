"""Keeps the tables and plots of finished studies beside this file, with what they were made with.

Commands (docs/how-to/compare_strategies.md has those of every table):
  xtremedistil-study --study=strategies --flagfile=FLAGS --task=DATA --model_dir=STUDY --seeds=1,2,3
  python benchmarks/studies.py --study=STUDY [--suffix=--E5]
Each table in STUDY (or --tables) goes to benchmarks/studies/<table>/ as table.md, table.csv,
plot.png and record.json: the flags that all its runs share, seeds, the commit that was run, the
machine. With another teacher the same table goes under a name with --suffix. `make docs` then shows
the tables in docs/reference/results/studies.md.
"""

import json
import pathlib
import re
import shutil

from absl import app, flags
from machine import ROOT, machine, without_place

from xtremedistil_tf.files.contents import read_json

RESULTS = ROOT / "benchmarks" / "studies"

FLAGS = flags.FLAGS
flags.DEFINE_string("study", None, "Folder of xtremedistil-study.", required=True)
flags.DEFINE_list("tables", [], "Names of the tables that are kept; by default all of them.")
flags.DEFINE_string("commit", None, "Commit that was run, if it is not this one.")
flags.DEFINE_string("suffix", "", "Goes behind the tables' names.")
flags.DEFINE_string("note", "", "What a reader must know of the runs, e.g. what ran beside them.")


def record_of(table: pathlib.Path, study: pathlib.Path) -> dict:
    """What the runs of a table were made with."""
    seeds = re.search(r"seeds: ([\d, ]+)\.", table.read_text("utf-8"))
    return {"flags": [without_place(line) for line in read_json(study / "study.json")["flags"]],
            "seeds": [int(seed) for seed in seeds.group(1).split(",")] if seeds else [],
            "note": FLAGS.note}


def main(argv) -> None:
    """Copies tables of the study."""
    del argv
    study, here = pathlib.Path(FLAGS.study), machine()
    here["commit"] = FLAGS.commit or here["commit"]
    for table in sorted(study.glob("*/table.md")):
        if FLAGS.tables and table.parent.name not in FLAGS.tables:
            continue
        target = RESULTS / f"{table.parent.name}{FLAGS.suffix}"
        target.mkdir(parents=True, exist_ok=True)
        for name in ("table.md", "table.csv", "plot.png"):
            shutil.copy(table.parent / name, target / name)
        record = {"machine": here, **record_of(table, study)}
        (target / "record.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        print(target)


if __name__ == "__main__":
    app.run(main)
