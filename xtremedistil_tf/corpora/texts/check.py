"""Checks a task folder of texts, pairs or numbers; reports all problems with file and line."""

import collections
import pathlib
from typing import Any, Counter, Dict, List, Optional, Tuple

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.corpora.problems import Problem, ProblemFile
from xtremedistil_tf.corpora.suspicious import suspicious_text
from xtremedistil_tf.corpora.texts.columns import HEADER
from xtremedistil_tf.data.labels import ClassSet, read_labels
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example
from xtremedistil_tf.data.readers.texts import NO_GOLD, parse_pair_line, parse_several, parse_text
from xtremedistil_tf.data.several_labels import listed_labels, split_at_hash
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind

# A class with fewer training texts is hardly learnt.
_FEW = 5
_MOST_WORDS = 400


class _Seen:
    """Texts and labels of the splits read so far."""

    def __init__(self) -> None:
        self.lines: Dict[str, Dict[str, Tuple[int, Tuple[str, ...]]]] = {}
        self.labels: Dict[str, Counter[str]] = {}

    def compare(self, file: ProblemFile, split: str, number: int, row: Example) -> None:
        """Notes duplicates, contradictory labels, and texts that leak between splits."""
        key = row.text.casefold()
        own = self.lines.setdefault(split, {})
        if key in own:
            line, labels = own[key]
            if labels == row.tags:
                file.warn(number, "duplicate", f"the same text and label as line {line}")
            else:
                file.warn(number, "conflict", f"the same text as line {line}, there with "
                          f"{', '.join(labels)!r}, here with {', '.join(row.tags)!r}")
        else:
            own[key] = number, row.tags
            for other, lines in self.lines.items():
                if other != split and key in lines:
                    file.warn(number, f"leak_{other}",
                              f"stands in {other}.tsv too, line {lines[key][0]}")
        self.labels.setdefault(split, collections.Counter()).update(row.tags)


def _labels(folder: pathlib.Path, config: DataConfig, problems: List[Problem]) -> Any:
    """The labels of labels.tsv; None without the file, or if it is unusable."""
    path = folder / "labels.tsv"
    kind = task_kind(config.kind)
    if not kind.classes:
        return kind.label_set((), "") if not path.is_file() else kind.read_labels(config, folder)
    if not path.is_file():
        return None
    try:
        return read_labels(path, kind=config.kind)
    except UserError as error:
        ProblemFile(path, problems).error(0, "labels", str(error))
        return None


def _first_row(file: ProblemFile, text: str) -> bool:
    """Notes a header; True if there is one."""
    cells = [cell.strip().lower() for cell in text.split("\t")]
    if len(cells) > 1 and all(cell in HEADER for cell in cells):
        file.error(1, "header", f"looks like a header ({text!r:.60}), which these files do not "
                   "have")
        return True
    return False


def _check_split(folder: pathlib.Path, split: str, config: DataConfig, labels: Any, seen: _Seen,
                 problems: List[Problem]) -> None:
    file = ProblemFile(folder / config.files[split], problems)
    parse = parse_several if task_kind(config.kind).several else parse_text
    languages: Counter[str] = collections.Counter()
    for number, text in file.lines():
        if isinstance(text, RowError):
            file.error(number, *text.problems[0])
            continue
        if number == 1 and _first_row(file, text):
            continue
        for kind, told in suspicious_text(" ".join(text.split("\t")[:-1])):
            file.warn(number, kind, told)
        try:
            row, _ = parse(text, labels, pairs=config.pairs)
        except RowError as error:
            for problem in error.problems:
                # Rows without a gold label are left out by the run too.
                (file.warn if problem[0] == "no_gold" else file.error)(number, *problem)
            continue
        if NO_GOLD in row.tags:
            file.warn(number, "no_gold", f"the label is {NO_GOLD!r}, a mark for no gold label")
        if sum(map(len, row.texts)) > _MOST_WORDS:
            file.warn(number, "long_row", f"{sum(map(len, row.texts))} words; texts are cut at "
                      "seq_len")
        languages[row.language] += 1
        seen.compare(file, split, number, row)
    bare = languages[DEFAULT_LANGUAGE]
    if bare and len(languages) > 1:
        file.warn(0, "no_language", f"{bare:,} rows name no language, but other rows do")


def _check_classes(folder: pathlib.Path, config: DataConfig, labels: Any, seen: _Seen,
                   problems: List[Problem]) -> None:
    """Compares the classes of the splits with each other and with labels.tsv."""
    train = seen.labels.get("train", collections.Counter())
    paths = {split: folder / name for split, name in config.files.items()}
    if labels is None:
        for label in listed_labels(train):
            problems.append(Problem(
                paths["train"], 0, "several_labels", f"the label {label!r} looks like several "
                f"labels ({', '.join(split_at_hash(label))})", True))
    for label in labels.tags if labels is not None else ():
        if not train[label]:
            problems.append(Problem(folder / "labels.tsv", 0, "unused_label",
                                    f"label {label!r} stands nowhere in train.tsv"))
    for label, count in train.items():
        if count < _FEW:
            problems.append(Problem(paths["train"], 0, "rare_class",
                                    f"label {label!r} has {count} training texts"))
        if label != label.casefold() and label.casefold() in train:
            problems.append(Problem(paths["train"], 0, "label_case",
                                    f"labels {label!r} and {label.casefold()!r} differ by case "
                                    "only"))
    for split in ("dev", "test"):
        own = seen.labels.get(split, collections.Counter())
        for label in sorted(set(own) - set(train)):
            problems.append(Problem(paths[split], 0, "new_class", f"label {label!r} is not in "
                                    "train.tsv", labels is None))
        missing = sorted(set(train) - set(own))
        if own and missing:
            problems.append(Problem(paths[split], 0, "missing_class",
                                    f"no text with {', '.join(missing[:10])}"))


def _check_transfer(path: pathlib.Path, config: DataConfig, seen: _Seen,
                    problems: List[Problem]) -> None:
    if not path.is_file():
        problems.append(Problem(path, 0, "no_transfer", "there is none; "
                                "--transfer_file=train.tsv takes the training texts"))
        return
    file = ProblemFile(path, problems)
    first: Dict[str, int] = {}
    for number, text in file.lines():
        if isinstance(text, RowError):
            file.error(number, *text.problems[0])
            continue
        if config.pairs:
            try:
                row = parse_pair_line(text)
            except RowError as error:
                file.error(number, *error.problems[0])
                continue
            assert row is not None, "empty lines are not yielded"
            key = row.text.casefold()
        else:
            key = " ".join(text.replace("\t", " ").split()).casefold()
        if key in first:
            file.warn(number, "duplicate", f"the same text as line {first[key]}")
        first.setdefault(key, number)
        for split in ("dev", "test"):
            if key in seen.lines.get(split, {}):
                file.warn(number, f"leak_{split}", f"stands in {split}.tsv too, line "
                          f"{seen.lines[split][key][0]}; scores on {split} may be too good")


def check_texts(
    folder: pathlib.Path, config: DataConfig, *, transfer_file: str = "transfer.txt"
) -> List[Problem]:
    """Finds all problems of a task folder of texts, pairs or numbers.

    Args:
      folder: the task folder.
      config: settings that read it.
      transfer_file: its unlabelled text; may be missing.

    Returns:
      The problems, by file and line.

    Raises:
      UserError: if the folder does not exist.
    """
    folder = pathlib.Path(folder)
    problems: List[Problem] = []
    labels: Optional[ClassSet] = _labels(folder, config, problems)
    seen = _Seen()
    for split in config.files:
        _check_split(folder, split, config, labels, seen, problems)
    if task_kind(config.kind).classes:
        _check_classes(folder, config, labels, seen, problems)
    _check_transfer(folder / transfer_file, config, seen, problems)
    order = {name: place for place, name in enumerate(("labels.tsv", *config.files.values()))}
    return sorted(problems, key=lambda found: (order.get(found.path.name, 9), found.line))
