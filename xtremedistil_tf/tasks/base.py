"""The record that describes a kind of task to the rest of the package."""

import dataclasses
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.tasks.parts import (
    CardWording,
    Corpus,
    Judging,
    Lazy,
    PageWording,
    Transfer,
)

__all__ = ["CardWording", "Corpus", "Judging", "Lazy", "PageWording", "TaskKind", "Transfer"]


def _nothing(*args: Any) -> Any:
    return {}


def _as_it_is(value: Any) -> Any:
    return value


def _no_text(*args: Any) -> str:
    return ""


def _no_lines(*args: Any) -> Tuple[str, ...]:
    return ()


_SCHEMES = "xtremedistil_tf.corpora.readers.schemes"
_AGREEMENT = "xtremedistil_tf.teachers.agreement"
_CLASS_SIGNATURES = "xtremedistil_tf.export.savedmodel.class_signatures"


@dataclasses.dataclass(frozen=True)
class TaskKind:
    """A kind of task, with all properties that the package needs.

    Attributes:
      kind: name, as in metrics.json and student.json.
      measures: dev scores that may choose epochs and stages; the first is the default. Higher must
        be better.
      scores: names for people of the scores of all rows, in the order of tables.
      card: wording of the model card.

      label_set: (names, decoding) -> label set, a `data.labels.Labels`.
      read_labels: (DataConfig, folder) -> label set of a task folder.
      read_rows: (path, label set, DataConfig) -> (rows, `ReadReport`) of a split. Rows have `tags`,
        `language`, and all that `features` and the text model's `predict` need.
      features: (tokenizer, rows, label set, DataConfig) -> `data.tokenization.alignment.Features`.
      predict: (forward, features, label set) -> one answer for each row.
      score: (gold, answers, languages, label names) -> scores from 0 to 100, and "languages":
        scores and support of each language.
      write: (folder, split, who, rows, answers): writes a file of predictions.
      write_gold: (folder, split, rows): writes the file to compare it with.
      showcase: (path of `predictions`) -> some predictions, as text for a terminal.
      text_model: (assets, logits, keep_whole) -> `inference.text_model.TextModel`, over a forward
        pass that takes ids.

      settings: settings of DataConfig that choose this kind; by default its `task_kind`.
      flag: flag of the commands that asks for it, "" for classification, which needs none.
      files, may_lack: labelled files by split, and the splits whose file may be missing.
      pairs: True if every row has two texts; else the run's settings decide.
      labels_loss: loss on gold labels, a name in `training.loss_table.LOSSES`.
      pooled: True if a sequence has one target, False if each token has one.
      competing: True if the softmax runs over positions (spans), False if over classes.
      classes: True if the outputs are classes with probabilities.
      activation: what makes probabilities of logits: "softmax", or "sigmoid" if each label is for
        itself.
      logits_losses: names of the losses that a run may have on the teacher's logits; None for all
        but those of labels that are each for itself. Losses of other packages are always allowed.
      own_losses: losses on the teacher's logits that this kind computes in another way: the name
        that a user gives, and the name in `LOSSES`.
      tags_words: True if each word has a tag.
      entities: True if neighbouring tags form entities.
      several: True if a text may have several labels, or none.
      windows: True if long contexts are cut into windows by a `SquadConfig`.
      empty_labels: True if a row without a label counts as labelled (a question without answer).
      binary_measures: the `measures` that need exactly two classes.
      spread: key of the standard deviation of the first measure over languages.
      language_score: key and name of the score of a language; by default the run's measure.
      in_paper: True if the paper's tables are about this kind.
      by_class: True if the report is by class, not by language only.
      class_word: word for one of "classes", for tables.
      predictions: name of the last predictions file of a finished run.
      formats: output formats of xtremedistil-predict, the default first.
      most_checked: maximum number of rows on which exports are compared; None for all.
      server_name: name of the model in TF Serving's configuration.
      no_text_reason: the reason if a SavedModel cannot take text.

      warn: (DataConfig, rows by split) -> warnings about the data.
      from_iob2: (tags) -> tags of the scheme, from those that xtremedistil-prepare reads: IOB2, or
        unchanged where tags form no entities.
      tags_of_types: (entity types or tags that occur) -> lines of labels.tsv.
      corpus: the parts of xtremedistil-prepare; None if it does not prepare this kind.
      calibrate: (forward, dev features, label set) -> entries of the student's record: temperature,
        calibration, thresholds, transitions; {} for none.
      transfer: its transfer set.
      unlabelled: (row, label set) -> the row with any labels, so that it can be tokenized.
      answered: (row, a model's answer) -> the row with the answer as its labels.
      packed: (answers) -> JSON values.
      unpacked: (JSON values) -> answers.
      details: (gold, answers, languages, label set) -> further final scores.
      section: (metrics) -> a section of the report, "" for none.
      count_right: (gold, answer) of a row -> (right, predicted, gold), for paired tests of
        significance; None if answers cannot be counted.
      text_signatures: (forms, assets, the tokenizer in a graph, keep_whole) -> (tf.Module, its
        signatures by name) of a SavedModel that takes text; None if there is none.
      ids_signatures: (forms, assets) -> the same of one that takes ids.
      page: wording of the page of xtremedistil-serve; None if it does not show this kind.
      judging: parts that `xtremedistil-evaluate` needs; without them it gives scores only.
      saved_model: (signatures, keep_whole, the student's record) -> `TextModel` over a SavedModel
        that takes text.
    """

    kind: str
    measures: Tuple[str, ...]
    scores: Mapping[str, str]
    card: CardWording

    label_set: Callable[..., Any]
    read_labels: Callable[..., Any]
    read_rows: Callable[..., Any]
    features: Callable[..., Any]
    predict: Callable[..., Any]
    score: Callable[..., Any]
    write: Callable[..., Any]
    write_gold: Callable[..., Any]
    showcase: Callable[..., str]
    text_model: Callable[..., Any]

    settings: Optional[Mapping[str, Any]] = None
    flag: str = ""
    files: Mapping[str, str] = dataclasses.field(default_factory=lambda: {
        "train": "train.tsv", "dev": "dev.tsv", "test": "test.tsv"})
    may_lack: Tuple[str, ...] = ()
    pairs: bool = False
    labels_loss: str = "cross_entropy"
    pooled: bool = True
    competing: bool = False
    classes: bool = True
    activation: str = "softmax"
    logits_losses: Optional[Tuple[str, ...]] = None
    own_losses: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags_words: bool = False
    entities: bool = False
    several: bool = False
    windows: bool = False
    empty_labels: bool = False
    binary_measures: Tuple[str, ...] = ()
    spread: Optional[str] = None
    language_score: Optional[Tuple[str, str]] = None
    in_paper: bool = False
    by_class: bool = False
    class_word: str = "class"
    predictions: str = "test.student.tsv"
    formats: Tuple[str, ...] = ("json", "tsv")
    most_checked: Optional[int] = None
    server_name: str = "classifier"
    no_text_reason: str = "this kind of task has no signature that takes text"

    warn: Callable[..., Any] = _no_lines
    from_iob2: Callable[..., Any] = Lazy(f"{_SCHEMES}:as_they_are")
    tags_of_types: Callable[..., Any] = sorted
    corpus: Optional[Corpus] = None
    calibrate: Callable[..., Any] = _nothing
    transfer: Transfer = Transfer()
    unlabelled: Callable[..., Any] = Lazy(f"{_AGREEMENT}:with_blank_labels")
    answered: Callable[..., Any] = Lazy(f"{_AGREEMENT}:with_labels")
    packed: Callable[..., Any] = _as_it_is
    unpacked: Callable[..., Any] = _as_it_is
    details: Callable[..., Any] = _nothing
    section: Callable[..., str] = _no_text
    count_right: Optional[Callable[..., Any]] = None
    text_signatures: Optional[Callable[..., Any]] = None
    ids_signatures: Callable[..., Any] = Lazy(f"{_CLASS_SIGNATURES}:ids_signatures")
    saved_model: Optional[Callable[..., Any]] = None
    page: Optional[PageWording] = None
    judging: Optional[Judging] = None

    @property
    def chosen_by(self) -> Mapping[str, Any]:
        """Settings of DataConfig that select this kind."""
        return {"do_ner": False, "task_kind": self.kind} if self.settings is None \
            else self.settings

    def types_of(self, labels: Sequence[str]) -> List[str]:
        """Returns the classes of labels: of tags the types, without the scheme's letters and O.

        Args:
          labels: labels of one row, or those of a label set.

        Example:
          >>> task_kind("bioes_tagging").types_of(["O", "S-LOC", "B-PER", "E-PER"])
          ['LOC', 'PER', 'PER']
        """
        if not self.tags_words:
            return list(labels)
        return [tag[2:] if self.entities else tag for tag in labels if tag != "O"]

    @property
    def transformers_class(self) -> str:
        """The ending of transformers' class names for this kind, behind the architecture."""
        if self.competing:
            return "ForQuestionAnswering"
        return "ForSequenceClassification" if self.pooled else "ForTokenClassification"

    def evaluate(self, forward: Any, features: Any, labels: Any) -> Mapping[str, Any]:
        """Predicts and scores labelled rows.

        Args:
          forward: a `models.inference.Forward`.
          features: the sequences.
          labels: the label set.
        """
        predicted = self.predict(forward, features, labels)
        return self.score(features.tags, predicted, features.row_languages, labels.tags)

    def score_fully(
        self, gold: Sequence[Any], answers: Sequence[Any], languages: Sequence[str], labels: Any
    ) -> Dict[str, Any]:
        """Returns the scores of answers with all details.

        Args:
          gold, answers, languages: of each row.
          labels: the label set.
        """
        return {**self.score(gold, answers, languages, labels.tags),
                **self.details(gold, answers, languages, labels)}

    def describe(self, scores: Mapping[str, Any]) -> str:
        """Formats the scores in one line, those of `measures` first."""
        names = sorted(self.scores, key=lambda name: name not in self.measures[:1])
        told = ", ".join(f"{self.scores[name]} {scores[name]:.2f}" for name in names
                         if name in scores)
        if self.spread is None or self.spread not in scores:
            return told
        return f"{told}, std {scores[self.spread]:.2f} over {len(scores['languages'])} languages"
