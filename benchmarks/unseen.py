"""F1 of entities with a word that neither the training set nor the transfer set holds.

Command:
  python benchmarks/unseen.py --run=RUN --task=DATA --transfer_file=FILE [--transfer_size=N]
RUN is a finished run of a tagger on DATA. Prints JSON: by split and model the macro-F1 over
languages of these entities, and their number.
"""

import json
import pathlib
from typing import Any, Dict, Iterable, List, Optional, Sequence, Set

from absl import app, flags
from seqeval.metrics.sequence_labeling import get_entities

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.metrics.prediction_files import read_predictions
from xtremedistil_tf.metrics.tagging import score_tags

FLAGS = flags.FLAGS


def entities_with(
    tags: Sequence[str], words: Sequence[str], known: Set[str]
) -> List[str]:
    """Returns the tags of a sentence without the entities whose words are all known."""
    kept = ["O"] * len(tags)
    for _, first, last in get_entities(list(tags)):
        if not known.issuperset(words[first : last + 1]):
            kept[first : last + 1] = tags[first : last + 1]
    return kept


def known_words(texts: Iterable[Any]) -> Set[str]:
    """Returns the words of training set and transfer set."""
    return {word for text in texts for word in text.words}


def unseen_scores(
    run: pathlib.Path, task: str, transfer_file: str, transfer_size: Optional[int] = None
) -> Dict[str, Dict[str, Dict[str, float]]]:
    """Scores the entities with an unseen word; see the command.

    Args:
      run: the run folder.
      task, transfer_file, transfer_size: the data of the run.
    """
    data = read_task(DataConfig(task, transfer_file, do_ner=True, transfer_size=transfer_size))
    assert data.transfer is not None, "the task was read with it"
    known = known_words(data.examples["train"]) | known_words(data.transfer)
    found: Dict[str, Dict[str, Dict[str, float]]] = {}
    for split in ("dev", "test"):
        rows: Dict[str, List[List[str]]] = {}
        for who in ("gold", "teacher", "student"):
            rows[who] = []
            languages = []
            for text, labels in read_predictions(run / "predictions" / f"{split}.{who}.tsv"):
                pairs = [label.split(":", 1) for label in labels.split(" ")]
                languages.append(pairs[0][0])
                rows[who].append(entities_with([tag for _, tag in pairs], text.split(" "), known))
        found[split] = {}
        for who in ("teacher", "student"):
            scores = score_tags(rows["gold"], rows[who], languages)
            found[split][who] = {
                "macro_f1": scores["macro_f1"],
                "entities": sum(one["support"] for one in scores["languages"].values())}
    return found


def main(argv: Sequence[str]) -> None:
    """Prints the scores of a run."""
    del argv
    print(json.dumps(unseen_scores(pathlib.Path(FLAGS.run), FLAGS.task, FLAGS.transfer_file,
                                   FLAGS.transfer_size), indent=1))


if __name__ == "__main__":
    flags.DEFINE_string("run", None, "Run folder.", required=True)
    flags.DEFINE_string("task", None, "Task folder.", required=True)
    flags.DEFINE_string("transfer_file", None, "Transfer file of the run.", required=True)
    flags.DEFINE_integer("transfer_size", None, "Transfer sentences of the run; by default all.")
    app.run(main)
