"""What constrained decoding gains: students' best valid tags against the best of each word.

Command:
  python benchmarks/decoding.py --runs=STUDY/runs/base/seed_1,STUDY/runs/base/seed_2
The runs' own test sentences are tagged, uncut; written to benchmarks/decoding.json, which `make
docs` shows in docs/studies.md.
"""

import pathlib
import statistics
from typing import Any, Dict, List

import numpy as np
from absl import app, flags
from machine import write_record

import xtremedistil_tf
from xtremedistil_tf.evaluation import decoding
from xtremedistil_tf.evaluation.predictions import read_predictions
from xtremedistil_tf.evaluation.tagging import score_tags

FLAGS = flags.FLAGS
flags.DEFINE_list("runs", None, "Finished run folders of taggers.", required=True)
WAYS = {"constrained": decoding.constrained_tags,
        "each word alone": lambda scores, labels: np.argmax(scores, axis=-1)}


def broken(tags: List[str]) -> bool:
    """Whether an I- stands behind no tag of its type."""
    return any(tag.startswith("I-") and before[2:] != tag[2:]
               for before, tag in zip(["O", *tags], tags))


def one_run(run: pathlib.Path) -> Dict[str, Any]:
    """Macro-F1 of a run's student both ways, and the share of sentences that differ."""
    tagger = xtremedistil_tf.load(run, "keras")
    rows = read_predictions(run / "predictions" / "test.gold.tsv")
    words = [text.split(" ") for text, _ in rows]
    gold = [[tag.partition(":")[2] for tag in tags.split(" ")] for _, tags in rows]
    languages = [tags.partition(":")[0] for _, tags in rows]
    found: Dict[str, Any] = {}
    for name, way in WAYS.items():
        decoding.constrained_tags = way
        tags = [list(own) for own, _ in tagger.tag_words(words)]
        found[name] = {"macro_f1": score_tags(gold, tags, languages)["macro_f1"],
                       "not_valid": statistics.fmean(map(broken, tags))}
    return {"run": "/".join(run.parts[-2:]), "sentences": len(rows), **found}


def main(argv) -> None:
    """Tags with every run and writes the record."""
    del argv
    write_record("decoding", {"runs": [one_run(pathlib.Path(run)) for run in FLAGS.runs]})


if __name__ == "__main__":
    app.run(main)
