"""Preparation for each kind of task: make a folder, check it, describe it."""

import dataclasses
import itertools
import pathlib
import re
from typing import Any, Dict, List, Optional, Sequence

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.corpora.card import write_card
from xtremedistil_tf.corpora.check import check_task
from xtremedistil_tf.corpora.convert import RECORD_FILE, convert
from xtremedistil_tf.corpora.problems import Problem
from xtremedistil_tf.corpora.source_rows import ConvertOptions
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.columns import Wanted
from xtremedistil_tf.corpora.texts.make import MakeOptions, make_texts
from xtremedistil_tf.corpora.texts.rows import TextsOptions
from xtremedistil_tf.corpora.texts.tables.opening import open_lines
from xtremedistil_tf.data.lines import read_lines
from xtremedistil_tf.data.readers.recognise import is_tag
from xtremedistil_tf.data.readers.rows import split_prefix
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.tasks import TASKS, task_kind

_SAMPLE = 200
# Columns of CoNLL-U. Some corpora of two or three columns have its ending, too.
_CONLLU = 10


@dataclasses.dataclass(frozen=True)
class Asked(ConvertOptions):
    """The user's wishes for a conversion: the settings of `convert`, and those of texts.

    Attributes:
      wanted: columns of labelled texts.
      header: "yes", "no" or "auto": whether tables of texts have a header.
      whole_labels: True if a label such as "Arts, Film" is one class.
    """

    wanted: Wanted = Wanted()
    header: str = "auto"
    whole_labels: bool = False

    @property
    def texts(self) -> MakeOptions:
        """The settings of a conversion of texts."""
        kind = task_kind(self.kind)
        read = TextsOptions(
            self.wanted, self.read.encoding, self.header, self.read.language, self.languages,
            numbers=not kind.classes, several=kind.several, whole_labels=self.whole_labels,
            on_bad_row=self.on_bad_row, normalize=self.normalize)
        return MakeOptions(read, self.kind, self.shares, self.seed, self.keep_leaks)


def is_conllu(source: Source) -> bool:
    """True for a CoNLL-U file, by its name and the ten columns of its first word."""
    if re.search(r"\.conllu(\.(gz|bz2|xz))?$", source.name) is None:
        return False
    try:
        first = next((line for line in open_lines(source, "latin-1")
                      if line.strip() and not line.startswith("#")), None)
    except UserError:
        return True  # Told when it is read.
    return first is None or first.count("\t") == _CONLLU - 1


def make_tagged(sources: Sequence[Source], output: pathlib.Path, asked: Asked, **more: Any
                ) -> Dict[str, Any]:
    """Writes a folder of tagged sentences; see `convert`."""
    read = asked.read
    if read.tag_column is None and not task_kind(asked.kind).entities and any(
            map(is_conllu, sources)):
        read = dataclasses.replace(read, word_column="2", tag_column="4")  # FORM and UPOS.
    return convert(sources, output, dataclasses.replace(asked, read=read), **more)


def make_labelled(sources: Sequence[Source], output: pathlib.Path, asked: Asked, **more: Any
                  ) -> Dict[str, Any]:
    """Writes a folder of labelled texts; see `make_texts`."""
    return make_texts(sources, output, asked.texts, **more)


def make_questions(sources: Sequence[Source], output: pathlib.Path, asked: Asked, **more: Any
                   ) -> Dict[str, Any]:
    """Writes a folder of questions; see `make_answers`."""
    from xtremedistil_tf.corpora.texts.answers import make_answers

    return make_answers(sources, output, asked.texts, **more)


def check_tagged(config: DataConfig, *, transfer_file: str) -> List[Problem]:
    """Checks a folder of tagged sentences; see `check_task`."""
    return check_task(pathlib.Path(config.task), transfer_file=transfer_file, kind=config.kind)


def check_labelled(config: DataConfig, *, transfer_file: str) -> List[Problem]:
    """Checks a folder of labelled texts; see `check_texts`."""
    from xtremedistil_tf.corpora.texts.check import check_texts

    return check_texts(pathlib.Path(config.task), config, transfer_file=transfer_file)


def check_questions(config: DataConfig, *, transfer_file: str) -> List[Problem]:
    """Checks a folder of questions: each file is read, and the first problem is told."""
    kind, problems = task_kind(config.kind), []
    folder = pathlib.Path(config.task)
    for path in (folder / transfer_file, folder / kind.transfer.files[0]):
        if path.is_file():
            try:
                kind.transfer.count(config, path)
            except UserError as error:
                problems.append(Problem(path, 0, "questions", str(error), True))
            break
    for split, name in config.files.items():
        path = pathlib.Path(config.task) / name
        if split in config.may_lack and not path.is_file():
            continue
        try:
            kind.read_rows(path, kind.read_labels(config, path.parent), config)
        except UserError as error:
            problems.append(Problem(path, 0, "questions", str(error), True))
    return problems


def write_tagged_card(config: DataConfig, **more: Any) -> Dict[str, Any]:
    """Writes the data card of tagged sentences; see `write_card`."""
    return write_card(pathlib.Path(config.task), kind=config.kind, **more)


def _rows(path: pathlib.Path) -> List[List[str]]:
    lines = (text for _, text in read_lines(path) if isinstance(text, str) and text.strip())
    return [line.split("\t") for line in itertools.islice(lines, _SAMPLE)]


def _tags(row: Sequence[str]) -> Optional[List[str]]:
    """The tags of a row that has as many as words, else None."""
    tags = [split_prefix(tag)[1] for tag in row[-1].split()]
    return tags if len(row) == 2 and len(tags) == len(row[0].split()) else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _tagging_kind(tags: Sequence[str]) -> str:
    """The kind of task of tags: IOB2 or wrong tags, BIOES, or tags without a scheme."""
    schemed = sum(map(is_tag, tags))
    if schemed < 0.5 * len(tags):
        return "word_tagging"
    return "bioes_tagging" if any(tag.startswith(("E-", "S-")) for tag in tags) else "tagging"


def config_of_folder(folder: pathlib.Path, kind: Optional[str] = None) -> DataConfig:
    """Returns the settings that read a task folder.

    Args:
      folder: the folder.
      kind: name of the kind of task; None takes it from conversion.json, or else from the rows.

    Raises:
      UserError: if the folder does not exist.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    record: Dict[str, Any] = read_json(folder / RECORD_FILE) \
        if (folder / RECORD_FILE).is_file() else {}
    path = folder / "train.tsv"
    rows = _rows(path) if path.is_file() else []
    kind = kind or record.get("kind") or _kind_of_rows(folder, rows)
    widths = sorted(len(row) for row in rows)
    pairs = bool(record.get("pairs")) or bool(widths) and widths[len(widths) // 2] == 3
    found = task_kind(kind)
    return DataConfig.of_kind(kind, str(folder),
                              do_pairwise=pairs and found.pooled and not found.pairs)


def _kind_of_rows(folder: pathlib.Path, rows: Sequence[Sequence[str]]) -> str:
    for name, kind in TASKS.items():
        if (folder / kind.files["train"]).is_file() and kind.files["train"] != "train.tsv":
            return name
    tagged = [tags for tags in map(_tags, rows) if tags]
    if not rows or len(tagged) >= 0.5 * len(rows) and any(len(tags) > 1 for tags in tagged):
        return _tagging_kind([tag for tags in tagged for tag in tags]) if tagged else "tagging"
    if not (folder / "labels.tsv").is_file() and all(
            _is_number(row[-1]) for row in rows) and any("." in row[-1] for row in rows):
        return "regression"
    return "classification"
