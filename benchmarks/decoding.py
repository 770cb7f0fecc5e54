"""What constrained decoding gains: students' best valid tags against the best of each word.

Command:
  python benchmarks/decoding.py --runs=STUDY/runs/base/seed_1,STUDY/runs/base/seed_2
The runs' own test sentences are tagged, uncut; written to benchmarks/decoding.json, which `make
docs` shows in docs/reference/results/studies.md.
"""

import pathlib
from typing import Any, Dict

from absl import app, flags
from both_ways import run_both_ways
from machine import write_record

from xtremedistil_tf.data.readers.rows import read_ner
from xtremedistil_tf.inference.assets import load_assets, student_path

FLAGS = flags.FLAGS
flags.DEFINE_list("runs", None, "Finished run folders of taggers.", required=True)


def one_run(run: pathlib.Path) -> Dict[str, Any]:
    """Scores of a run's student both ways."""
    rows, _ = read_ner(run / "predictions" / "test.gold.tsv",
                       load_assets(student_path(run)).labels)
    return {"run": "/".join(run.parts[-2:]), "sentences": len(rows),
            **run_both_ways(run, rows, cut=False)}


def main(argv) -> None:
    """Tags with every run and writes the record."""
    del argv
    write_record("decoding", {"runs": [one_run(pathlib.Path(run)) for run in FLAGS.runs]})


if __name__ == "__main__":
    app.run(main)
