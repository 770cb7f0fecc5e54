"""What constrained decoding gains: students' best valid tags against the best of each word.

Command:
  python benchmarks/decoding.py --runs=STUDY/runs/base/seed_1,STUDY/runs/base/seed_2
The runs' own test sentences are tagged, uncut; written to benchmarks/decoding.json, which `make
docs` shows in docs/reference/results/studies.md.
"""

import dataclasses
import pathlib
import statistics
from typing import Any, Dict

from absl import app, flags
from machine import write_record

import xtremedistil_tf
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.rows import read_ner
from xtremedistil_tf.inference.assets import load_assets, student_path
from xtremedistil_tf.inference.tagger import Tagger
from xtremedistil_tf.metrics.tagging import score_tags

FLAGS = flags.FLAGS
flags.DEFINE_list("runs", None, "Finished run folders of taggers.", required=True)
WAYS = {"constrained": "constrained", "each word alone": "independent"}


def one_run(run: pathlib.Path) -> Dict[str, Any]:
    """Macro-F1 of a run's student both ways, and the share of sentences that are not valid."""
    assets = load_assets(student_path(run))
    logits = xtremedistil_tf.load(run, "keras").logits
    rows, _ = read_ner(run / "predictions" / "test.gold.tsv", assets.labels)
    found: Dict[str, Any] = {}
    for name, way in WAYS.items():
        labels = LabelSet(assets.labels.tags, way)
        tagger = Tagger(dataclasses.replace(assets, labels=labels), logits)
        tags = [list(own) for own, _ in tagger.tag_words([list(row.words) for row in rows])]
        scores = score_tags([row.tags for row in rows], tags, [row.language for row in rows])
        found[name] = {"macro_f1": scores["macro_f1"], "not_valid": statistics.fmean(
            labels.repair(own)[1] > 0 for own in tags)}
    return {"run": "/".join(run.parts[-2:]), "sentences": len(rows), **found}


def main(argv) -> None:
    """Tags with every run and writes the record."""
    del argv
    write_record("decoding", {"runs": [one_run(pathlib.Path(run)) for run in FLAGS.runs]})


if __name__ == "__main__":
    app.run(main)
