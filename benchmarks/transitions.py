"""What trained transitions gain over constrained decoding (`--decoding=trained`).

Command:
  python benchmarks/transitions.py --run=RUN --data=FOLDER [--run=RUN --data=FOLDER ..]
Each run's ONNX student reads the sentences of its task folder, uncut. Dev is tagged with
transitions of the training sentences, and each dev sentence with those of the other dev sentences
(five-fold), by several decays. Test is tagged once, with the package's decay and transitions
fitted on all of dev. Written to benchmarks/transitions.json, which `make docs` shows in
docs/reference/results/studies.md.
"""

import functools
import pathlib
import timeit
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from absl import app, flags
from machine import write_record

import xtremedistil_tf
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.rows import read_ner
from xtremedistil_tf.data.tokenization.ragged import lengths_of
from xtremedistil_tf.inference.tagger import Tagger
from xtremedistil_tf.metrics.decoding import by_sentence, decode_words, log_softmax
from xtremedistil_tf.metrics.significance import interval
from xtremedistil_tf.metrics.tagging import score_tags
from xtremedistil_tf.metrics.uncertainty.resampling import resample
from xtremedistil_tf.metrics.words.transitions import fit_transitions, held_out_tags
from xtremedistil_tf.tasks import task_kind

FLAGS = flags.FLAGS
flags.DEFINE_multi_string("run", None, "Finished run folder of a tagger.", required=True)
flags.DEFINE_multi_string("data", None, "The task folder of each run.", required=True)

DECAYS = (0.05, 0.1, 0.2, 0.4, 0.8)
SAMPLES = 1000


class Split(NamedTuple):
    """A labelled file as a student read it: log-probabilities of all words' tags, and the rest."""

    scores: np.ndarray
    read: np.ndarray
    lengths: np.ndarray
    tags: List[List[str]]
    languages: List[str]

    def tagged(self, labels: LabelSet) -> List[List[str]]:
        """Tags as the label set decodes."""
        return [tags for tags, _ in by_sentence(*decode_words(
            self.scores, self.read, self.lengths, labels), self.lengths, labels)]

    def f1(self, predicted: Sequence[Sequence[str]]) -> float:
        """Macro-F1."""
        return score_tags(self.tags, predicted, self.languages)["macro_f1"]

    def chains(self, labels: LabelSet) -> Tuple[List[np.ndarray], List[np.ndarray]]:
        """Log-probabilities and gold tags of each sentence."""
        assert self.read.all(), "a word without subword tokens has no scores to be fitted on"
        return (np.split(self.scores, np.cumsum(self.lengths)[:-1]),
                [np.array(labels.encode(own)) for own in self.tags])


def read_split(tagger: Tagger, path: pathlib.Path, labels: LabelSet) -> Split:
    """Runs a student over a labelled file."""
    rows, _ = read_ner(path, labels)
    lengths = lengths_of([row.words for row in rows])
    pieces = tagger._pieces([word for row in rows for word in row.words])
    logits, read = tagger._word_logits(pieces, tagger._windows(pieces.starts[np.cumsum(lengths)]))
    return Split(log_softmax(logits[:, : len(labels.tags)]), read, lengths,
                 [list(row.tags) for row in rows], [row.language for row in rows])


def one_run(run: pathlib.Path, data: pathlib.Path) -> Dict[str, Any]:
    """Scores of a run's student both ways."""
    tagger = xtremedistil_tf.load(run, "onnx")
    labels = LabelSet(tagger.labels, "trained")
    train, dev, test = (read_split(tagger, data / f"{name}.tsv", labels)
                        for name in ("train", "dev", "test"))
    scores, gold = dev.chains(labels)
    table = fit_transitions(scores, gold, labels)
    seconds, answers = [], []
    for chosen in (labels, labels.adjusted({"transitions": table})):
        decode = functools.partial(decode_words, test.scores, test.read, test.lengths, chosen)
        seconds.append(min(timeit.repeat(decode, number=1, repeat=9)))
        answers.append(test.tagged(chosen))
    scored = task_kind(labels.kind).judging.resampled(
        test.tags, answers, test.languages, labels)
    drawn = resample(scored, test.languages, SAMPLES)["macro_f1"]
    return {
        "run": run.name, "languages": len(set(test.languages)), "dev_sentences": len(gold),
        "dev": {"constrained": dev.f1(dev.tagged(labels)),
                "of_dev": {str(decay): dev.f1(held_out_tags(scores, gold, labels, decay=decay))
                           for decay in DECAYS},
                "of_train": {str(decay): dev.f1(dev.tagged(labels.adjusted({
                    "transitions": fit_transitions(*train.chains(labels), labels, decay=decay)})))
                    for decay in DECAYS}},
        "test": {"constrained": test.f1(answers[0]), "trained": test.f1(answers[1]),
                 "gain_interval": interval(drawn[:, 1] - drawn[:, 0])},
        "decoding_words_per_second": {
            name: len(test.read) / own for name, own in zip(("constrained", "trained"), seconds)},
        "transitions": np.round(table, 3).tolist()}


def main(argv: Sequence[str]) -> None:
    """Scores every run and writes the record."""
    del argv
    write_record("transitions", {"runs": [
        one_run(pathlib.Path(run), pathlib.Path(data))
        for run, data in zip(FLAGS.run, FLAGS.data)]})


if __name__ == "__main__":
    app.run(main)
