"""The parts of a kind of task's record."""

import dataclasses
import pkgutil
from typing import Any, Callable, Optional, Tuple


@dataclasses.dataclass(frozen=True)
class Lazy:
    """A callable that is imported when it is called.

    `tasks` is the lowest room: every other room may read a record. The record names the parts that
    live in higher rooms as strings, so no import goes upwards and reading it loads no TensorFlow.

    Attributes:
      target: "package.module:attribute".
    """

    target: str

    def load(self) -> Any:
        """Imports the callable."""
        return pkgutil.resolve_name(self.target)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Imports the callable and calls it."""
        return self.load()(*args, **kwargs)


_FOLDERS = "xtremedistil_tf.data.folders"


@dataclasses.dataclass(frozen=True)
class Transfer:
    """The transfer set of a kind of task.

    Attributes:
      files: files of the task folder that are the transfer set if none is named: the first that
        exists. One that holds a labelled split is read without its labels.
      open: (DataConfig, path, rows by split, list for warnings) -> (the rows, a
        `data.readers.rows.TextFile`; how they are split if they are running text, else None).
      count: (DataConfig, path) -> number of rows, quickly.
      pieces: (tokenizer, rows, DataConfig) -> iterator of (sequences of subword token ids, counts).
      realigned: (teacher's tokenizer, student's, rows, DataConfig, own_ids) -> iterator of
        (sequences, places, counts); see `data.tokenization.realign`.
    """

    files: Tuple[str, ...] = ("transfer.txt",)
    open: Callable[..., Any] = Lazy(f"{_FOLDERS}.transfer:open_transfer")
    count: Callable[..., int] = Lazy(f"{_FOLDERS}.transfer:count_lines")
    pieces: Callable[..., Any] = Lazy(f"{_FOLDERS}.task_features:text_pieces")
    realigned: Callable[..., Any] = Lazy(f"{_FOLDERS}.task_features:text_realigned")


@dataclasses.dataclass(frozen=True)
class CardWording:
    """Wording of a model card for a kind of task.

    Attributes:
      head: lines of the card's YAML head, from `pipeline_tag` on; ends inside the list of tags.
      intro: the model in a few words, as "A named-entity tagger".
      scored: sentence on the unit of scores and of support.
      cut: sentence on the treatment of text beyond seq_len.
      use: the section on use of the model.
      cut_words: the same treatment, in a warning about words of scored rows.
    """

    head: str
    intro: str
    scored: str
    cut: str
    use: str
    cut_words: str = "are not used"


@dataclasses.dataclass(frozen=True)
class Judging:
    """The parts of a kind of task that `evaluation` needs beyond its scores.

    Attributes:
      resampled: (gold, answers of each model, languages, label set) -> function from weights
        [samples, rows] to {measure: scores [samples, models]}, for the bootstrap.
      error_size: (gold, answer) -> size of a row's error; 0 if it is right.
      show_gold: (row) -> the gold labels, as text for people.
      show_answer: (row, answer) -> the prediction, as text for people.
      read_predictions: (path, rows, label set) -> (answers, probabilities or None), of a file.
      unit_right: (gold, answer) -> bool [units]: True for each right word, text or answer. None if
        predictions have no probabilities.
    """

    resampled: Callable[..., Any]
    error_size: Callable[..., float]
    show_gold: Callable[..., str]
    show_answer: Callable[..., str]
    read_predictions: Callable[..., Any]
    unit_right: Optional[Callable[..., Any]] = None

    @classmethod
    def of_module(cls, module: str, *, units: bool = True) -> "Judging":
        """Returns the parts of a module that has them all under these names.

        Args:
          module: name of the module.
          units: False if the module has no `unit_right`.
        """
        return cls(**{field.name: Lazy(f"{module}:{field.name}")
                      for field in dataclasses.fields(cls)
                      if units or field.name != "unit_right"})


@dataclasses.dataclass(frozen=True)
class Corpus:
    """The work of xtremedistil-prepare for a kind of task.

    Attributes:
      make: (sources, folder, `corpora.jobs.kinds.Asked`, not_read=, overwrite=) -> record.
      describe: (record) -> lines of text.
      check: (DataConfig, transfer_file=) -> problems.
      card: (DataConfig, transfer_file=, tokenizer=, seq_len=, licence=) -> contents of card.json.
    """

    make: Callable[..., Any]
    describe: Callable[..., str]
    check: Callable[..., Any]
    card: Callable[..., Any]


@dataclasses.dataclass(frozen=True)
class PageWording:
    """The page of xtremedistil-serve for a kind of task.

    Attributes:
      title: title of the page.
      button: text of the button.
      view: how results are shown: a function of `apps/web/page.js`.
      inputs: (key, label) of the one text.
      pair_inputs: (key, label) of both texts, of students that read two.
      warm_up: a text for the first call, which no visitor should wait for.
      examples: (language, text) of examples to try.
    """

    title: str
    button: str
    view: str
    inputs: Tuple[Tuple[str, str], ...] = (("text", "A text in any language"),)
    pair_inputs: Tuple[Tuple[str, str], ...] = (("text", "A text"), ("text_pair", "The other text"))
    warm_up: str = "Anna lacht."
    examples: Tuple[Tuple[str, str], ...] = ()

    def inputs_of(self, pairs: bool) -> Tuple[Tuple[str, str], ...]:
        """Returns the inputs of a student of single texts or of pairs."""
        return self.pair_inputs if pairs else self.inputs
